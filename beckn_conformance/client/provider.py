"""A provider played by the kit: makes calls for one test and keeps what was exchanged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.gateway import SIGNUP_TOKEN, GatewayConfig
from ..errors import Unmet
from ..judging.checks import looks_unsettled
from ..messages.binding import Binding, EnvelopeBinding
from ..messages.exchange import Exchange, Message, Stimulus
from ..messages.registration import Registration as Registration
from ..messages.registration import registration_of
from ..messages.values import Values
from ..specification.actions import ADD, GET, SIGNUP, UPDATE
from ..specification.pointer import MISSING, below, member
from ..specification.specification import Specification
from .client import Gateway
from .description import describe
from .exclusive import ExclusiveAccess
from .hostile_sender import HostileSender
from .liveness import Liveness
from .peers import Peers
from .poll import poll
from .verification import Verifier

Turn = Callable[[], contextlib.AbstractAsyncContextManager[None]]
"""What a call waits for before it is made."""

GATHERING = 2.0
"""Seconds that calls which are to go together wait for each other's connections."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is made together with others."""

    action: str
    body: Any
    token: str | None = None
    """None for that of a signup."""

    @classmethod
    def about(cls, registration: Registration, action: str, parts: Mapping[str, Any] | None = None) -> Call:
        return cls(action, {"registration": {"id": registration.id}, **(parts or {})}, registration.token)


