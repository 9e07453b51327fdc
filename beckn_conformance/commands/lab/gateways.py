"""Operations on gateways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...config.urls import check_url
from ...errors import UsageError
from ...run import embedded
from ...specification.loading import load
from . import declarations
from .accounts import Account
from .operations import Operations
from .refusals import Conflict, Invalid, NotFound
from .store import UNDER_WAY, Gateway, Run, new_id

LONGEST_NAME = 120
MOST = 200
"""Gateways that a vendor may have."""
TREND = 20
"""Runs that the trend of a gateway shows."""


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway as the list of them shows it."""

    gateway: Gateway
    latest: Run | None
    """The latest run that came to a verdict; if none did, the latest that has one at all."""
    under_way: Run | None
    certified: Run | None
    """The latest run that has a certificate."""
    trend: tuple[Run, ...]
    """The latest runs that have a verdict, oldest first."""


class Gateways(Operations):
    """Lists, adds, changes and removes gateways."""

    def list(self, account: Account, search: str = "") -> list[GatewayView]:
        """Lists the gateways of which each word of the search is in name, URL or owner, newest first."""
        words = search.casefold().split()
        return [
            self._view(gateway)
            for gateway in self.store.all(Gateway, -1, **self.visible_to(account))
            if all(word in f"{gateway.name} {gateway.url} {gateway.owner}".casefold() for word in words)
        ]

    def get(self, account: Account, id_: str) -> GatewayView:
        """Returns a gateway."""
        return self._view(self.visible(Gateway, account, id_))

    def with_badge(self, badge: str) -> GatewayView:
        """Returns the gateway whose badge has this address, for everybody who knows it. Raises NotFound."""
        for gateway in self.store.all(Gateway, badge=badge):
            return self._view(gateway)
        raise NotFound("there is no such gateway")

    def declaration(self, account: Account, id_: str) -> Mapping[str, Any]:
        """Returns what is declared about a gateway, secrets included: for the form, and for no page."""
        gateway = self.visible(Gateway, account, id_)
        try:
            return self.vault.open(gateway.declarations, gateway.id)
        except Conflict:
            # The key was lost. No run begins until it is declared again.
            return {}

    def add(self, account: Account, name: str, url: str, declared: Mapping[str, Any]) -> Gateway:
        """Adds a gateway. Raises Invalid with an error for each field."""
        if len(self.store.all(Gateway, MOST, owner=account.name)) >= MOST:
            raise Conflict(f"{account.name} has {MOST} gateways already; remove one first")
        id_ = new_id()
        columns = self._columns(account, id_, name, url, declarations.with_stored_secrets(declared, {}), {})
        gateway = Gateway(id_, account.name, **columns)
        self.store.add(gateway)
        return gateway

    def edit(
        self,
        account: Account,
        id_: str,
        name: str,
        url: str,
        declared: Mapping[str, Any],
        errors: Mapping[str, str] = {},
    ) -> Gateway:
        """Changes a gateway. Runs that are queued will use what was declared when they begin. ``errors`` are those that
        the form has found. Raises Invalid with an error for each field.

        Secrets that are written as ``HIDDEN`` stay, unless they would be sent to another host.
        """
        gateway, stored = self.visible(Gateway, account, id_), self.declaration(account, id_)
        errors = {**declarations.secrets_to_other_hosts(declared, stored, url, gateway.url), **errors}
        columns = self._columns(account, id_, name, url, declarations.with_stored_secrets(declared, stored), errors)
        with self.store.lock:
            if columns["url"] != gateway.url and self.store.all(Run, 1, gateway=id_, state=UNDER_WAY):
                raise Conflict("a run of this gateway is under way, so its URL cannot change now")
            self.store.change(Gateway, id_, **columns)
            return self.visible(Gateway, account, id_)

    def remove(self, account: Account, id_: str) -> None:
        """Removes a gateway with its runs and their reports. Raises Conflict if one is under way."""
        gateway = self.visible(Gateway, account, id_)
        runs = self.store.all(Run, gateway=id_)
        if any(run.under_way for run in runs):
            raise Conflict("a run of this gateway is under way; cancel it first")
        for run in runs:
            self.places.remove(run.id)
            self.store.remove(run)
        with self.store.lock:
            if self.store.all(Run, 1, gateway=id_):
                raise Conflict("a run of this gateway was started just now; cancel it first")
            self.store.remove(gateway)

    def _view(self, gateway: Gateway) -> GatewayView:
        # Judged traffic may be made up, and runs of another URL say nothing about this one.
        runs = self.store.all(Run, TREND, gateway=gateway.id, kind="live", url=gateway.url)
        judged = [run for run in runs if run.verdict]
        return GatewayView(
            gateway,
            next((run for run in judged if run.verdict != "incomplete"), judged[0] if judged else None),
            next((run for run in runs if run.under_way), None),
            next((run for run in runs if run.certified), None),
            tuple(reversed(judged)),
        )

    def _columns(
        self, account: Account, id_: str, name: str, url: str, declared: Mapping[str, Any], found: Mapping[str, str]
    ) -> dict[str, Any]:
        """Returns what is entered about a gateway as it is stored. Raises Invalid."""
        errors = dict(found)
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            errors["name"] = f"a name has 1 to {LONGEST_NAME} characters in one line"
        try:
            url = _checked(account, url)
        except UsageError as error:
            errors["url"] = str(error)
        # The declarations are examined even if the URL is wrong, so that all errors show at once.
        at = "https://gw.example" if "url" in errors or embedded.wanted(url) else url
        stranger, within = not account.officer, self.places.private
        errors |= declarations.check(at, declared, stranger=stranger, within=within)
        if errors:
            raise Invalid(errors)
        return {"name": name, "url": url, "declarations": self.vault.seal(declared, id_)}


def _checked(account: Account, url: str) -> str:
    """Returns a URL in its normal form. Raises UsageError."""
    if not embedded.wanted(url):
        return check_url(url, "the URL")
    if not account.officer:
        raise UsageError("only officers test the reference gateway")
    embedded.planted(url, load())
    return url
