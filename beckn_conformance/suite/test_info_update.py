"""§3 Update Beckn Provider info."""

from __future__ import annotations

import itertools

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.exchange import Exchange
from beckn_conformance.messages.faults import FaultCase
from beckn_conformance.messages.values import SIZES
from beckn_conformance.run.scenario import case, exercises, scenario, settling
from beckn_conformance.specification.actions import GET, UPDATE
from beckn_conformance.specification.pointer import member as member_at
from beckn_conformance.specification.replies import statuses
from beckn_conformance.suite.cases import (
    ANSWERED,
    LONG,
    Kinds,
    add_and_read,
    call_about_unknown,
    call_with_fault,
    fault_parameters,
    mixed_faults,
    parts_with,
    signup_of,
    spoiled,
    together_or_apart,
    update_and_read,
    variant_parameters,
)
from beckn_conformance.suite.specification import current


@exercises(
    *("UPDATE-ENDPOINT", "UPDATE-ACK", "UPDATE-BODY", "UPDATE-ID", "UPDATE-STATUS", "UPDATE-STATUS-SEEN"),
    *("UPDATE-DOCUMENT-STATUS", "UPDATE-ECHO", "UPDATE-ECHO-EXACT", "UPDATE-WHOLE", "UPDATE-VISIBLE"),
    *("UPDATE-KEEPS-REST", "SIGNUP-DOCUMENTS-KEPT", "GET-ACK", "TOKEN-ACCEPTED", "TOKEN-NOT-REPEATED"),
)
@pytest.mark.parametrize("documents", [1, 3])
@scenario
async def test_plain_update(actor: Actor, documents: int) -> None:
    """The reply, and what a Provider/get shows before and after."""
    kinds, size = (LONG, 0) if documents == 1 else ({}, SIZES["just over 8 KB"])
    body = {**signup_of(actor, kinds), "documents": actor.values.documents(documents, size)}
    registration = await actor.registered(body)
    await actor.get(registration)
    await update_and_read(actor, registration)
    await actor.get(registration)


@pytest.mark.parametrize("kinds", variant_parameters(UPDATE, "UPDATE-ACK", "UPDATE-ECHO", "UPDATE-ECHO-EXACT"))
@scenario
async def test_valid_values(actor: Actor, kinds: Kinds) -> None:
    """Every kind of valid value is accepted, kept and given back."""

    async def attempt(kinds: Kinds) -> Exchange:
        registration = await actor.registered()
        info = parts_with(actor, UPDATE, kinds)["info"]
        update = await actor.update(registration, info)
        sent = member_at(update.body_sent, "/info")
        held = [name for name in info if f"/info/{name}" in kinds and sent[name] != info[name]]
        if held:
            # The gateway may hold on to a member (Q15), so the signup has such a value already.
            info = parts_with(actor, UPDATE, kinds)["info"]
            registration = await actor.registered({**actor.values.signup(), "info": info})
            update = await actor.update(registration, {**actor.values.info(), **{name: info[name] for name in held}})
        await actor.get_after(update, registration)
        return update

    await together_or_apart(kinds, attempt)


@pytest.mark.parametrize(
    "member",
    [
        case(("UPDATE-VISIBLE", "UPDATE-ACK", "UPDATE-ECHO"), name, id=f"only_{name}")
        for name in current().names("/info")
    ],
)
@scenario
async def test_change_of_one_member(actor: Actor, member: str) -> None:
    """An update changes one member and says of the others what the registration has already."""
    body = actor.values.signup()
    registration = await actor.registered(body)
    await update_and_read(actor, registration, {**body["info"], member: actor.values.info()[member]})


@exercises("UPDATE-STAYS", "UPDATE-WHOLE", "UPDATE-VISIBLE", "UPDATE-ACK", "UPDATE-STATUS", "GET-ACK", "TOKEN-ACCEPTED")
@pytest.mark.parametrize("times", [2, 3])
@scenario
async def test_updates_in_a_row(actor: Actor, times: int) -> None:
    """Each update takes the place of the one before, and none comes back."""
    registration = await actor.registered()
    for _ in range(times):
        await update_and_read(actor, registration)
        await actor.get(registration)


