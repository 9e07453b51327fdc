"""Overview: what is registered at one gateway is cloned to the others of its Region of Policy Coverage (X1)."""

from __future__ import annotations

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.registration import Registration
from beckn_conformance.run.scenario import exercises, settling
from beckn_conformance.suite.cases import update_and_read


async def _two(actor: Actor) -> list[Registration]:
    """Returns two registrations that the other gateways serve as well, so that a mix-up would show."""
    actor.peers.need()
    registrations = [await actor.registered() for _ in range(2)]
    await _are_cloned(actor, registrations)
    return registrations


async def _are_cloned(actor: Actor, registrations: list[Registration]) -> None:
    for registration, shown in [(one, await actor.get(one)) for one in registrations]:
        await actor.peers.show(shown, registration)


async def _stay_cloned(actor: Actor, registrations: list[Registration]) -> None:
    """Checks that nothing reverts or arrives twice after the time for cloning."""
    await actor.peers.outlast_cloning()
    await _are_cloned(actor, registrations)


@exercises("CLONE-SERVED")
@settling
async def test_registration(actor: Actor) -> None:
    """A registration is served by the other gateways."""
    await _stay_cloned(actor, await _two(actor))


@exercises("CLONE-UPDATED")
@settling
async def test_update(actor: Actor) -> None:
    """Updates follow, the second as well as the first."""
    registrations = await _two(actor)
    for _ in range(2):
        change = await actor.update(registrations[0], actor.values.info())
        await actor.peers.show(await actor.get_after(change, registrations[0]), registrations[0])
    await _stay_cloned(actor, registrations)


@exercises("CLONE-DOCUMENTS")
@settling
async def test_documents(actor: Actor) -> None:
    """Documents follow, those of a second addition as well as those of the first."""
    registrations = await _two(actor)
    for number in (1, 2):
        change = await actor.add(registrations[0], [actor.values.document() for _ in range(number)])
        await actor.peers.show(await actor.get_after(change, registrations[0]), registrations[0])
    await _stay_cloned(actor, registrations)


@exercises("CLONE-SERVED", "CLONE-UPDATED", "CLONE-DOCUMENTS")
@settling
async def test_changes_in_a_row(actor: Actor) -> None:
    """Changes that are made before a registration can have been cloned follow as well."""
    actor.peers.need()
    registrations = [await actor.registered() for _ in range(2)]
    for registration in registrations:
        await update_and_read(actor, registration)
        added = await actor.add(registration, [actor.values.document()])
        await actor.peers.show(await actor.get_after(added, registration), registration)
    await _stay_cloned(actor, registrations)
