"""Operations without a file of their own: what their schemas alone imply."""

from __future__ import annotations

from typing import Any

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.exchange import Exchange
from beckn_conformance.messages.faults import WRONG_TYPES, FaultCase
from beckn_conformance.run.scenario import case, scenario, settling
from beckn_conformance.specification import requests
from beckn_conformance.specification.catalogue import Operation
from beckn_conformance.specification.pointer import put
from beckn_conformance.suite.cases import (
    ANSWERED,
    OTHERS,
    Kinds,
    call_about_unknown,
    call_with_fault,
    fault_parameters,
    own,
    parts_with,
    together_or_apart,
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
    return case((*shown, "TOKEN-ACCEPTED", "TOKEN-NOT-REPEATED", *ANSWERED), action, id=action)


def _changing(endings: tuple[str, ...]) -> list[Any]:
    """The operations that replace values of a registration, with requirements of their own."""
    return [
        case(own(action, *endings), change, id=action)
        for action, change in current().changes.items()
        if action in OTHERS and change.replaces and own(action, *endings)
    ]


def _with_action(action: str, parameters: list[Any]) -> list[Any]:
    return [pytest.param(action, *one.values, marks=one.marks, id=f"{one.id}-{action}") for one in parameters]


CALLS = [_plain(action) for action in OTHERS]
VALUES = [one for action in OTHERS for one in _with_action(action, variant_parameters(action))]
FAULTS = [
    one
    for action in OTHERS
    for one in _with_action(action, fault_parameters(action, *own(action, "NACK-UNCHANGED", "NACK-STATUS-UNCHANGED")))
]
SEVERAL = [case("NACK-ALL", action, id=action) for action in OTHERS if len(requests.values_sent(current(), action)) > 1]
CHANGES = _changing(("VISIBLE", "STAYS", "WHOLE", "ECHO", "ECHO-EXACT", "KEEPS-REST", "STATUS-SEEN"))
PARTIAL = _changing(("PARTIAL-KEPT",))
VERIFIED = _changing(("DOCUMENT-STATUS-KEPT",))
UNKNOWN = [
    case((requirement.id, "NACK-TEXT", "NACK-ECHO", *own(action, "FAIL-STATUS-UNKNOWN"), *ANSWERED), action, id=action)
    for action in OTHERS
    if (requirement := requests.refusing(current(), action, "/registration/id", "unknown", "must")) is not None
]

# pytest would skip a test without parameters.
if CALLS:

    @pytest.mark.parametrize("action", CALLS)
    @scenario
    async def test_plain_call(actor: Actor, action: str) -> None:
        """The example of the page, with real values, and a Provider/get after it."""
        registration = await actor.registered(actor.values.signup(documents=3))
        await actor.about(registration, action, actor.values.parts(action))
        await actor.get(registration)


if VALUES:

    @pytest.mark.parametrize(("action", "kinds"), VALUES)
    @scenario
    async def test_valid_values(actor: Actor, action: str, kinds: Kinds) -> None:
        """Every kind of valid value is accepted."""

        async def attempt(kinds: Kinds) -> Exchange:
            registration = await actor.registered()
            return await actor.about(registration, action, parts_with(actor, action, kinds))

        await together_or_apart(kinds, attempt)


if FAULTS:

    @pytest.mark.parametrize(("action", "fault"), FAULTS)
    @scenario
    async def test_one_fault(actor: Actor, action: str, fault: FaultCase) -> None:
        """A call that is valid but for one member is refused, and that member is blamed."""
        registration = await actor.registered()
        await call_with_fault(actor, registration, action, fault, actor.values.parts(action, fault.documents))


if SEVERAL:

    @pytest.mark.parametrize("action", SEVERAL)
    @scenario
    async def test_several_faults(actor: Actor, action: str) -> None:
        """A call with a wrong type at each of its values is refused, and the NACK blames all of them."""
        registration = await actor.registered()
        body = {"registration": {"id": registration.id}, **actor.values.parts(action)}
        for pointer in requests.values_sent(current(), action):
            put(body, pointer.replace("/*", "/0"), WRONG_TYPES["object"])
        await actor.about(registration, action, body=body)


if UNKNOWN:

    @pytest.mark.parametrize("action", UNKNOWN)
    @scenario
    async def test_unknown_registration(actor: Actor, action: str) -> None:
        """An id that no signup gave, with another registration's valid token (R16)."""
        await call_about_unknown(actor, action, actor.values.parts(action))


if CHANGES:

    @pytest.mark.parametrize("change", CHANGES)
    @settling
    async def test_changes_in_a_row(actor: Actor, change: Operation) -> None:
        """Each change takes the place of the one before, none comes back, and the rest stays as it was."""
        registration = await actor.registered(actor.values.signup(documents=3))
        await actor.get(registration)
        for _ in range(3):
            changed = await actor.about(registration, change.action, actor.values.parts(change.action))
            await actor.get_after(changed, registration)
            await actor.get(registration)
        await actor.settle()
        await actor.get(registration)
        await actor.add(registration, [actor.values.document()])
        await actor.update(registration, actor.values.info())
        await actor.get(registration)


if PARTIAL:

    @pytest.mark.parametrize("change", PARTIAL)
    @scenario
    async def test_change_of_one_member(actor: Actor, change: Operation) -> None:
        """A change of one member leaves the others as they were, or is refused (Q14)."""
        registration = await actor.registered()
        parts = actor.values.parts(change.action)
        for name, value in parts[change.replaces[1:]].items():
            part = {**parts, change.replaces[1:]: {name: value}}
            await actor.get_after(await actor.about(registration, change.action, part), registration)


if VERIFIED:

    @pytest.mark.parametrize("change", VERIFIED)
    @settling
    async def test_verified_documents_stay_verified(actor: Actor, change: Operation) -> None:
        """A change of other things does not undo a verification by a person."""
        registration = await actor.registered(actor.values.signup(documents=2))
        await actor.verifier.verify(registration.id)
        await actor.get(registration)
        await actor.settle()
        changed = await actor.about(registration, change.action, actor.values.parts(change.action))
        await actor.get_after(changed, registration)
