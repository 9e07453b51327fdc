"""Makes a collection of the four calls, with valid and with refused requests."""

from __future__ import annotations

from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.exchange import Message
from ...messages.faults import FaultCase, fault_cases
from ...messages.values import Values
from ...run.curl import SERIAL
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.pointer import parts_of
from ...specification.specification import Specification
from .collection import BASE, Collection, Expectation, Item, binding_of, new_serial, placeholder, signup_token

SIX_DIGITS = placeholder(SERIAL.name)
"""New with each signup, so that no company id or e-mail address repeats."""


def examples(specification: Specification, config: GatewayConfig) -> dict[str, Any]:
    """Returns a collection of two folders: the four calls with valid values, and one refused call for each of them."""
    calls = _Calls(specification, config)
    refused = (_missing(action, specification, config) for action in (SIGNUP, GET, UPDATE, ADD))
    folders = [
        {"name": "Valid calls", "item": [calls.valid(action) for action in (SIGNUP, GET, UPDATE, ADD, GET)]},
        {"name": "Refused calls", "item": [calls.faulty(case) for case in refused]},
    ]
    secrets = {f"header-{field}": "" for field in config.headers}
    variables = {BASE: config.url, "signupToken": signup_token(config), **secrets}
    return calls.collection.whole(specification.title, folders, variables)


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
        self.collection = Collection(specification, config, self._binding)
        values = Values(specification, config)
        info = values.info()
        if "/info/company_id" not in config.values:
            info["company_id"] = info["company_id"][:-6] + SIX_DIGITS
        if "/info/email" not in config.values:
            info["email"] = f"office{SIX_DIGITS}@example.com"
        about = {"registration": {"id": placeholder("registrationId")}}
        self._bodies = {
            SIGNUP: {**values.parts(SIGNUP), "info": info},
            GET: about,
            UPDATE: {**about, "info": {**info, "name": f"{info['name']} Ltd"}},
            ADD: {**about, **values.parts(ADD)},
        }

    def valid(self, action: str) -> Item:
        """Returns a call that must be acknowledged; id and token of a signup are kept."""
        takes = {
            "registrationId": ("registration", "id", True),
            "token": ("auth", "token", self._binding.name != "http"),
        }
        expectation = Expectation("ACK", takes=takes if action == SIGNUP else {})
        return self._item(action, action, self._bodies[action], expectation)

    def faulty(self, case: FaultCase) -> Item:
        """Returns a call that must be refused with an error message for one member."""
        name = f"{case.action} without {case.pointer} ({case.requirement})"
        return self._item(name, case.action, case.spoil(self._bodies[case.action]), Expectation("NACK", [case.member]))

    def _item(self, name: str, action: str, body: Any, expectation: Expectation) -> Item:
        token = placeholder("signupToken" if action == SIGNUP else "token")
        message = Message({"Action": action, "Token": token, "Timestamp": placeholder("timestamp")}, body)
        headers, content = self._binding.encode(message)
        declared = [(field, placeholder(f"header-{field}")) for field in self._config.headers]
        request = self.collection.request(self._config.method, f"/{action}", [*headers, *declared], content.decode())
        before = [new_serial()] if expectation.takes else []
        return self.collection.item(name, action, request, expectation, before)
