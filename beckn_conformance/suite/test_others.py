"""Operations without a file of their own: what their schemas alone imply."""

from __future__ import annotations

from typing import Any

import pytest

from beckn_conformance.client.provider import Actor
from beckn_conformance.messages.faults import FaultCase
from beckn_conformance.run.scenario import case, scenario
from beckn_conformance.suite.cases import (
    ANSWERED,
    OTHERS,
    call_about_unknown,
    call_with_fault,
    fault_parameters,
    parts_with,
    variant_parameters,
)
from beckn_conformance.suite.specification import current


def _plain(action: str) -> Any:
    """Requirements that a call and its reply exercise by themselves."""
    shown = [
        requirement.id
        for requirement in current().requirements.values()
        if requirement.operations == (action,) and requirement.refuses is None and requirement.accepts is None
    ]
    return case((*shown, "TOKEN-ACCEPTED", *ANSWERED), action, id=action)


def _with_action(action: str, parameters: list[Any]) -> list[Any]:
    return [pytest.param(action, *one.values, marks=one.marks, id=f"{one.id}-{action}") for one in parameters]


CALLS = [_plain(action) for action in OTHERS]
VALUES = [one for action in OTHERS for one in _with_action(action, variant_parameters(action))]
FAULTS = [one for action in OTHERS for one in _with_action(action, fault_parameters(action))]
UNKNOWN = [
    case((requirement.id, "NACK-TEXT", "NACK-ECHO", *ANSWERED), action, id=action)
    for action in OTHERS
    if (requirement := current().requirement_for_fault(action, "/registration/id", "unknown", "must")) is not None
]

# pytest would skip a test without parameters.
if CALLS:

    @pytest.mark.parametrize("action", CALLS)
    @scenario
    async def test_plain_call(actor: Actor, action: str) -> None:
        """The example of the page, with real values; what a Provider/get shows is as before."""
        registration = await actor.registered()
        await actor.about(registration, action, actor.values.parts(action))
        await actor.get(registration)


if VALUES:

    @pytest.mark.parametrize(("action", "member", "variant"), VALUES)
    @scenario
    async def test_valid_value(actor: Actor, action: str, member: str, variant: str) -> None:
        """Every kind of valid value is accepted."""
        registration = await actor.registered()
        await actor.about(registration, action, parts_with(actor, action, member, variant))


if FAULTS:

    @pytest.mark.parametrize(("action", "fault"), FAULTS)
    @scenario
    async def test_one_fault(actor: Actor, action: str, fault: FaultCase) -> None:
        """A call that is valid but for one member is refused, and that member is blamed."""
        registration = await actor.registered()
        await call_with_fault(actor, registration, action, fault, actor.values.parts(action))


if UNKNOWN:

    @pytest.mark.parametrize("action", UNKNOWN)
    @scenario
    async def test_unknown_registration(actor: Actor, action: str) -> None:
        """An id that no signup gave, with another registration's valid token (R16)."""
        await call_about_unknown(actor, action, actor.values.parts(action))
