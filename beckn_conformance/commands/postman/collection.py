"""Builds Postman collections (v2.1): requests with variables, and scripts that check the replies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...config.gateway import SIGNUP_TOKEN, GatewayConfig
from ...messages.binding import Binding, EnvelopeBinding, HttpBinding
from ...run.curl import LETTERS, SERIAL, TIMESTAMP
from ...specification.actions import UPDATE
from ...specification.replies import declared_statuses, statuses
from ...specification.specification import Specification
from ..spec.diff.inlining import inlined

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
EXPECTATIONS = Path(__file__).with_name("expectations.js")
"""The script that checks every reply."""
BASE = "baseUrl"
"""Variable for the base URL of the gateway."""
Item = dict[str, Any]
Headers = Sequence[tuple[str, str]]


def placeholder(name: str) -> str:
    """Returns the text that Postman replaces by the value of a variable."""
    return f"{{{{{name}}}}}"


def binding_of(config: GatewayConfig) -> HttpBinding | EnvelopeBinding:
    """Returns the declared binding; HTTP header fields if none is declared."""
    if config.binding == "envelope" or config.envelope:
        return EnvelopeBinding(*(config.envelope or ()))
    return HttpBinding()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of the reply to a call."""

    due: str | None
    """``ACK`` or ``NACK`` if the request surely deserves it."""
    blamed: Iterable[str] = ()
    """Members, with ``*`` for any index, of which a NACK says something."""
    hostile: str = ""
    """Purpose of a request that is judged less strictly."""
    about: str = ""
    """Registration that a request without a message is about."""
    takes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """For each variable that the reply sets, the two names that lead to its value, and whether it goes into JSON."""


class Collection:
    """Makes the requests of a collection for one gateway."""

    def __init__(self, specification: Specification, config: GatewayConfig, binding: Binding) -> None:
        self._specification = specification
        self._config = config
        self._binding = binding

    def item(self, name: str, action: str, request: Item, expectation: Expectation, before: Sequence[str] = ()) -> Item:
        """Returns a request, with a script before it that says what is expected of the reply."""
        expected = json.dumps(json.dumps(self._expected(action, expectation), ensure_ascii=False), ensure_ascii=False)
        script = [*before, f'pm.variables.set("expected", {expected});']
        return {"name": name, "event": [_event("prerequest", script)], "request": request}

    def request(self, method: str, path: str, headers: Headers, body: str, base: str = BASE) -> Item:
        """Returns a request in the form of Postman."""
        return {
            "method": method,
            "url": placeholder(base) + path,
            "header": [{"key": key, "value": value} for key, value in headers],
            "body": {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}},
        }

    def whole(self, name: str, items: Sequence[Item], variables: Mapping[str, str]) -> dict[str, Any]:
        """Returns the collection. Secrets of the configuration stay empty, to be filled in by the user."""
        return {
            "info": {"name": name, "schema": SCHEMA},
            "item": [*items],
            "event": [
                _event("prerequest", [_now(self._config.timestamp_zone)]),
                _event("test", EXPECTATIONS.read_text(encoding="utf-8").splitlines()),
            ],
            "variable": [{"key": key, "value": value} for key, value in variables.items()],
            "protocolProfileBehavior": {"disableBodyPruning": True, "followRedirects": False},
        }

    def _expected(self, action: str, expectation: Expectation) -> dict[str, Any]:
        """What the script reads, as JSON."""
        config, specification = self._config, self._specification
        words = declared_statuses(specification, config.status_names)
        texts = {member.pointer for member in specification.members(action) if member.type == "string"}
        schema = inlined(specification.files, f"{specification.operation(action).key}.ack.json")
        envelope = [self._binding.header, self._binding.body] if isinstance(self._binding, EnvelopeBinding) else None
        blamed = [{"member": member, "text": member in texts} for member in dict.fromkeys(expectation.blamed)]
        return {
            "action": action,
            "due": expectation.due,
            "blamed": blamed,
            "hostile": expectation.hostile,
            "about": expectation.about,
            "takes": expectation.takes,
            "envelope": envelope,
            "schema": _worded(schema, statuses(specification).pending, words.pending),
            "words": {"pending": words.pending, "failed": words.failed},
            "failure": words.failed if action == UPDATE and blamed else "",
            "places": [member.pointer for member in specification.members(action)],
            "redacted": config.documents_echo == "redacted",
            "immediate": config.verification == "immediate",
            "deferred": config.updates == "deferred",
            "moves": config.verifies_by_itself,
            "timeout": config.timeout,
        }


def new_serial() -> str:
    """Returns a line of script that sets new values, so that no company id and no word repeats."""
    letters = 'String(Date.now()).slice(-5).replace(/\\d/g, (digit) => "abcdefghij"[digit])'
    return (
        f'pm.collectionVariables.set("{SERIAL.name}", String(Date.now()).slice(-6));'
        f' pm.collectionVariables.set("{LETTERS.name}", {letters});'
    )


def signup_token(config: GatewayConfig) -> str:
    """Returns the token of a signup, or nothing if it is a secret."""
    return SIGNUP_TOKEN if config.signup_token in (None, SIGNUP_TOKEN) else ""


def _worded(schema: Any, literal: str | None, word: str | None) -> Any:
    """Puts the gateway's own word for a status into a schema (R5)."""
    if isinstance(schema, dict):
        return {key: _worded(value, literal, word) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_worded(item, literal, word) for item in schema]
    return word if schema == literal else schema


def _now(zone: str) -> str:
    """Sets the time as a call has it: the local time of a zone, without an offset (H1)."""
    return (
        f'pm.collectionVariables.set("{TIMESTAMP}", new Date().toLocaleString("sv-SE", '
        f'{{timeZone: {json.dumps(zone)}}}).replace(" ", "T"));'
    )


def _event(kind: str, lines: Sequence[str]) -> Mapping[str, Any]:
    return {"listen": kind, "script": {"type": "text/javascript", "exec": [*lines]}}
