"""Declarations of gateways in a laboratory: what is wrong with them, what is shown of them, and files for a run.

A declaration has the keys of ``schemas/gateway-config.json``, with certificates as PEM texts in place of files. Secrets
are write-only: ``shown`` replaces them, and ``kept`` puts the stored ones back in their places, unless ``carried``
complains. ``form`` edits one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ...config.credentials import HIDDEN
from ...config.faults import KeyFault
from ...config.keys import examined
from ...config.proxies import ENVIRONMENT
from ...config.urls import check_hook, is_url
from ...errors import UsageError
from ...specification.specification import Specification
from ...untrusted import reading

LARGEST: Final = 64 * 1024
"""Characters of a declaration as JSON."""
PEM: Final = "-----BEGIN "
CERTIFICATES: Final = ("ca", "client_cert")
"""Keys below ``tls`` that take a PEM text."""
SECRET: Final = ("signup_token", "proxy", "verification_hook", "tls.client_cert")
"""Keys with one secret value. The values of ``headers`` and the tokens of ``registrations`` are secret, too."""

Place = tuple[str | int, ...]


def shown(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a declaration with ``HIDDEN`` in place of its secrets."""
    return _with_secrets(stored, lambda path, value: HIDDEN)


def shown_again(declaration: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a declaration that was submitted without the secrets that are not stored yet."""
    known = kept(declaration, stored)
    return _with_secrets(known, lambda path, value: HIDDEN if value == _secret_at(stored, path) else "")


def kept(declaration: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a declaration with the stored secrets in place of those that are written as ``HIDDEN``."""
    return _with_secrets(declaration, lambda path, value: _secret_at(stored, path) or "" if value == HIDDEN else value)


def carried(declaration: Mapping[str, Any], stored: Mapping[str, Any], url: str, stored_url: str) -> dict[str, str]:
    """Returns an error for each secret that is written as ``HIDDEN`` and would be sent to another host than before.

    Otherwise whoever may change a gateway could have its secrets sent to himself.
    """
    whole = kept(declaration, stored)
    if _hosts(url, whole) <= _hosts(stored_url, stored):
        return {}
    return {
        _name(path, declaration): "it was stored for another host; enter it again, or remove it"
        for (path, value), (_, secret) in zip(_secrets(declaration), _secrets(whole), strict=True)
        if value == HIDDEN and secret
    }


def _hosts(url: str, declaration: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Scheme and host of everything that secrets are sent to."""
    peers = declaration.get("peers")
    called = [url, declaration.get("proxy"), *(peers if isinstance(peers, list) else ())]
    return {_host(one) for one in called if isinstance(one, str)}


def _host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(check_hook(url))
    except (UsageError, ValueError):
        # Half a character, which is refused elsewhere, raises the latter.
        return "", url
    return parts.scheme, parts.netloc


def check(
    url: str,
    declaration: Mapping[str, Any],
    specification: Specification,
    *,
    stranger: bool,
    within: Path | None = None,
) -> dict[str, str]:
    """Returns what is wrong with a declaration by the name of its field, as the command line says it.

    A ``stranger`` names nothing of this machine: no file, no command, no variable of the environment. Certificates are
    tried out in a temporary folder ``within`` another one.
    """
    if amiss := _too_odd(declaration):
        return {"": amiss}
    faults = [*_of_strangers(declaration)] if stranger else []
    # Nothing is looked up on this machine for a stranger who names it.
    with tempfile.TemporaryDirectory(dir=within) as folder:
        usable = _with_files(declaration, Path(folder))
        found = examined(url, usable, specification, here=not faults)[1]
        faults += [KeyFault(fault.path, fault.text.replace(f"{folder}{os.sep}", "")) for fault in found]
    errors: dict[str, str] = {}
    for fault in faults:
        errors.setdefault(_name(fault.path, declaration), fault.text)
    return errors


def _too_odd(declaration: Mapping[str, Any]) -> str:
    """Says why a declaration is not even looked at; empty if it is."""
    try:
        text = json.dumps(declaration, ensure_ascii=False)
        reading.json_value(text.encode(), numbers=False)
    except UnicodeEncodeError:
        return "it has half a character, which is no text"
    except (ValueError, RecursionError):
        return "it is nested too deeply"
    return f"it is longer than {LARGEST >> 10} KB" if len(text) > LARGEST else ""


def of_run(declaration: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the configuration of a run, and the texts of the files in its folder that it names.

    The names are relative, so that they are the same in the report of each run, wherever it is played.
    """
    tls = declaration.get("tls") or {}
    files = {f"{key}.pem": tls[key] for key in CERTIFICATES if _is_pem(tls.get(key))}
    named = {key: f"{key}.pem" for key in CERTIFICATES if f"{key}.pem" in files}
    return {**declaration, **({"tls": {**tls, **named}} if named else {})}, files


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _with_files(declaration: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The declaration with a file in ``folder`` for every PEM text."""
    tls = declaration.get("tls")
    if not isinstance(tls, dict):
        return dict(declaration)
    named = dict(tls)
    for key in CERTIFICATES:
        if _is_pem(tls.get(key)):
            path = folder / f"{key}.pem"
            _write(path, tls[key])
            named[key] = str(path)
    return {**declaration, "tls": named}


def _is_pem(value: object) -> bool:
    return isinstance(value, str) and PEM in value


# What a stranger may declare.


def _of_strangers(declaration: Mapping[str, Any]) -> Iterator[KeyFault]:
    for path, value in _secrets(declaration):
        if value.startswith("env:") or (path == ("proxy",) and value == ENVIRONMENT):
            yield KeyFault(path, "no variable of the laboratory's environment can be named; enter the value")
    hook = declaration.get("verification_hook")
    if isinstance(hook, str) and not is_url(hook):
        yield KeyFault(("verification_hook",), "a URL is needed, http:// or https://; the laboratory runs no command")
    tls = declaration.get("tls")
    for key in CERTIFICATES:
        if isinstance(tls, dict) and key in tls and not _is_pem(tls[key]):
            yield KeyFault(("tls", key), f"paste the text in PEM form, from {PEM}… to the end; no file can be named")


# Secrets.


def _secrets(declaration: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yields every secret value that is text, with its path."""
    found: list[tuple[Place, Any]] = [(tuple(name.split(".")), at(declaration, name)) for name in SECRET]
    headers, rows = declaration.get("headers"), declaration.get("registrations")
    found += [(("headers", name), value) for name, value in headers.items()] if isinstance(headers, dict) else []
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        found.append((("registrations", number, "token"), row.get("token") if isinstance(row, dict) else None))
    yield from ((path, value) for path, value in found if isinstance(value, str))


def _with_secrets(declaration: Mapping[str, Any], change: Callable[[Place, str], str]) -> dict[str, Any]:
    """Returns a copy with each secret changed. The path of a registration's token has its id in place of its index."""
    made: dict[str, Any] = json.loads(json.dumps(declaration))
    for path, value in _secrets(declaration):
        place: Any = made
        for part in path[:-1]:
            place = place[part]
        known = ("registrations", str(place.get("id")), "token") if path[0] == "registrations" else path
        place[path[-1]] = change(known, value)
    return made


def _secret_at(stored: Mapping[str, Any], path: Place) -> str | None:
    found: Any = stored.get(str(path[0]))
    if path[0] == "registrations":
        return next((row["token"] for row in found or () if row["id"] == path[1]), None)
    for part in path[1:]:
        found = (found or {}).get(part)
    return found if isinstance(found, str) else None


# Places.


def at(declaration: Mapping[str, Any], name: str) -> Any:
    """The value of a key such as ``tls.ca``; None if it is not declared."""
    found: Any = declaration
    for key in name.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _name(path: Place, declaration: Mapping[str, Any]) -> str:
    """The name of the field of the form for the path of a fault."""
    value = declaration.get(str(path[0])) if len(path) == 2 else None
    if path[:1] == ("headers",) and isinstance(value, dict) and path[1] in value:
        return f"headers.{[*value].index(path[1])}.value"
    if isinstance(value, list) and not isinstance(value[int(path[1])], dict):
        # Items of a list share a field.
        path = path[:1]
    return ".".join(map(str, path))