class Actor:
    """Plays the providers of one test. Calls may be made side by side; each becomes an exchange."""

    def __init__(
        self,
        gateway: Gateway,
        binding: Binding,
        specification: Specification,
        values: Values,
        verifier: Verifier,
        turn: Turn = contextlib.nullcontext,
        exclusive: ExclusiveAccess | None = None,
        peers: Mapping[str, Gateway] | None = None,
    ) -> None:
        self.exclusive = exclusive or ExclusiveAccess()
        self.values = values
        self.specification = specification
        self.exchanges: list[Exchange] = []
        self.lost = 0
        """Calls whose answer was lost, and that were made with no other data since."""
        self.turned_away = 0
        """Malformed requests that something in front answered; they are made once more at the end of the run."""
        self.gateway = gateway
        self._peers = peers or {}
        self.hostile = HostileSender(self)
        self.liveness = Liveness(self)
        self.peers = Peers(self, self._peers)
        self.binding = binding
        self._verifier = verifier
        self._turn = turn
        self._taken: set[str] = set()
        self.hurried = False
        """Whether ``settle`` waits for nothing: what shows without it is sooner made small."""

    @property
    def config(self) -> GatewayConfig:
        return self.gateway.config

    @property
    def carries_lines(self) -> bool:
        """Whether a member of the header may have a line break in it, which a field of HTTP cannot."""
        return isinstance(self.binding, EnvelopeBinding)

    def header(self, action: str, token: str | None = None) -> dict[str, str]:
        """The three header members of a valid request."""
        if token is None:
            token = self.config.signup_token or SIGNUP_TOKEN
        return {"Action": action, "Token": token, "Timestamp": self.gateway.timestamp()}

    async def call(
        self,
        action: str,
        body: Any,
        *,
        token: str | None = None,
        header: Mapping[str, str | None] | None = None,
        purpose: str = "",
        stimulus: Stimulus | None = None,
        start: Callable[[], Awaitable[object]] | None = None,
        peer: str = "",
    ) -> Exchange:
        """Makes one call; ``header`` overrides header members, None leaves one out. ``peer`` is the base URL of another
        gateway that is asked."""
        gateway = self._peers[peer] if peer else self.gateway
        async with contextlib.nullcontext() if peer else self._turn():
            changes = header or {}
            members: dict[str, str | None] = {**self.header(action, token), **changes}
            message = Message({name: value for name, value in members.items() if value is not None}, body)
            dated = "Timestamp" in changes
            exchange = await gateway.send(
                action, message, self.binding, purpose=purpose, stimulus=stimulus, start=start, dated=dated
            )
        self.exchanges.append(exchange)
        self.lost += not peer and not purpose and self.gateway.appearance.lost(exchange)
        return exchange

    async def together(self, *calls: Call, apart: float = 0.0) -> list[Exchange]:
        """Makes calls at one moment, or some seconds apart, each over a connection of its own.

        None is sent before there is a connection for all of them; those beyond the declared concurrency follow. A
        declared rate still spaces them out.
        """
        abreast = min(len(calls), self.config.concurrency)
        there = 0
        ready = asyncio.Event()

        async def make(place: int, call: Call) -> Exchange:
            async def start() -> None:
                nonlocal there
                there += 1
                if there == abreast:
                    ready.set()
                # A gateway that asks for fewer requests leaves no connections for all of them.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ready.wait(), GATHERING)
                ready.set()
                await asyncio.sleep(place * apart)

            waits = start if place < abreast else None
            return await self.call(call.action, call.body, token=call.token, start=waits)

        async with asyncio.TaskGroup() as group, self.gateway.line:
            made = [group.create_task(make(place, call)) for place, call in enumerate(calls)]
            await ready.wait()
        return [task.result() for task in made]

    async def signup(self, body: Any = None, **options: Any) -> Exchange:
        """A signup, valid unless a body is given; sent again with new data where the answer was lost (T13)."""
        exchange = await self.call(SIGNUP, self.values.signup() if body is None else body, **options)
        if body is None and self.gateway.appearance.lost(exchange) and await self.gateway.back():
            self.lost -= 1
            exchange = await self.call(SIGNUP, self.values.signup(), **options)
        return exchange

    async def registered(self, body: Any = None) -> Registration:
        """A registration that later calls can be about; raises Unmet where none can be had."""
        if self._verifier.uses_stock:
            return self._verifier.take(self._taken)
        exchange = await self.signup(body)
        registration = await self.usable(exchange)
        if registration is None:
            raise Unmet(f"a registration was needed, and the signup for it brought {describe(exchange)}")
        return registration

    async def usable(self, signup: Exchange) -> Registration | None:
        """The registration that a signup made, verified where the gateway serves no other; None without one."""
        registration = registration_of(signup)
        if registration is None or self._verifier.uses_stock:
            return None
        if self._verifier.always:
            await self._verifier.verify(registration.id)
        return registration

    async def settle(self) -> None:
        """Waits until what was changed must be seen by every call (R19)."""
        if not self.hurried:
            async with self.exclusive.paused():
                await asyncio.sleep(self.config.settle + 0.02)

    async def about(
        self,
        registration: Registration,
        action: str,
        parts: Mapping[str, Any] | None = None,
        *,
        enough: Callable[[Exchange], bool] = lambda exchange: not looks_unsettled(exchange),
        since: float | None = None,
    ) -> Exchange:
        """A call about a registration, made again until it is seen or ``settle`` has passed (R19)."""
        body = {"registration": {"id": registration.id}, **(parts or {})}
        return await self.persist(registration, action, body, enough=enough, since=since)

    async def persist(
        self,
        registration: Registration,
        action: str,
        body: Any,
        *,
        enough: Callable[[Exchange], bool] = lambda exchange: not looks_unsettled(exchange),
        since: float | None = None,
    ) -> Exchange:
        """The same with a body of any kind."""
        until = (registration.made if since is None else since) + self.config.settle

        async def ask() -> Exchange:
            return await self.call(action, body, token=registration.token)

        return await poll(ask, lambda exchange, began: enough(exchange) or began >= until, until=lambda: until)

    async def get(self, registration: Registration) -> Exchange:
        return await self.about(registration, GET)

    async def update(self, registration: Registration, info: Any) -> Exchange:
        return await self.about(registration, UPDATE, {"info": info})

    async def add(self, registration: Registration, documents: Any) -> Exchange:
        return await self.about(registration, ADD, {"documents": documents})

    async def get_after(self, change: Exchange, registration: Registration) -> Exchange:
        """A Provider/get that is asked again until it shows an acknowledged change, or ``settle`` has passed."""
        sent = change.sent.body if change.sent else None
        if not change.acknowledged or self.config.updates == "deferred":
            return await self.get(registration)
        status = member(change.body_of_reply, "/registration/status")

        def shows(exchange: Exchange) -> bool:
            body = exchange.body_of_reply
            info = member(sent, "/info")
            if isinstance(info, dict) and any(
                value is not None and str(member(body, below("/info", key))).casefold() != str(value).casefold()
                for key, value in info.items()
            ):
                return False
            names = (
                [d.get("name") for d in member(body, "/documents") if isinstance(d, dict)]
                if isinstance(member(body, "/documents"), list)
                else []
            )
            added = member(sent, "/documents")
            if isinstance(added, list) and any(isinstance(d, dict) and d.get("name") not in names for d in added):
                return False
            return bool(member(body, "/registration/status") == status) or status == MISSING

        return await self.about(registration, GET, enough=shows, since=change.ended)

    async def verify(self, registration: Registration) -> None:
        """Has a person's verification done through the declared hook; raises Unmet where there is none."""
        await self._verifier.verify(registration.id)
