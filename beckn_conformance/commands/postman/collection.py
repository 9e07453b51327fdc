"""Builds Postman collections (v2.1): requests with variables, and scripts that check the replies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...config.gateway import SIGNUP_TOKEN, GatewayConfig
from ...messages.binding import EnvelopeBinding, HttpBinding
from ...messages.exchange import Message
from ...messages.faults import FaultCase, fault_cases
from ...messages.values import Values
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.pointer import parts_of
from ...specification.specification import Specification

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
SERIAL = "{{serial}}"
"""Six digits, new with each signup, so that no company id or e-mail address repeats."""
Item = dict[str, Any]
Headers = Sequence[tuple[str, str]]


def binding_of(config: GatewayConfig) -> HttpBinding | EnvelopeBinding:
    """Returns the declared binding; HTTP header fields if none is declared."""
    if config.binding == "envelope" or config.envelope:
        return EnvelopeBinding(*(config.envelope or ()))
    return HttpBinding()


def collection(name: str, config: GatewayConfig, items: Sequence[Item]) -> dict[str, Any]:
    """Returns a collection with its variables. Secrets of the configuration stay empty, to be filled in by the user."""
    secret = config.signup_token not in (None, SIGNUP_TOKEN)
    variables = {
        "baseUrl": config.url,
        "signupToken": "" if secret else SIGNUP_TOKEN,
        **{variable_of(field): "" for field in config.headers},
    }
    return {
        "info": {"name": name, "schema": SCHEMA},
        "item": [*items],
        "event": [_event("prerequest", _now(config.timestamp_zone))],
        "variable": [{"key": key, "value": value} for key, value in variables.items()],
    }


def variable_of(field: str) -> str:
    """Returns the variable for the value of a declared header field."""
    return f"header-{field}"


def examples(specification: Specification, config: GatewayConfig) -> list[Item]:
    """Returns two folders: the four calls with valid values, and one refused call for each operation."""
    calls = _Calls(specification, config)
    refused = (_missing(action, specification, config) for action in (SIGNUP, GET, UPDATE, ADD))
    return [
        {"name": "Valid calls", "item": [calls.valid(action) for action in (SIGNUP, GET, UPDATE, ADD, GET)]},
        {"name": "Refused calls", "item": [calls.faulty(case) for case in refused]},
    ]


def _missing(action: str, specification: Specification, config: GatewayConfig) -> FaultCase:
    """Returns the fault of a missing member that the reply has a place to blame."""
    blamed = specification.files[f"{specification.operation(action).key}.nack.json"]["properties"]
    cases = (case for case in fault_cases(action, specification, config) if case.kind == "missing")
    return next(case for case in cases if parts_of(case.pointer)[0] in blamed)


class _Calls:
    """Makes calls about the registration that the collection's first signup makes."""

    def __init__(self, specification: Specification, config: GatewayConfig) -> None:
        self._config = config
        self._binding = binding_of(config)
        values = Values(specification, config)
        info = values.info()
        if config.company_id is None:
            info["company_id"] = info["company_id"][:-6] + SERIAL
        info["email"] = f"office{SERIAL}@example.com"
        about = {"registration": {"id": "{{registrationId}}"}}
        self._bodies = {
            SIGNUP: {**values.parts(SIGNUP), "info": info},
            GET: about,
            UPDATE: {**about, "info": {**info, "name": f"{info['name']} Ltd"}},
            ADD: {**about, **values.parts(ADD)},
        }

    def valid(self, action: str) -> Item:
        """Returns a call that must be acknowledged; its script keeps the id and the token of a signup."""
        before = ['pm.collectionVariables.set("serial", String(Date.now()).slice(-6));'] if action == SIGNUP else []
        after = [*self._reply(), *_acknowledged(action)]
        if action == SIGNUP:
            after += [
                'pm.collectionVariables.set("registrationId", body().registration.id);',
                'pm.collectionVariables.set("token", body().auth.token);',
            ]
        elif action in (UPDATE, GET):
            after.append(
                'pm.test("the registration is the one asked for", () => pm.expect(String(body().registration.id))'
                '.to.equal(String(pm.collectionVariables.get("registrationId"))));'
            )
        return self._item(action, action, self._bodies[action], before, after)

    def faulty(self, case: FaultCase) -> Item:
        """Returns a call that must be refused with an error message for one member."""
        after = [*self._reply(), *_refused(case.requirement, case.pointer)]
        name = f"{case.action} without {case.pointer} ({case.requirement})"
        return self._item(name, case.action, case.spoil(self._bodies[case.action]), [], after)

    def _item(self, name: str, action: str, body: Any, before: Sequence[str], after: Sequence[str]) -> Item:
        token = "{{signupToken}}" if action == SIGNUP else "{{token}}"
        message = Message({"Action": action, "Token": token, "Timestamp": "{{timestamp}}"}, body)
        headers, content = self._binding.encode(message)
        declared = [(field, f"{{{{{variable_of(field)}}}}}") for field in self._config.headers]
        return item(name, self._config.method, f"/{action}", [*headers, *declared], content.decode(), before, after)

    def _reply(self) -> list[str]:
        return reply_script(self._binding)


def item(
    name: str, method: str, path: str, headers: Headers, body: str, before: Sequence[str], after: Sequence[str]
) -> Item:
    """Returns a request with its scripts, which are lines of JavaScript."""
    return {
        "name": name,
        "event": [_event(kind, *lines) for kind, lines in (("prerequest", before), ("test", after)) if lines],
        "request": {
            "method": method,
            "url": "{{baseUrl}}" + path,
            "header": [{"key": key, "value": value} for key, value in headers],
            "body": {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}},
        },
    }


def reply_script(binding: HttpBinding | EnvelopeBinding) -> list[str]:
    """Returns the functions that read header and body of a reply."""
    if isinstance(binding, EnvelopeBinding):
        return [
            f"const header = (name) => pm.response.json()[{json.dumps(binding.header)}][name];",
            f"const body = () => pm.response.json()[{json.dumps(binding.body)}];",
        ]
    return ["const header = (name) => pm.response.headers.get(name);", "const body = () => pm.response.json();"]


def _acknowledged(action: str) -> list[str]:
    return [
        f'pm.test("{action} is acknowledged", () => pm.expect(header("action")).to.equal("ACK"));',
        'pm.test("the status is 2xx", () => pm.response.to.be.success);',
        *_MESSAGE,
    ]


def _refused(requirement: str, pointer: str) -> list[str]:
    return [
        f'pm.test("{requirement}: the call is refused", () => pm.expect(header("action")).to.equal("NACK"));',
        f"const blamed = {json.dumps(parts_of(pointer))}.reduce((at, name) => at && at[name], body());",
        f'pm.test("{requirement}: the body has an error message for {pointer}", () => pm.expect(blamed).to.be.ok);',
        *_MESSAGE,
    ]


_MESSAGE = ('pm.test("the reply has a message", () => pm.expect(header("message")).to.be.a("string"));',)


def _now(zone: str) -> str:
    """Sets the time as a call has it: the local time of a zone, without an offset (H1)."""
    return (
        'pm.collectionVariables.set("timestamp", new Date().toLocaleString("sv-SE", '
        f'{{timeZone: {json.dumps(zone)}}}).replace(" ", "T"));'
    )


def _event(kind: str, *lines: str) -> Mapping[str, Any]:
    return {"listen": kind, "script": {"type": "text/javascript", "exec": [*lines]}}