@exercises("UPDATE-VISIBLE")
@settling
async def test_update_back_to_earlier_values(actor: Actor) -> None:
    """Values that the registration once had are as good as new ones."""
    registration = await actor.registered()
    first, second = actor.values.info(), actor.values.info()
    for info in (first, second, first):
        await update_and_read(actor, registration, info)
    await actor.settle()
    await actor.get(registration)


@exercises("UPDATE-STAYS", "UPDATE-WHOLE", "UPDATE-KEEPS-REST", "DOCUMENTS-KEEPS-REST", "DOCUMENTS-ACK")
@settling
async def test_update_between_additions(actor: Actor) -> None:
    """Documents outlive an update, and an update outlives documents."""
    registration = await actor.registered()
    await add_and_read(actor, registration)
    await update_and_read(actor, registration)
    await add_and_read(actor, registration, [actor.values.document("jpg")])
    await actor.settle()
    await actor.get(registration)


@exercises("UPDATE-KEEPS-REST", "UPDATE-ACK", "GET-ACK")
@settling
async def test_updates_after_an_addition(actor: Actor) -> None:
    """Documents that every call must see by now are in the replies to updates, and in what is shown after them."""
    registration = await actor.registered()
    await add_and_read(actor, registration)
    await actor.settle()
    for _ in range(2):
        await update_and_read(actor, registration)


@exercises("UPDATE-STAYS", "UPDATE-WHOLE", "GET-ACK")
@settling
async def test_update_stays(actor: Actor) -> None:
    """Once every call must see an update, none shows what was before it."""
    registration = await actor.registered()
    await update_and_read(actor, registration)
    await actor.settle()
    for _ in range(6):
        await actor.get(registration)


@exercises("UPDATE-KEEPS-REST", "GET-ROUND-TRIP")
@scenario
async def test_update_leaves_other_registrations_alone(actor: Actor) -> None:
    """Only the registration that is named changes."""
    one, other = await actor.registered(), await actor.registered()
    await update_and_read(actor, one)
    await actor.get(other)


@pytest.mark.parametrize(
    ("left_out", "how"),
    [
        case("UPDATE-PARTIAL-KEPT", group, how, id=f"{how}-{'+'.join(group)}")
        for how in ("missing", "null")
        for size in (1, len(current().names("/info")) - 1)
        for group in itertools.combinations(current().names("/info"), size)
    ],
)
@scenario
async def test_partial_update(actor: Actor, left_out: tuple[str, ...], how: str) -> None:
    """Members that are not sent may be asked for, or stay as they are (Q14)."""
    registration = await actor.registered()
    info = actor.values.info()
    partial: dict[str, str | None] = {key: value for key, value in info.items() if key not in left_out}
    if how == "null":
        partial |= dict.fromkeys(left_out)
    await update_and_read(actor, registration, partial)


@exercises("UPDATE-STATUS")
@scenario
async def test_claimed_status(actor: Actor) -> None:
    """An update that says its registration is verified is refused, or waits like any other (R5)."""
    verified = {"status": statuses(actor.specification).verified}
    for claims, others in ((verified, {}), ({}, verified)):
        registration = await actor.registered()
        about = {"id": registration.id, **claims}
        body = {"registration": about, "info": {**actor.values.info(), **others}, **others}
        update = await actor.about(registration, UPDATE, body=body)
        await actor.get_after(update, registration)


@pytest.mark.parametrize("fault", fault_parameters(UPDATE, "UPDATE-NACK-UNCHANGED", "UPDATE-NACK-STATUS-UNCHANGED"))
@scenario
async def test_one_fault(actor: Actor, fault: FaultCase) -> None:
    """An update that is valid but for one member is refused, that member is blamed, and nothing changes."""
    registration = await actor.registered()
    await call_with_fault(actor, registration, UPDATE, fault, {"info": actor.values.info()})


