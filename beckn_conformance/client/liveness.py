"""Finds out whether a gateway survives hostile input (T16)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from ..errors import Unmet
from ..judging.checks import may_be_too_early
from ..messages.exchange import Exchange, Role, Stimulus, TroubleKind
from ..messages.registration import Registration
from ..specification.actions import GET
from ..specification.pointer import member
from . import clock
from .description import describe
from .exclusive import Rank
from .poll import poll

if TYPE_CHECKING:
    from .actor import Actor

LONGEST_PAUSE = 2.0
"""Seconds between two plain calls at most."""


class Liveness:
    """Makes plain calls for a provider before and after hostile input."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    @contextlib.asynccontextmanager
    async def lives_on(
        self, kind: str, witness: Registration, *, group: str = "", rank: Rank = Rank.USUAL
    ) -> AsyncIterator[None]:
        """Makes a plain call before and after what is sent within, with nothing else on the way.

        Raises Unmet if the gateway does not answer, and names what was sent. Before that, a last plain call is marked
        for judging, unless something in front of the gateway may be what shuts the kit out (T16): if what was sent
        belongs to a ``group`` of requests that are not calls of the page, or if anything of the kind was refused in
        this run, as a firewall counts refusals, and may ban the kit later. A process that dies leaves another trace: it
        closes the connection, and nobody listens from then on.
        """
        exclusive = self._actor.exclusive
        async with exclusive.alone(group or kind, rank):
            async with exclusive.asking:
                if not exclusive.answered and not exclusive.stopped:
                    before = await self._outlast(witness)
                    if not self._is_answered(before):
                        exclusive.stopped = f"before {kind} was sent, the gateway answered no more: {describe(before)}"
            if exclusive.stopped:
                raise Unmet(exclusive.stopped)
            sent_before, closed_before = len(self._actor.exchanges), exclusive.closed
            yield
            made = self._actor.exchanges[sent_before:]
            sent = [one for one in made if not _ended_by(one, TroubleKind.NO_CONNECTION)]
            exclusive.refused |= any(one.reply is not None and not one.acknowledged for one in sent)
            exclusive.closed |= any(_ended_by(one, TroubleKind.CONNECTION) for one in sent)
            after = await self._outlast(witness, Stimulus(kind, role=Role.AFTER))
            if not self._is_answered(after):
                exclusive.stopped = exclusive.stopped or (
                    f"after {group or kind} was sent, the gateway answered no more: {describe(after)}; either it came "
                    "to its end, or something in front of it keeps the kit out, which `hostile: none` avoids"
                )
                died = exclusive.closed and not closed_before and _ended_by(after, TroubleKind.NO_CONNECTION)
                suspect = died or (sent and not exclusive.refused)
                if suspect and not group and after.reply is None and exclusive.sure:
                    await self._plain(witness, Stimulus(kind, role=Role.LONG_AFTER))
                raise Unmet(exclusive.stopped)
        if shows_too_little(after, witness):
            await self._actor.get(witness)

    async def _outlast(self, witness: Registration, stimulus: Stimulus | None = None) -> Exchange:
        """A plain call, repeated until it is answered or patience is over."""
        until = clock.monotonic() + self._actor.config.patience

        async def ask() -> Exchange:
            return await self._plain(witness, stimulus)

        def done(exchange: Exchange, began: float) -> bool:
            exclusive = self._actor.exclusive
            exclusive.answered = self._is_answered(exchange)
            return exclusive.answered or clock.monotonic() >= until or bool(exclusive.stopped)

        return await poll(ask, done, longest=LONGEST_PAUSE)

    def _is_answered(self, exchange: Exchange) -> bool:
        """Returns True if a reply came from the gateway, rather than from something in front of a dead one (T6)."""
        return self._actor.gateway.appearance.by_gateway(exchange) or (
            exchange.trouble is not None and exchange.trouble.kind in (TroubleKind.LIMIT, TroubleKind.PASSING)
        )

    async def _plain(self, witness: Registration, stimulus: Stimulus | None = None) -> Exchange:
        return await self._actor.call(GET, {"registration": {"id": witness.id}}, token=witness.token, stimulus=stimulus)


def _ended_by(exchange: Exchange, kind: TroubleKind) -> bool:
    return exchange.trouble is not None and exchange.trouble.kind is kind


def shows_too_little(got: Exchange, registration: Registration) -> bool:
    """Returns True if a Provider/get does not show the registration, or fewer documents than its signup had (R19)."""
    sent, listed = member(registration.body, "/documents"), member(got.body_of_reply, "/documents")
    fewer = isinstance(sent, list) and isinstance(listed, list) and len(listed) < len(sent)
    return may_be_too_early(got) or (got.acknowledged and fewer)
