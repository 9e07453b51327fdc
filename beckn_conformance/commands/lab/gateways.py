"""Operations on gateways, each with its permission check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...config.urls import check_url
from ...errors import UsageError
from ...run import embedded
from ...specification.specification import Specification
from . import access, declarations
from .accounts import Account
from .places import Places
from .refusals import NO_GATEWAY, Conflict, Invalid, NotFound
from .store import UNDER_WAY, Gateway, Run, Store, new_id
from .vault import Vault

LONGEST_NAME = 120
MOST = 200
"""Gateways that a vendor may have."""
TREND = 20
"""Runs that the trend of a gateway shows."""


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway as the list of them shows it."""

    gateway: Gateway
    runs: tuple[Run, ...]
    """The latest runs of the suite at its URL, newest first."""

    @property
    def latest(self) -> Run | None:
        """The latest run that came to a verdict; if none did, the latest that has one at all."""
        judged = [run for run in self.runs if run.verdict]
        return next((run for run in judged if run.verdict != "incomplete"), judged[0] if judged else None)

    @property
    def under_way(self) -> Run | None:
        """The run that is queued or running."""
        return next((run for run in self.runs if run.under_way), None)

    @property
    def trend(self) -> tuple[Run, ...]:
        """The runs that have a verdict, oldest first."""
        return tuple(run for run in reversed(self.runs) if run.verdict)

    @property
    def certified(self) -> Run | None:
        """The latest run that has a certificate."""
        return next((run for run in self.runs if run.certified), None)


class Gateways:
    """The gateways of the laboratory. Vendors have their own, and officers may use all."""

    def __init__(self, store: Store, places: Places, specification: Specification, vault: Vault) -> None:
        self._store = store
        self._places = places
        self._specification = specification
        self._vault = vault

    def list(self, account: Account, search: str = "") -> list[GatewayView]:
        """Lists the gateways that an account may see, newest first.

        Each word of the search is in their name, URL or owner.
        """
        words = search.casefold().split()
        found = [
            gateway
            for gateway in self._store.all(Gateway, -1, **access.own(account))
            if all(word in f"{gateway.name} {gateway.url} {gateway.owner}".casefold() for word in words)
        ]
        return [self._view(gateway) for gateway in found]

    def get(self, account: Account, id_: str) -> GatewayView:
        """Returns a gateway. Raises NotFound, also for another vendor's."""
        return self._view(access.gateway(self._store, account, id_))

    def declaration(self, account: Account, id_: str) -> Mapping[str, Any]:
        """Returns what is declared about a gateway, secrets included: for the form, and for no page."""
        gateway = access.gateway(self._store, account, id_)
        try:
            return self._vault.open(gateway.declarations, gateway.id)
        except UsageError:
            # The key was lost. No run begins until it is declared again.
            return {}

    def add(
        self,
        account: Account,
        name: str,
        url: str,
        declaration: Mapping[str, Any],
        errors: Mapping[str, str] = {},
    ) -> Gateway:
        """Adds a gateway. ``errors`` are those that the form has found. Raises Invalid with an error for each field."""
        if len(self._store.all(Gateway, MOST, owner=account.name)) >= MOST:
            raise Conflict(f"{account.name} has {MOST} gateways already; remove one first")
        declaration = declarations.kept(declaration, {})
        name, url = self._checked(account, name, url, declaration, errors)
        id_ = new_id()
        gateway = Gateway(id_, account.name, name, url, self._vault.seal(declaration, id_))
        self._store.add(gateway)
        return gateway

    def edit(
        self,
        account: Account,
        id_: str,
        name: str,
        url: str,
        declaration: Mapping[str, Any],
        errors: Mapping[str, str] = {},
    ) -> Gateway:
        """Changes a gateway. Runs that are queued will use what was declared when they begin. Raises Invalid.

        Secrets that are written as ``HIDDEN`` stay, unless they would be sent to another host.
        """
        gateway = access.gateway(self._store, account, id_)
        stored = self.declaration(account, id_)
        errors = {**declarations.carried(declaration, stored, url, gateway.url), **errors}
        declaration = declarations.kept(declaration, stored)
        name, url = self._checked(account, name, url, declaration, errors)
        sealed = self._vault.seal(declaration, id_)
        with self._store.lock:
            if url != gateway.url and self._store.all(Run, 1, gateway=id_, state=UNDER_WAY):
                raise Conflict("a run of this gateway is under way, so its URL cannot change now")
            changed = self._store.change(Gateway, id_, name=name, url=url, declarations=sealed)
        if changed is None:
            raise NotFound(NO_GATEWAY)
        return changed

    def remove(self, account: Account, id_: str) -> None:
        """Removes a gateway with its runs and their reports. Raises Conflict if one is under way."""
        gateway = access.gateway(self._store, account, id_)
        runs = self._store.all(Run, gateway=id_)
        if any(run.under_way for run in runs):
            raise Conflict("a run of this gateway is under way; cancel it first")
        for run in runs:
            self._places.remove(run.id)
            self._store.remove(run)
        with self._store.lock:
            if self._store.all(Run, 1, gateway=id_):
                raise Conflict("a run of this gateway was started just now; cancel it first")
            self._store.remove(gateway)

    def with_badge(self, badge: str) -> GatewayView:
        """Returns the gateway whose badge has this address, for everybody who knows it. Raises NotFound."""
        found = self._store.all(Gateway, badge=badge)
        if not found:
            raise NotFound(NO_GATEWAY)
        return self._view(found[0])

    def _view(self, gateway: Gateway) -> GatewayView:
        # Judged traffic may be made up, and runs of another URL say nothing about this one.
        runs = self._store.all(Run, TREND, gateway=gateway.id, kind="live", url=gateway.url)
        return GatewayView(gateway, tuple(runs))

    def _checked(
        self, account: Account, name: str, url: str, declaration: Mapping[str, Any], found: Mapping[str, str]
    ) -> tuple[str, str]:
        """Returns name and URL in their normal form, or raises Invalid."""
        errors = dict(found)
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            errors["name"] = f"a name has 1 to {LONGEST_NAME} characters in one line"
        try:
            url = self._url(account, url)
        except UsageError as error:
            errors["url"] = str(error)
        # The declarations are examined even if the URL is wrong, so that all errors show at once.
        at = "https://gw.example" if "url" in errors or embedded.wanted(url) else url
        errors |= declarations.check(
            at, declaration, self._specification, stranger=not account.officer, within=self._places.private
        )
        if errors:
            raise Invalid(errors)
        return name, url

    def _url(self, account: Account, url: str) -> str:
        if embedded.wanted(url):
            if not account.officer:
                raise UsageError("only officers test the reference gateway")
            embedded.planted(url, self._specification)
            return url
        return check_url(url, "the URL")