@pytest.mark.parametrize("faults", mixed_faults(UPDATE))
@exercises("NACK-ALL", "UPDATE-NACK-UNCHANGED")
@scenario
async def test_several_faults(actor: Actor, faults: tuple[str, ...]) -> None:
    """Each of several faulty members is blamed, and nothing changes."""
    registration = await actor.registered()
    await actor.update(registration, spoiled({"info": actor.values.info()}, faults)["info"])
    await actor.get(registration)


@exercises("UPDATE-STAYS", "UPDATE-NACK-UNCHANGED", "UPDATE-NACK-STATUS-UNCHANGED")
@settling
async def test_refusal_after_an_update(actor: Actor) -> None:
    """A refused update leaves the values of the update before it."""
    registration = await actor.registered()
    await update_and_read(actor, registration)
    await actor.settle()
    await actor.get(registration)
    await actor.update(registration, {**actor.values.info(), "phone": "12"})
    await actor.get(registration)
    await actor.get(registration)


@exercises(
    *("UPDATE-NACK-UNCHANGED", "UPDATE-NACK-STATUS-UNCHANGED", "UPDATE-STATUS-SEEN", "UPDATE-ACK", "UPDATE-ACK-EMAIL"),
    "UPDATE-NACK-PHONE",
)
@settling
async def test_refusals_in_a_row(actor: Actor) -> None:
    """However many updates were refused, the registration is there, and takes the last one once it is corrected."""
    registration, other = await actor.registered(), await actor.registered()
    # It shows that values can be changed at all (Q15).
    await actor.update(other, actor.values.info())
    await actor.get(registration)
    info = actor.values.info()
    # The second says nothing of the other members, so that it may be looked at in another way.
    for faulty in ({**actor.values.info(), "phone": "12"}, {"phone": "+918023329991"}, {**info, "phone": "none"}):
        await actor.update(registration, faulty)
    await actor.settle()
    await actor.get(registration)
    await update_and_read(actor, registration, info)
    for _ in range(2):
        await actor.get(registration)


@exercises("UPDATE-NACK-UNKNOWN", "UPDATE-FAIL-STATUS-UNKNOWN", "NACK-TEXT", "NACK-ECHO", *ANSWERED)
@scenario
async def test_unknown_registration(actor: Actor) -> None:
    """An id that no signup gave, with another registration's valid token (R16)."""
    await call_about_unknown(actor, UPDATE, {"info": actor.values.info()})


@exercises("UPDATE-DOCUMENT-STATUS-KEPT", "UPDATE-NACK-PHONE")
@settling
async def test_verified_documents_stay_verified(actor: Actor) -> None:
    """An update of other things, acknowledged or refused, does not undo a verification by a person."""
    registration = await actor.registered(actor.values.signup(documents=2))
    await actor.verifier.verify(registration.id)
    await actor.get(registration)
    await actor.settle()
    await actor.update(registration, {**actor.values.info(), "phone": "12"})
    await actor.get(registration)
    await update_and_read(actor, registration)
    await add_and_read(actor, registration)
    await update_and_read(actor, registration)


@exercises("UPDATE-DOCUMENT-STATUS-KEPT")
@settling
async def test_verified_documents_stay_verified_when_another_is_updated(actor: Actor) -> None:
    """An update of another registration does not undo a verification by a person."""
    one, other = await actor.registered(actor.values.signup(documents=2)), await actor.registered()
    await actor.verifier.verify(one.id)
    await actor.get(one)
    await actor.settle()
    await update_and_read(actor, other)
    await actor.get(one)
    # What is verified is no more open to others than it was (H3).
    for action in (GET, UPDATE):
        body = {"registration": {"id": one.id}, **actor.values.parts(action)}
        await actor.call(action, body, token=other.token)
    await update_and_read(actor, one)
