"""A provider played by the kit: makes calls for one test and keeps what was exchanged."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import Unmet
from ..judging.checks import may_be_too_early
from ..messages.binding import Binding
from ..messages.exchange import Exchange, Stimulus, Trouble, TroubleKind
from ..messages.registration import Registration, registration_of
from ..messages.values import Values
from ..specification.actions import ADD, GET, SIGNUP, UPDATE
from ..specification.pointer import MISSING, at_or_below, member, objects
from ..specification.specification import Specification
from .client import Client
from .description import describe
from .exclusive import ExclusiveAccess
from .failures import Failures
from .hostile_sender import HostileSender
from .liveness import Liveness, shows_too_little
from .outgoing import Outgoing
from .peers import Peers
from .poll import poll
from .verification import Verifier
from .witness import look_why, serves_plain_calls

Turn = Callable[[], contextlib.AbstractAsyncContextManager[None]]
"""Makes a context that a call waits to enter before it is made."""

GATHERING = 2.0
"""Seconds that calls made together wait for each other's places."""
LONGEST_WAIT = 20.0
"""Seconds that a test waits for others at most. What was registered so short a time ago is there by every reading."""
AFTER_SETTLING = 0.02
"""Seconds that ``settle`` waits longer than declared, for clocks that differ a little."""


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
        gateway: Client,
        binding: Binding,
        specification: Specification,
        values: Values,
        verifier: Verifier,
        turn: Turn = contextlib.nullcontext,
        exclusive: ExclusiveAccess | None = None,
        peers: Mapping[str, Client] | None = None,
    ) -> None:
        self.gateway = gateway
        self.config = gateway.config
        self.binding = binding
        self.specification = specification
        self.values = values
        self.verifier = verifier
        self.exclusive = exclusive or ExclusiveAccess()
        self.exchanges: list[Exchange] = []
        self.lost = 0
        """Calls whose answer was lost, and that were not made with other data since."""
        self.turned_away = 0
        """Malformed requests that something in front answered; they are sent once more at the end of the run."""
        self.failures = Failures()
        self.hurried = False
        """True if ``settle`` does not wait: what fails even so is made small sooner."""
        self.due = asyncio.Event()
        """Set once others wait for this test to end."""
        self.hostile = HostileSender(self)
        self.liveness = Liveness(self)
        self._gateways = peers or {}
        self.peers = Peers(self, self._gateways)
        self._turn = turn
        self._taken: set[str] = set()

    async def call(
        self,
        action: str,
        body: Any,
        *,
        token: str | None = None,
        header: Mapping[str, str | None] | None = None,
        purpose: str = "",
        stimulus: Stimulus | None = None,
        plain: bool = False,
        start: Callable[[], Awaitable[object]] | None = None,
        peer: str = "",
        closed: Trouble | None = None,
    ) -> Exchange:
        """Makes one call, and again while it is refused without a reason (T13).

        ``header`` overrides header members, None leaves one out.
        ``plain`` asks for a reply that is not compressed.
        With ``closed``, a call is made once, and such a refusal of it, or a failure, is put down to that.
        ``peer`` is the base URL of another gateway to ask. ``start`` is awaited with a place in hand.
        """
        place = None if purpose or closed else self.failures.place(action, (body, token, header))
        outgoing = Outgoing(
            action,
            self.binding,
            body,
            token,
            header or {},
            purpose=purpose,
            stimulus=stimulus,
            plain=plain,
            may_fail=place is not None and self.failures.may_pass(place),
        )

        async def ask(
            *, start: Callable[[], Awaitable[object]] | None = None, closed: Trouble | None = closed
        ) -> Exchange:
            if peer:
                exchange = await self._gateways[peer].send(outgoing)
            else:
                async with self._turn():
                    exchange = await self.gateway.send(replace(outgoing, start=start, closed=closed))
                self.lost += not purpose and self.gateway.appearance.lost(exchange)
                if place and exchange.trouble is not None and exchange.trouble.kind is TroubleKind.PASSING:
                    self.failures.passing[place] = exchange.ended
            self.exchanges.append(exchange)
            return exchange

        may_pass = not (peer or purpose or header or closed)
        insistence = self.gateway.insistence
        if may_pass:
            await insistence.wait(action)
        exchange = await ask(start=start)
        if may_pass:
            blames = self.specification.blames_registration(action)
            is_served = functools.partial(serves_plain_calls, self)
            exchange = await insistence.insist(exchange, ask, is_served, blames_registration=blames)
            if exchange.refused and may_be_too_early(exchange) and insistence.is_of_its_provider(exchange):
                await look_why(self, exchange, token)
        return exchange

    async def together(self, *calls: Call, apart: float = 0.0) -> list[Exchange]:
        """Makes calls at one moment, or some seconds apart.

        None is sent before there is a place for all of them; those beyond the declared concurrency follow. A declared
        rate still spaces them out.
        """
        abreast = min(len(calls), self.gateway.limiter.usual)
        there = 0
        ready = asyncio.Event()

        async def make(place: int, call: Call) -> Exchange:
            async def start() -> None:
                nonlocal there
                there += 1
                if there == abreast:
                    ready.set()
                # A gateway that asks for fewer requests leaves no places for all of them.
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
        """A signup, valid unless a body is given; repeated with new data if the answer was lost (T13)."""
        exchange = await self.call(SIGNUP, self.values.signup() if body is None else body, **options)
        if body is None and self.gateway.appearance.lost(exchange) and await self.gateway.back():
            self.lost -= 1
            exchange = await self.call(SIGNUP, self.values.signup(), **options)
        return exchange

    async def registered(self, body: Any = None) -> Registration:
        """A registration for later calls; raises Unmet if there is none."""
        if self.verifier.uses_stock:
            return self.verifier.take(self._taken)
        exchange = await self.signup(body)
        registration = await self.usable(exchange)
        if registration is None:
            raise Unmet(f"no registration could be made: {describe(exchange)}")
        return registration

    async def usable(self, signup: Exchange) -> Registration | None:
        """The registration that a signup made, verified if the gateway serves no other; None without one."""
        registration = registration_of(signup)
        if registration is None or self.verifier.uses_stock:
            return None
        if self.verifier.always:
            await self.verifier.verify(registration.id)
        return registration

    async def settle(self, *, until_due: bool = False) -> None:
        """Waits until every call must see what was changed (R19), or ``until_due`` while other tests are played."""
        if self.hurried or (until_due and self.verifier.uses_stock):
            # Those others wait for the registrations of this test.
            return
        async with self.exclusive.paused():
            if until_due:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.due.wait(), LONGEST_WAIT)
            else:
                await asyncio.sleep(self.config.settle + AFTER_SETTLING)

    async def about(
        self,
        registration: Registration,
        action: str,
        parts: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        enough: Callable[[Exchange], bool] = lambda exchange: not may_be_too_early(exchange),
        since: float | None = None,
    ) -> Exchange:
        """A call about a registration, repeated until its answer is ``enough`` or ``settle`` has passed (R19).

        ``body`` replaces that of a valid call with these ``parts``. An update that is refused for members that the
        gateway holds on to is made again, without a change of those (Q15).
        """
        until = (registration.made if since is None else since) + self.config.settle
        sent = Call.about(registration, action, parts).body if body is None else body

        async def ask() -> Exchange:
            return await self.call(action, sent, token=registration.token)

        def done(exchange: Exchange, began: float) -> bool:
            return enough(exchange) or began >= until

        exchange = await poll(ask, done, until=lambda: until)
        while held := _held(exchange, registration, self.specification):
            sent = {**sent, "info": {**sent["info"], **held}}
            exchange = await poll(ask, done, until=lambda: until)
        return exchange

    async def get(self, registration: Registration) -> Exchange:
        """A Provider/get, repeated until it shows the documents of the signup or ``settle`` has passed."""
        return await self.about(registration, GET, enough=lambda got: not shows_too_little(got, registration))

    async def update(self, registration: Registration, info: Any) -> Exchange:
        return await self.about(registration, UPDATE, {"info": info})

    async def add(self, registration: Registration, documents: Any) -> Exchange:
        return await self.about(registration, ADD, {"documents": documents})

    async def get_after(self, change: Exchange, registration: Registration) -> Exchange:
        """A Provider/get, repeated until it shows an acknowledged change or ``settle`` has passed."""
        if not change.acknowledged or self.config.updates == "deferred":
            return await self.get(registration)

        def enough(got: Exchange) -> bool:
            return _shows(got, change, self.specification) and not shows_too_little(got, registration)

        return await self.about(registration, GET, enough=enough, since=change.ended)


