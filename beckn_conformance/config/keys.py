"""Reads a gateway configuration from YAML and options, with one function per key that needs more than its schema."""

from __future__ import annotations

import contextlib
import datetime
import math
import os
import random
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from ..specification.loading import shipped
from ..specification.pointer import pattern_of
from ..specification.replies import places
from ..specification.specification import Specification
from ..untrusted import reading
from ..untrusted.patterns import Pattern, PatternError
from ..untrusted.text import brief
from ..untrusted.yaml_text import Node
from . import declared
from .faults import KeyFault
from .gateway import GatewayConfig, Waiver
from .paths import path_of
from .proxies import ENVIRONMENT, proxies_of
from .time_zones import zone
from .tls import tls_context
from .urls import check_hook, check_url, is_url

OPTIONS = ("timeout", "patience", "concurrency", "rate")
"""Keys with an option of the same name."""
FRAMING = ("content-length", "transfer-encoding")
"""Header fields that tell a server where a request ends."""


def load_config(
    url: str, file: Path | None, specification: Specification, overrides: Mapping[str, Any] | None = None
) -> GatewayConfig:
    """Reads a configuration file; ``overrides`` are the values of options, None if an option is not given.

    Raises UsageError, in one line with file, line, key and the nearest known key.
    """
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    for key in filter(given.__contains__, OPTIONS):
        _, faults = examined(url, {key: given[key]}, specification)
        if faults:
            raise UsageError(f"--gateway-{key}: {faults[0].text}")
    node = declared.read(file) if file is not None else declared.NOTHING
    where = str(file) if file else "configuration"
    return from_mapping(url, {**node.value, **given}, specification, where=where, node=node)


def from_mapping(
    url: str,
    raw: Mapping[str, Any],
    specification: Specification,
    *,
    where: str = "configuration",
    node: Node = declared.NOTHING,
    here: bool = True,
) -> GatewayConfig:
    """Checks a configuration against ``gateway-config.json`` and makes it usable; ``node`` has the lines of its keys.

    Without ``here`` it is for another machine, whose environment and files cannot be looked up. Raises UsageError.
    """
    config, faults = examined(url, raw, specification, node=node, here=here)
    if faults:
        raise declared.located(faults[0], where, node)
    return config


def examined(
    url: str, raw: Mapping[str, Any], specification: Specification, *, node: Node = declared.NOTHING, here: bool = True
) -> tuple[GatewayConfig, Sequence[KeyFault]]:
    """Returns a configuration like ``from_mapping``, without the keys that cannot be used, and their faults."""
    # Most runs declare nothing, and then the library that reads declarations need not be loaded.
    raw, found = declared.examined(raw, node, shipped().files["gateway-config.json"]) if raw else ({}, ())
    faults = [*found]
    for key, other in (("peers", "clone_within"), ("clone_within", "peers")):
        if key in raw and other not in raw:
            text = f"declare {other} as well: which gateways are cloned to, and in how many seconds"
            faults.append(KeyFault((key,), text))
    unsound = {fault.path[0] for fault in found if fault.path}
    declaration = Declaration(url, {k: v for k, v in raw.items() if k not in unsound}, specification, here)
    values: dict[str, Any] = {}
    for key, value in declaration.raw.items():
        read = READERS.get(key)
        try:
            if isinstance(value, float) and not math.isfinite(value):
                raise KeyFault((key,), f"{value} is not a finite number")
            values[ATTRIBUTES.get(key, key)] = read(value, declaration) if read else value
        except KeyFault as fault:
            faults.append(fault)
    return GatewayConfig(url=url, declared=raw, **values), faults


@dataclass(frozen=True, slots=True)
class Declaration:
    """A configuration that follows its schema, and what its keys are checked against."""

    url: str
    raw: Mapping[str, Any]
    specification: Specification
    here: bool
    """True if environment and files are those of this machine."""


def _secret(path: tuple[str | int, ...], value: str, declaration: Declaration) -> str:
    """A value that may stand in the environment."""
    found = value
    if value.startswith("env:") and declaration.here:
        found = os.environ.get(value[4:], "")
        if not found:
            raise KeyFault(path, f"the environment has no variable {value[4:]}")
    if not found.isascii() or not found.isprintable():
        raise KeyFault(path, "it has a character that no header field can hold")
    return found


def _envelope(names: Mapping[str, str], _: Declaration) -> tuple[str, str] | None:
    header, body = names.get("header", "header"), names.get("body", "body")
    if header == body:
        raise KeyFault(("envelope",), f"header and body cannot both be named {header!r}")
    return (header, body) if names else None


@contextlib.contextmanager
def _faults_of(*path: str | int) -> Iterator[None]:
    """Turns an error about a value into the fault of its key."""
    try:
        yield
    except (UsageError, LookupError, ValueError) as error:
        raise KeyFault(path, str(error)) from error


