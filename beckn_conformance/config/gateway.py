"""Everything known of a gateway before a run: its URL and what its vendor declares (the ICS)."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..untrusted.patterns import Pattern
from . import credentials
from .proxies import secrets_of, without_user

SIGNUP_TOKEN = "signup"
"""Token of a signup if none was agreed (H2)."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Accepts a known finding until a day."""

    requirement: str
    reason: str
    owner: str
    expires: datetime.date
    pointer: str | None = None
    kind: str = "gateway-defect"


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """The configuration of one gateway. The defaults hold if nothing is declared. Times are in seconds."""

    url: str
    gateway: Mapping[str, str] = field(default_factory=dict)
    binding: str = "auto"
    envelope: tuple[str, str] | None = None
    method: str = "POST"
    signup_token: str | None = None
    timestamp_zone: str = "UTC"
    verification: str = "deferred"
    updates: str = "immediate"
    documents_echo: str = "full"
    status_names: Mapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """By JSON Pointer into a signup, the pattern of the values that are sent there (Q5, Q6, Q7, Q12)."""
    settle: float = 2.0
    timeout: float = 10.0
    patience: float = 30.0
    concurrency: int | None = None
    rate: float | None = None
    hostile: str = "all"
    """``all`` or ``none``: which malformed, hostile and oversized requests are sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Mapping[str, Any] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    """By base URL, the HTTP proxy in front of it, with user and password if it needs them."""
    verification_hook: str | None = None
    registrations: tuple[tuple[str, str], ...] = ()
    peers: tuple[str, ...] = ()
    """Base URLs of other gateways of the Region of Policy Coverage (X1)."""
    clone_within: float | None = None
    policy_update_frequency: float | None = None
    waivers: tuple[Waiver, ...] = ()
    mask: tuple[str, ...] = ()
    """Private data that is masked besides secrets: ``documents``, ``personal``."""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """The configuration as written, with env:NAME not looked up."""

    @property
    def proxy(self) -> str | None:
        """The HTTP proxy in front of the gateway."""
        return self.proxies.get(self.url)

    @property
    def verifies_by_itself(self) -> bool:
        """Whether the gateway verifies or approves without being called to; a hook only does on call."""
        return self.verification == "immediate" or self.updates == "deferred"

    @property
    def shown(self) -> dict[str, Any]:
        """The declarations without their secrets, for the report."""
        shown = dict(self.declared)
        if "signup_token" in shown:
            shown["signup_token"] = _hidden(shown["signup_token"])
        if "headers" in shown:
            shown["headers"] = {name: _hidden(value) for name, value in shown["headers"].items()}
        if "verification_hook" in shown:
            shown["verification_hook"] = credentials.shown_hook(shown["verification_hook"])
        if "proxy" in shown and not shown["proxy"].startswith("env:"):
            shown["proxy"] = without_user(shown["proxy"])
        if "registrations" in shown:
            shown["registrations"] = [{**row, "token": _hidden(row["token"])} for row in shown["registrations"]]
        return shown

    @property
    def digest(self) -> str:
        """SHA-256 of what was declared. Secrets are replaced first, so that they cannot be guessed from it."""
        return hashlib.sha256(json.dumps(self.shown, sort_keys=True, default=str).encode()).hexdigest()

    def to_json(self, mask: Callable[[str], str]) -> dict[str, Any]:
        """Everything that judging depends on, for the record of a run. ``mask`` returns the mask of a secret."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        token = self.signup_token
        values["signup_token"] = token if token in (None, SIGNUP_TOKEN) else mask(token)
        if self.verification_hook is not None:
            values["verification_hook"] = credentials.shown_hook(self.verification_hook)
        values["headers"] = {name: mask(value) for name, value in self.headers.items()}
        values["registrations"] = [[id_, mask(token)] for id_, token in self.registrations]
        values["proxies"] = {u: without_user(self.proxies[u]) for u in (self.url, *self.peers) if u in self.proxies}
        values["waivers"] = [{**asdict(waiver), "expires": waiver.expires.isoformat()} for waiver in self.waivers]
        values["declared"] = self.shown
        values.pop("tls")
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GatewayConfig:
        """Reads what ``to_json`` wrote, without the environment. Raises KeyError, TypeError or ValueError."""
        for text in values["values"].values():
            Pattern(text)
        waivers = [{**row, "expires": datetime.date.fromisoformat(row["expires"])} for row in values["waivers"]]
        return cls(
            **{
                **values,
                "envelope": tuple(values["envelope"]) if values["envelope"] else None,
                "optional": tuple(values["optional"]),
                "mask": tuple(values["mask"]),
                "peers": tuple(values.get("peers", ())),
                "registrations": tuple((id_, token) for id_, token in values["registrations"]),
                "waivers": tuple(Waiver(**row) for row in waivers),
            }
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that no report may show, longest first."""
        fields = [*self.headers.items(), *(("Token", token) for _, token in self.registrations)]
        fields.append(("Token", self.signup_token or ""))
        values = [secret for name, value in fields for secret in credentials.of_field(name, value)]
        values += credentials.of_hook(self.verification_hook or "")
        values += [secret for proxy in self.proxies.values() for secret in secrets_of(proxy)]
        return tuple(sorted({value for value in values if len(value) >= 4}, key=len, reverse=True))


def _hidden(value: object) -> str:
    """Replaces a secret, but for the name of an environment variable that holds it."""
    return str(value) if str(value).startswith("env:") else credentials.HIDDEN
