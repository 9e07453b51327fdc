"""Declarations of gateways in a laboratory: what is wrong with them, what is shown of them, and files for a run.

A declaration has the keys of ``schemas/gateway-config.json``, with certificates as PEM texts in place of files. Secrets
are write-only: ``redacted`` replaces them, and ``with_stored_secrets`` puts the stored ones back in their places. None
goes to another host than before, which ``secrets_to_other_hosts`` sees to. ``form`` edits one.
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
from ...specification.loading import load
from ...untrusted import reading
from ..fleet.job import write_config

LARGEST: Final = 64 * 1024
"""Characters of a declaration as JSON."""
PEM: Final = "-----BEGIN "
CERTIFICATES: Final = ("ca", "client_cert")
"""Keys below ``tls`` that take a PEM text."""
SECRET: Final = ("signup_token", "proxy", "verification_hook", "tls.client_cert")
"""Keys with one secret value. The values of ``headers`` and the tokens of ``registrations`` are secret, too."""

Place = tuple[str | int, ...]


def redacted(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a declaration with ``HIDDEN`` in place of its secrets."""
    return _with_secrets(stored, lambda known, value: HIDDEN)


def redacted_entry(declaration: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a declaration that was submitted without the secrets that are not stored yet."""
    secrets = _values(stored)
    whole = with_stored_secrets(declaration, stored)
    return _with_secrets(whole, lambda known, value: HIDDEN if value == secrets.get(known) else "")


def with_stored_secrets(declaration: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a declaration with the stored secrets in place of those that are written as ``HIDDEN``."""
    secrets = _values(stored)
    return _with_secrets(declaration, lambda known, value: secrets.get(known, "") if value == HIDDEN else value)


def secrets_to_other_hosts(
    declaration: Mapping[str, Any], stored: Mapping[str, Any], url: str, stored_url: str
) -> dict[str, str]:
    """Returns an error for each secret that is written as ``HIDDEN`` and would be sent to another host than before.

    Otherwise whoever may change a gateway could have its secrets sent to himself.
    """
    if _hosts(url, with_stored_secrets(declaration, stored)) <= _hosts(stored_url, stored):
        return {}
    secrets = _values(stored)
    return {
        _name(path, declaration): "it was stored for another host; enter it again, or remove it"
        for path, known, holder in _secrets(declaration)
        if holder[path[-1]] == HIDDEN and secrets.get(known)
    }


def _hosts(url: str, declaration: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Scheme and host of everything that secrets are sent to, and as what: not each gets all of them."""
    peers, proxy = declaration.get("peers"), declaration.get("proxy")
    called = [("gateway", url), ("proxy", proxy)]
    called += [("peer", peer) for peer in (url, *(peers if isinstance(peers, list) else ()))]
    return {(part, *_host(one)) for part, one in called if isinstance(one, str)}


def _host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(check_hook(url))
    except (UsageError, ValueError):
        # Half a character, which is refused elsewhere, raises the latter.
        return "", url
    return parts.scheme, parts.netloc


def check(url: str, declaration: Mapping[str, Any], *, stranger: bool, within: Path | None = None) -> dict[str, str]:
    """Returns what is wrong with a declaration by the name of its field, as the command line says it.

    A ``stranger`` names nothing of this machine: no file, no command, no variable of the environment. Certificates are
    tried out in a temporary folder ``within`` another one.
    """
    if amiss := _malformed(declaration):
        return {"": amiss}
    faults = [*_forbidden_to_strangers(declaration)] if stranger else []
    # Nothing is looked up on this machine for a stranger who names it.
    with tempfile.TemporaryDirectory(dir=within) as folder:
        usable, files = for_run(declaration, f"{folder}{os.sep}")
        write_config({}, files, Path(folder))
        found = examined(url, usable, load(), here=not faults)[1]
        faults += [KeyFault(fault.path, fault.text.replace(f"{folder}{os.sep}", "")) for fault in found]
    errors: dict[str, str] = {}
    for fault in faults:
        errors.setdefault(_name(fault.path, declaration), fault.text)
    return errors


def _malformed(declaration: Mapping[str, Any]) -> str:
    """Says why a declaration is not even looked at; empty if it is."""
    try:
        text = json.dumps(declaration, ensure_ascii=False)
        reading.json_value(text.encode(), numbers=False)
    except UnicodeEncodeError:
        return "it has half a character, which is not text"
    except (ValueError, RecursionError):
        return "it is nested too deeply"
    return f"it is longer than {LARGEST >> 10} KB" if len(text) > LARGEST else ""


def for_run(declaration: Mapping[str, Any], folder: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the configuration of a run, and the texts of the files in its folder that it names.

    Without the ``folder`` the names are the same in the report of each run, wherever it is played.
    """
    texts = {key: text for key in CERTIFICATES if _is_pem(text := at(declaration, f"tls.{key}"))}
    tls = {"tls": {**declaration["tls"], **{key: f"{folder}{key}.pem" for key in texts}}} if texts else {}
    return {**declaration, **tls}, {f"{key}.pem": text for key, text in texts.items()}


def _is_pem(value: object) -> bool:
    return isinstance(value, str) and PEM in value


def _forbidden_to_strangers(declaration: Mapping[str, Any]) -> Iterator[KeyFault]:
    """Yields a fault for everything that only the command line may name."""
    for path, _, holder in _secrets(declaration):
        value = holder[path[-1]]
        if value.startswith("env:") or (path == ("proxy",) and value == ENVIRONMENT):
            yield KeyFault(path, "no variable of the laboratory's environment can be named; enter the value")
    hook = declaration.get("verification_hook")
    if isinstance(hook, str) and not is_url(hook):
        yield KeyFault(("verification_hook",), "a URL is needed, http:// or https://; the laboratory runs no command")
    for key in CERTIFICATES:
        if (value := at(declaration, f"tls.{key}")) is not None and not _is_pem(value):
            yield KeyFault(("tls", key), f"paste the text in PEM form, from {PEM}… to the end; no file can be named")


def _secrets(declaration: Mapping[str, Any]) -> Iterator[tuple[Place, Place, Any]]:
    """Yields every secret that is text: its path, the same with the id of a registration, and the object it is in."""
    headers, rows = declaration.get("headers"), declaration.get("registrations")
    found: list[tuple[Place, Place, Any]] = []
    for name in (*SECRET, *(f"headers.{name}" for name in (headers if isinstance(headers, dict) else ()))):
        group, _, key = name.partition(".")
        path: Place = (group, key) if key else (group,)
        found.append((path, path, declaration.get(group) if key else declaration))
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        id_ = str(row.get("id")) if isinstance(row, dict) else ""
        found.append((("registrations", number, "token"), ("registrations", id_, "token"), row))
    for path, known, holder in found:
        if isinstance(holder, dict) and isinstance(holder.get(path[-1]), str):
            yield path, known, holder


def _values(declaration: Mapping[str, Any]) -> dict[Place, str]:
    return {known: holder[path[-1]] for path, known, holder in _secrets(declaration)}


def _with_secrets(declaration: Mapping[str, Any], change: Callable[[Place, str], str]) -> dict[str, Any]:
    """Returns a copy with each secret changed."""
    made: dict[str, Any] = json.loads(json.dumps(declaration))
    for path, known, holder in _secrets(made):
        holder[path[-1]] = change(known, holder[path[-1]])
    return made


def at(declaration: Mapping[str, Any], name: str) -> Any:
    """Returns the value of a key such as ``tls.ca``; None if it is not declared."""
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