def _timestamp_zone(name: str, _: Declaration) -> str:
    with _faults_of("timestamp_zone"):
        zone(name)
    return name


def _optional(pointers: Sequence[str], declaration: Declaration) -> tuple[str, ...]:
    specification = declaration.specification
    known = {member.pointer for o in specification.operations for member in specification.members(o.action)}
    for number, pointer in enumerate(pointers):
        if pointer not in known:
            raise KeyFault(("optional", number), f"{pointer!r} is not a member of a request{nearest(pointer, known)}")
    return tuple(pointers)


def _values(patterns: Mapping[str, str], _: Declaration) -> Mapping[str, str]:
    for name, pattern in patterns.items():
        try:
            Pattern(pattern).draw(random.Random(0))
        except PatternError as error:
            raise KeyFault(("values", name), f"{brief(repr(pattern))} cannot be used: {error}") from error
    return {f"/{'api' if name == 'endpoint_url' else 'info'}/{name}": pattern for name, pattern in patterns.items()}


def _headers(fields: Mapping[str, str], declaration: Declaration) -> dict[str, str]:
    for name in fields:
        if name.casefold() in FRAMING:
            raise KeyFault(("headers", name), "it says where a request ends, and is set for each request")
    return {name: _secret(("headers", name), value, declaration) for name, value in fields.items()}


def _tls(tls: Mapping[str, Any], declaration: Declaration) -> Mapping[str, Any]:
    if not (tls and declaration.here):
        return dict(tls)
    for name in ("ca", "client_cert"):
        if name in tls:
            with _faults_of("tls", name):
                reading.content(path_of(tls[name]), most=declared.LARGEST)
    tls_context(tls)
    return dict(tls)


def _proxies(value: str, declaration: Declaration) -> dict[str, str]:
    if value.startswith(ENVIRONMENT) and not declaration.here:
        return {}
    hook = declaration.raw.get("verification_hook", "")
    peers = _peers(declaration.raw.get("peers", ()), declaration)
    proxy = _secret(("proxy",), value, declaration)
    with _faults_of("proxy"):
        return proxies_of(proxy, [declaration.url, *peers, *([hook] if is_url(hook) else [])])


def _verification_hook(hook: str, _: Declaration) -> str:
    with _faults_of("verification_hook"):
        if is_url(hook):
            check_hook(hook.replace("{id}", "0"))
        elif not shlex.split(hook):
            raise UsageError("it names no command")
    return hook


def _registrations(rows: Iterable[Mapping[str, str]], declaration: Declaration) -> tuple[tuple[str, str], ...]:
    return tuple(
        (row["id"], _secret(("registrations", number, "token"), row["token"], declaration))
        for number, row in enumerate(rows)
    )


def _peers(urls: Iterable[str], declaration: Declaration) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for number, url in enumerate(urls):
        with _faults_of("peers", number):
            found[check_url(url, "")] = None
    # One file does for every gateway of a region, so each may find itself in it.
    others = tuple(url for url in found if url != declaration.url)
    if found and not others:
        raise KeyFault(("peers",), f"there is none besides {declaration.url} itself")
    return others


def _waivers(rows: Iterable[Mapping[str, str]], declaration: Declaration) -> tuple[Waiver, ...]:
    specification = declaration.specification
    waivers = []
    for number, row in enumerate(rows):
        requirement, pointer = row["requirement"], row.get("pointer")
        if requirement not in specification.requirements:
            hint = nearest(requirement, specification.requirements)
            raise KeyFault(("waivers", number, "requirement"), f"there is no requirement {requirement!r}{hint}")
        if pointer is not None and pattern_of(pointer) not in places(specification):
            hint = nearest(pointer, places(specification) - {""})
            raise KeyFault(("waivers", number, "pointer"), f"{pointer!r} is not a member of a request or a reply{hint}")
        until = datetime.date.fromisoformat(row["expires"])
        kind = row.get("class", "gateway-defect")
        waivers.append(Waiver(requirement, row["reason"], row["owner"], until, pointer, kind))
    return tuple(waivers)


READERS: Mapping[str, Callable[[Any, Declaration], Any]] = {
    "envelope": _envelope,
    "signup_token": lambda value, declaration: _secret(("signup_token",), value, declaration),
    "timestamp_zone": _timestamp_zone,
    "optional": _optional,
    "values": _values,
    "headers": _headers,
    "tls": _tls,
    "proxy": _proxies,
    "verification_hook": _verification_hook,
    "registrations": _registrations,
    "peers": _peers,
    "mask": lambda names, _: tuple(names),
    "waivers": _waivers,
}
"""Checks the value of a key and makes it usable. A key without a reader is used as its schema lets it through."""
ATTRIBUTES = {"proxy": "proxies"}
"""Attributes of GatewayConfig that are not named like their key."""
