"""The other gateways of a network, to which registrations are cloned (X1)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from ..errors import Unmet
from ..judging.history import falters
from ..judging.history.form import form_of
from ..messages.exchange import Exchange
from ..messages.registration import Registration
from ..specification.actions import GET
from ..specification.pointer import below, member, objects
from . import clock
from .description import describe
from .poll import poll

if TYPE_CHECKING:
    from .actor import Actor


class Peers:
    """Asks the other gateways for the registrations of a provider; ``gateways`` are their base URLs."""

    def __init__(self, actor: Actor, gateways: Collection[str]) -> None:
        self._actor = actor
        self._gateways = gateways

    def need(self) -> None:
        """Raises Unmet if no other gateway is declared."""
        if not self._gateways:
            raise Unmet("no peers are declared")

    async def outlast_cloning(self) -> None:
        """Waits until every change must have been cloned (X1)."""
        async with self._actor.exclusive.paused():
            await asyncio.sleep(self._actor.config.clone_within or 0.0)

    async def show(self, shown: Exchange, registration: Registration) -> None:
        """Asks every other gateway for a registration until it shows the same as ``shown``, or until the time to clone
        is over (X1). ``shown`` is a Provider/get of the gateway under test.

        Raises Unmet if one gives no usable answer within patience, or does not show it in time, since nothing that
        follows could be judged.
        """
        last = await asyncio.gather(*(self._ask(peer, shown, registration) for peer in self._gateways))
        for exchange in last:
            if falters(exchange, self._actor.config):
                raise Unmet(f"the peer {exchange.peer} could not be asked: {describe(exchange)}")
            if not _says_the_same(exchange, shown, self._actor.specification.names("/info")):
                raise Unmet(f"the peer {exchange.peer} did not show in time what was to be cloned")

    async def _ask(self, peer: str, shown: Exchange, registration: Registration) -> Exchange:
        config, exclusive = self._actor.config, self._actor.exclusive
        within = config.clone_within or 0.0
        until = shown.ended + within
        patience = clock.now() + within + config.patience
        body = {"registration": {"id": registration.id}}

        async def ask() -> Exchange:
            return await self._actor.call(GET, body, token=registration.token, peer=peer)

        def done(exchange: Exchange, began: float) -> bool:
            nonlocal until
            if not falters(exchange, config):
                return began >= until or _says_the_same(exchange, shown, self._actor.specification.names("/info"))
            if exchange.ended >= patience:
                return True
            until = max(until, exchange.ended + within)
            return False

        async def sleep(pause: float) -> None:
            async with exclusive.paused():
                await asyncio.sleep(pause)
            if exclusive.stopped:
                raise Unmet(exclusive.stopped)

        return await poll(ask, done, longest=max(0.5, within / 20), until=lambda: until, sleep=sleep)


def _says_the_same(one: Exchange, other: Exchange, names: Iterable[str]) -> bool:
    """Compares two gateways on a registration, whatever the order of its documents (R9) and the form of values
    (R10)."""

    def said(exchange: Exchange) -> list[str]:
        body = exchange.body_of_reply
        info = [member(body, below("/info", name)) for name in names]
        documents = [document.get("name") for _, document in objects(body, "/documents")]
        return [*map(plain, info), *sorted(map(plain, documents))]

    def plain(value: Any) -> str:
        return form_of(str(value))

    return one.acknowledged and said(one) == said(other)