def _held(update: Exchange, registration: Registration, specification: Specification) -> dict[str, Any]:
    """Returns the registration's values of members for whose new values, which are valid, an update was refused.

    There are none if such an update would change nothing, which is never sent.
    """
    if update.action != UPDATE or not update.refused or update.sent is None:
        return {}
    held = {
        known.name: value
        for known in specification.children(UPDATE, "/info")
        if (value := member(registration.body, known.pointer)) != MISSING
        and member(update.body_of_reply, known.pointer) not in (MISSING, None, "")
        and (new := member(update.sent.body, known.pointer)) not in (MISSING, value)
        and known.borders.tolerates(new)
        and known.borders.approves(new)
    }
    mine, info = member(registration.body, "/info"), {**member(update.sent.body, "/info"), **held} if held else {}
    return held if any(value not in (None, mine.get(name)) for name, value in info.items()) else {}


def _shows(got: Exchange, change: Exchange, specification: Specification) -> bool:
    """Returns True if a Provider/get shows the values, the documents and the status of an acknowledged change.

    Members that the page does not have need not be shown (T11).
    """
    sent, body = change.body_sent, got.body_of_reply
    values = (
        (known.pointer, member(sent, known.pointer))
        for known in specification.members(change.action)
        if known.scalar and "*" not in known.pointer and not at_or_below(known.pointer, "/registration")
    )
    if any(v not in (None, MISSING) and str(member(body, at)).casefold() != str(v).casefold() for at, v in values):
        return False
    names = [document.get("name") for _, document in objects(body, "/documents")]
    if any(document.get("name") not in names for _, document in objects(sent, "/documents")):
        return False
    status = member(change.body_of_reply, "/registration/status")
    return status == MISSING or bool(member(body, "/registration/status") == status)
