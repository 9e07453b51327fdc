"""Finds out why a valid call is refused: its operation is closed, or the gateway has decided about its registration."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ..judging.decided import decided
from ..messages.exchange import Exchange
from ..specification.actions import GET, SIGNUP
from . import clock
from .insistence import CLOSED
from .poll import poll

if TYPE_CHECKING:
    from .actor import Actor


async def serves_plain_calls(actor: Actor, action: str) -> bool:
    """False if a plain call of an operation, about a registration of its own, fails, or is refused without a reason.

    Where only registrations made beforehand are served, none is spent on this.
    """
    if actor.verifier.uses_stock:
        return True
    signup = await actor.call(SIGNUP, actor.values.signup(), closed=CLOSED)
    registration = await actor.usable(signup)
    if action == SIGNUP or registration is None:
        return signup.trouble != CLOSED
    body = {"registration": {"id": registration.id}, **actor.values.parts(action)}
    until = clock.now() + actor.config.settle

    async def ask() -> Exchange:
        return await actor.call(action, body, token=registration.token, closed=CLOSED)

    last = await poll(ask, lambda one, began: one.acknowledged or began >= until, until=lambda: until)
    if last.refused and await _is_decided(actor, last, registration.token):
        # The refusal is of this registration, and tells nothing of others.
        return True
    return last.trouble != CLOSED


async def failures_are_over(actor: Actor) -> bool:
    """Waits until the operations are served that failed while an actor played; False if one is not (T13)."""
    is_served = functools.partial(serves_plain_calls, actor)
    return all([await actor.gateway.insistence.is_back(*failed, is_served) for failed in actor.failures.last().items()])


async def look_why(actor: Actor, refusal: Exchange, token: str | None) -> None:
    """Has the test played again if the gateway may have decided about a registration that cannot be changed (R5)."""
    actor.lost += await _is_decided(actor, refusal, token)


async def _is_decided(actor: Actor, refusal: Exchange, token: str | None) -> bool:
    """Asks for the status of a registration whose change was refused. A replica may show it a moment later (R19)."""
    if refusal.action not in actor.specification.changes:
        return False
    until = clock.now() + actor.config.settle

    async def ask() -> bool:
        await actor.call(GET, {"registration": {"id": refusal.id_sent}}, token=token)
        return refusal.id_sent in decided(actor.exchanges, actor.specification, actor.config)

    return await poll(ask, lambda found, began: found or began >= until, until=lambda: until)
