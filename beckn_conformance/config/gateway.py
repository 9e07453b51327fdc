"""The declarations of a vendor about a gateway (the ICS), read from YAML and options."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ..errors import UsageError, nearest
from ..specification.loading import shipped
from ..specification.pointer import pattern_of
from ..specification.specification import Specification
from ..untrusted import reading
from ..untrusted.patterns import Pattern, PatternError
from ..untrusted.text import brief
from ..untrusted.yaml_text import Node
from . import credentials, declared
from .paths import path_of
from .proxies import proxies_of, secrets_of, without_user
from .time_zones import zone
from .tls import tls_context
from .urls import check_url, is_url

OPTIONS = ("timeout", "patience", "concurrency", "rate")
"""Keys that an option of their own can override."""

FRAMING = ("content-length", "transfer-encoding")
"""Header fields that tell a server where a request ends."""

SIGNUP_TOKEN = "signup"
"""Sent at signup where no token was agreed (H2)."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that is known and accepted until a day."""

    requirement: str
    reason: str
    owner: str
    expires: datetime.date
    pointer: str | None = None
    kind: str = "gateway-defect"


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """What holds for one gateway; the defaults are those of a gateway that declares nothing. Times in seconds."""

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
    company_id: str | None = None
    settle: float = 2.0
    timeout: float = 10.0
    patience: float = 30.0
    concurrency: int = 24
    rate: float | None = None
    hostile: str = "all"
    """Whether malformed, hostile and oversized requests are sent: ``all`` or ``none``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Mapping[str, Any] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    """The HTTP proxy before each URL that is not reached directly, with user and password where it needs them."""
    verification_hook: str | None = None
    registrations: tuple[tuple[str, str], ...] = ()
    peers: tuple[str, ...] = ()
    """Base URLs of other gateways of the Region of Policy Coverage (X1)."""
    clone_within: float | None = None
    policy_update_frequency: float | None = None
    waivers: tuple[Waiver, ...] = ()
    mask: tuple[str, ...] = ()
    """What is masked besides secrets: ``documents``, ``personal``."""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """The configuration as written, before env:NAME was looked up, for the report."""

    @property
    def proxy(self) -> str | None:
        """The HTTP proxy before the gateway."""
        return self.proxies.get(self.url)

    @property
    def shown(self) -> dict[str, Any]:
        """What was declared, with every secret that was written out replaced."""
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
        """SHA-256 of what was declared, secrets replaced, so that nothing can be learned of them by trying."""
        return hashlib.sha256(json.dumps(self.shown, sort_keys=True, default=str).encode()).hexdigest()

    def to_json(self, mask: Callable[[str], str]) -> dict[str, Any]:
        """Everything that judging depends on, for the record of a run; ``mask`` gives the mask of a secret."""
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
        """What ``to_json`` wrote; nothing is looked up in the environment. Raises KeyError, TypeError or ValueError."""
        if values["company_id"] is not None:
            Pattern(values["company_id"])
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

    def status_name(self, literal: str) -> str:
        """The gateway's word for a status of the page."""
        return self.status_names.get(literal, literal)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value of the configuration that must not be seen in a report."""
        fields = [*self.headers.items(), *(("Token", token) for _, token in self.registrations)]
        fields.append(("Token", self.signup_token or ""))
        values = [secret for name, value in fields for secret in credentials.of_field(name, value)]
        values += credentials.of_hook(self.verification_hook or "")
        values += [secret for proxy in self.proxies.values() for secret in secrets_of(proxy)]
        return tuple(sorted({value for value in values if len(value) >= 4}, key=len, reverse=True))


def _hidden(value: object) -> str:
    """What a report shows of a secret: the name of its variable where it is kept in one."""
    return str(value) if str(value).startswith("env:") else credentials.HIDDEN


def load_config(
    url: str, file: Path | None, specification: Specification, overrides: Mapping[str, Any] | None = None
) -> GatewayConfig:
    """Reads a configuration file and lays options over it.

    Raises UsageError in one line: file, line and key, and the nearest known key.
    """
    schema = shipped().files["gateway-config.json"]
    properties = schema["properties"]
    for key, value in (overrides or {}).items():
        finite = not isinstance(value, float) or math.isfinite(value)
        if (
            value is not None
            and key in OPTIONS
            and not (finite and Draft202012Validator({**properties[key], "$defs": schema["$defs"]}).is_valid(value))
        ):
            raise UsageError(
                f"--gateway-{key} {value}: {properties[key].get('description', key)}; that is no such number"
            )
    node = declared.read(file) if file is not None else declared.NOTHING
    raw = {**node.value, **{key: value for key, value in (overrides or {}).items() if value is not None}}
    return from_mapping(url, raw, specification, where=str(file) if file else "configuration", node=node)


def from_mapping(
    url: str,
    raw: Mapping[str, Any],
    specification: Specification,
    *,
    where: str = "configuration",
    node: Node = declared.NOTHING,
) -> GatewayConfig:
    """Checks a configuration against ``gateway-config.json`` and makes it usable; ``node`` is what was read of it.

    Raises UsageError.
    """
    raw = declared.checked(raw, node, shipped().files["gateway-config.json"], where)

    for key, value in raw.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"{where}{declared.line(node, key)}: {key}: {value} is no number of seconds")

    def fail(key: str, text: str) -> UsageError:
        return UsageError(f"{where}{declared.line(node, key)}: {key}: {text}")

    def secret(key: str, value: str) -> str:
        found = value
        if value.startswith("env:"):
            found = os.environ.get(value[4:], "")
            if not found:
                raise fail(key, f"the environment has no variable {value[4:]}")
        if not found.isascii() or not found.isprintable():
            raise fail(key, "it has a character that no header field can hold")
        return found

    name = raw.get("timestamp_zone", "UTC")
    try:
        zone(name)
    except LookupError as error:
        raise fail("timestamp_zone", str(error)) from error
    pattern = raw.get("values", {}).get("company_id")
    if pattern is not None:
        try:
            Pattern(pattern).draw(random.Random(0))
        except PatternError as error:
            raise fail("values.company_id", f"{brief(repr(pattern))} cannot be used: {error}") from error
    known = {member.pointer for o in specification.operations for member in specification.members(o.action)}
    for pointer in raw.get("optional", ()):
        if pointer not in known:
            raise fail("optional", f"{pointer!r} is no member of a request{nearest(pointer, known)}")
    for key, other in (("peers", "clone_within"), ("clone_within", "peers")):
        if key in raw and other not in raw:
            raise fail(key, f"it takes {other} as well: which gateways are cloned to, and in how many seconds")
    try:
        # So that one file does for every gateway of a region, each may find itself in it.
        peers = tuple(p for p in dict.fromkeys(check_url(peer, "peers:") for peer in raw.get("peers", ())) if p != url)
    except UsageError as error:
        raise UsageError(f"{where}{declared.line(node, 'peers')}: {error}") from error
    if raw.get("peers") and not peers:
        raise fail("peers", f"there is none besides {url} itself")
    proxies: dict[str, str] = {}
    if "proxy" in raw:
        hook = raw.get("verification_hook", "")
        try:
            proxies = proxies_of(secret("proxy", raw["proxy"]), [url, *peers, *([hook] if is_url(hook) else [])])
        except UsageError as error:
            raise UsageError(f"{where}{declared.line(node, 'proxy')}: {error}") from error
    tls = dict(raw.get("tls", {}))
    for key in ("ca", "client_cert"):
        if key in tls:
            try:
                reading.content(path_of(tls[key]), most=declared.LARGEST)
            except UsageError as error:
                raise fail(f"tls.{key}", str(error)) from error
    if tls:
        try:
            tls_context(tls)
        except UsageError as error:
            key = str(error).partition(":")[0]
            raise fail(key, str(error).partition(": ")[2]) from error
    waivers = []
    for row in raw.get("waivers", ()):
        if row["requirement"] not in specification.requirements:
            raise fail(
                "waivers",
                f"there is no requirement {row['requirement']!r}"
                f"{nearest(row['requirement'], specification.requirements)}",
            )
        pointer = row.get("pointer")
        if pointer is not None and pattern_of(pointer) not in specification.places:
            hint = nearest(pointer, specification.places - {""})
            raise fail("waivers", f"{pointer!r} is no member of a request or a reply{hint}")
        waivers.append(
            Waiver(
                row["requirement"],
                row["reason"],
                row["owner"],
                datetime.date.fromisoformat(row["expires"]),
                pointer,
                row.get("class", "gateway-defect"),
            )
        )
    envelope = raw.get("envelope")
    plain = (
        "gateway binding method verification updates documents_echo status_names settle timeout patience "
        "concurrency rate hostile verification_hook clone_within policy_update_frequency"
    )
    for header in raw.get("headers", {}):
        if header.casefold() in FRAMING:
            raise fail(f"headers.{header}", "it says where a request ends, and is set for each request")
    return GatewayConfig(
        url=url,
        timestamp_zone=name,
        envelope=(envelope.get("header", "header"), envelope.get("body", "body")) if envelope else None,
        signup_token=secret("signup_token", raw["signup_token"]) if "signup_token" in raw else None,
        optional=tuple(raw.get("optional", ())),
        mask=tuple(raw.get("mask", ())),
        peers=peers,
        company_id=pattern,
        headers={key: secret(f"headers.{key}", value) for key, value in raw.get("headers", {}).items()},
        tls=tls,
        proxies=proxies,
        registrations=tuple((row["id"], secret("registrations", row["token"])) for row in raw.get("registrations", ())),
        waivers=tuple(waivers),
        declared=dict(raw),
        **{key: raw[key] for key in plain.split() if key in raw},
    )
