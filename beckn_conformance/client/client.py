"""The client: sends messages to the implementation under test and records what comes back."""

from __future__ import annotations

import asyncio
import datetime
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..config.gateway import GatewayConfig
from ..config.time_zones import zone
from ..judging.checks import may_pass
from ..judging.origin import INTERMEDIARY, JSON, Appearance, Fronted, Origin, family, is_bare
from ..messages.binding import Binding
from ..messages.exchange import CONTROL, Exchange, Reply, Request, Trouble, TroubleKind
from ..messages.text import counted
from ..specification.actions import GET
from . import clock
from .control import Control
from .http import BrokenOff, ReplyTooLarge, Transport, Unsendable, Unsent
from .insistence import Insistence
from .limiter import ConcurrencyLimiter
from .memory import Memory
from .network import Network
from .outgoing import Outgoing
from .retry import Fate, RetryPolicy, Wait

if TYPE_CHECKING:
    import httpx

MOST_TURNED_AWAY = 200
"""Replies in a row by something in front of the gateway after which no more is sent."""
STANDING = 3
"""Failures of an operation of one kind that were judged; after that all others are judged, too."""


class Client:
    """Sends requests within the limits of a configuration; every request becomes one Exchange.

    It belongs to the event loop in which it is first used. ``transport`` replaces the network, for tests. A ``peer`` is
    not the gateway under test and is not waited for: what its silence means is up to the caller (X1).
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        record: Callable[[Exchange], None] = lambda exchange: None,
        label: str = "",
        peer: bool = False,
        memory: Memory | None = None,
    ) -> None:
        self.config = config
        self.sent = 0
        self.appearance = Appearance()
        self.line = asyncio.Lock()
        """Held while a group of calls waits for places, so that two groups never wait for each other's."""
        self.has_socket = transport is None and not (config.proxy and config.url.startswith("http:"))
        """True if raw bytes can be sent: a proxy lets them pass through a tunnel only, which it opens for https."""
        self._memory = memory or Memory()
        self._peer = config.url if peer else ""
        self._record = record
        self._label = label
        self._numbers = itertools.count(1)
        self._zone = zone(config.timestamp_zone)
        self._next_slot = 0.0
        self.limiter = ConcurrencyLimiter(config.concurrency)
        self.insistence = Insistence(config.patience, self.limiter)
        self._retry = RetryPolicy(config.patience, self.limiter)
        self._control = Control(self._ask, config.patience)
        self._controls: list[Exchange] = []
        self._fronted = Fronted()
        self._standing: Counter[tuple[str, str]] = Counter()
        """By operation and kind, the failures that are judged."""
        self._passing: Counter[tuple[str, str]] = Counter()
        """By operation and kind, those that are not."""
        self._transport = _transport(config, transport)

    async def close(self) -> None:
        await self._transport.close()

    def notes(self) -> Iterator[str]:
        """Notes for the reader of the report on the connections and the waiting (T13)."""
        yield from self._retry.notes()
        yield from self.insistence.notes()
        if self._passing:
            kinds = ", ".join(f"{count} × {action}: {kind}" for (action, kind), count in self._passing.most_common())
            yield (
                f"{counted(self._passing.total(), 'call')} failed in a way that is judged only if it comes each time a "
                f"test is played (T13): {kinds}"
            )
        if count := self._transport.trailing:
            answers = counted(count, "answer")
            yield f"{answers} had bytes after the end of their compressed content, which clients ignore"
        if seen := str(self._fronted):
            yield (
                f"{seen}, taken for something in front of the gateway; if it is a firewall, its log names the rules to "
                "exempt the kit from; if it limits requests, --gateway-rate has the kit send fewer"
            )

    def timestamp(self) -> str:
        """Now, in the form of the page (H1)."""
        return datetime.datetime.now(self._zone).strftime("%Y-%m-%dT%H:%M:%S")

    async def send(self, outgoing: Outgoing) -> Exchange:
        """Sends a request and waits for the whole reply, as often as the retry policy says.

        Never raises for what the gateway does.
        """
        is_message = outgoing.change is None
        wait = Wait(repeatable=is_message and outgoing.action == GET)
        again: float | None = None
        while True:
            if is_message and self._control.is_away and not self._peer:
                await self._control.back()
            exchange, fate, begun = await self._try(outgoing, wait.repeatable, is_first=again is None)
            if fate is None or self._peer or not is_message:
                break
            if fate is Fate.ANSWERED:
                fate = await self._fate_of(exchange, outgoing.binding, begun)
            again = self._retry.after(exchange, fate, wait, begun)
            if again is None:
                break
            await asyncio.sleep(again)
            if fate in (Fate.PUT_OFF, Fate.LOST):
                await self._control.back()
        failure = "" if outgoing.purpose else _failure(exchange, fate)
        if outgoing.closed is not None:
            wait.reason = outgoing.closed if failure or may_pass(exchange) else wait.reason
        elif failure:
            wait.reason = self._let_pass(failure, outgoing)
        if wait.reason:
            exchange = replace(exchange, trouble=wait.reason, received=None)
        return self._keep(exchange)

    async def _try(
        self, outgoing: Outgoing, repeatable: bool, *, is_first: bool
    ) -> tuple[Exchange, Fate | None, float]:
        """Sends a request once: the exchange without an id, its fate (None if it was not tried), and when it began."""
        async with self.limiter.place(first=outgoing.is_control or not is_first):
            if outgoing.start is not None and is_first:
                await outgoing.start()
            await self._pace(outgoing)
            message, request = outgoing.request(self.config, self.timestamp())
            started, begun = clock.now(), clock.monotonic()
            reply, fate, trouble, is_crowded = None, None, self._retry.ended(outgoing.action), self.limiter.is_raised
            if trouble is None:
                self.sent += 1
                within = self.config.timeout
                with self.limiter.sending():
                    reply, fate, trouble = await _carry(self._transport, request, within, repeatable=repeatable)
            if self._transport.is_narrow:
                self.limiter.narrow()
            seconds = clock.monotonic() - begun
            is_crowded |= self.limiter.is_raised
        if is_crowded and reply is not None and reply.status >= 500 and not outgoing.purpose:
            # It may have had too many requests at once. As many as usual will show.
            self.limiter.lower()
            fate = Fate.PUT_OFF
        exchange = Exchange(
            id="",
            action=outgoing.action,
            request=request,
            sent=message,
            reply=reply,
            received=outgoing.binding.decode(reply) if reply else None,
            started=started,
            seconds=seconds,
            trouble=trouble,
            purpose=outgoing.purpose,
            stimulus=outgoing.stimulus,
            about=outgoing.about,
            peer=self._peer,
        )
        return exchange, fate, begun

    def _let_pass(self, failure: str, outgoing: Outgoing) -> Trouble | None:
        """Says that a failure of a call is not judged, unless it is (T13)."""
        kind = outgoing.action, failure
        if not outgoing.may_fail or self._standing[kind] >= STANDING or self._retry.ended(outgoing.action):
            self._standing[kind] += 1
            return None
        self._passing[kind] += 1
        return Trouble(TroubleKind.PASSING, f"{failure}, which is judged only if it comes each time the test is played")

    def _keep(self, exchange: Exchange) -> Exchange:
        """Records an exchange. It is numbered now, so that one that is missing on record leaves a gap."""
        if exchange.reply is not None:
            try:
                self._memory.receive(exchange.reply)
            except ReplyTooLarge as error:
                trouble = Trouble(TroubleKind.LIMIT, str(error))
                exchange = replace(exchange, reply=None, received=None, trouble=trouble)
        if exchange.purpose not in ("", CONTROL):
            self.insistence.provoke(exchange.action)
        exchange = replace(exchange, id=f"{self._label}x{next(self._numbers)}")
        self._record(exchange)
        return exchange

    async def _fate_of(self, exchange: Exchange, binding: Binding, begun: float) -> Fate:
        """Decides whether a reply answers its request, or is what any request would get (T6)."""
        reply = exchange.reply
        self.appearance.learn(exchange)
        if reply is None or not is_bare(exchange):
            if reply is not None:
                self._fronted.in_a_row = 0
            if exchange.action == GET and not exchange.purpose:
                self._control.learn(exchange, binding)
            return Fate.ANSWERED
        if reply.status in INTERMEDIARY:
            return Fate.PUT_OFF
        if reply.status == 429 or exchange.purpose:
            return Fate.ANSWERED
        kind = (exchange.action, reply.status, family(reply), reply.header("server"))
        belongs = await self._control.belongs(exchange, kind, begun, begun + exchange.seconds)
        if not belongs or self.appearance.origin(exchange) is Origin.FRONT:
            self._fronted.note(reply)
            if self._fronted.in_a_row >= MOST_TURNED_AWAY:
                self._retry.give_up(
                    f"{MOST_TURNED_AWAY} replies in a row by something in front of the gateway, the last one with "
                    f"status {reply.status}"
                )
        return Fate.ANSWERED if belongs else Fate.PUT_OFF

    async def _ask(self, control: Outgoing) -> bool:
        """Makes a plain call that was answered before, once; says whether it is answered now."""
        exchange, _, _ = await self._try(control, repeatable=True, is_first=True)
        exchange = self._keep(exchange)
        self._controls.append(exchange)
        if exchange.reply is not None and exchange.action_of_reply is None:
            self._retry.count(exchange.reply)
        return exchange.action_of_reply is not None

    def take_controls(self) -> list[Exchange]:
        """The plain calls that no test made, since they were taken last."""
        taken, self._controls = self._controls, []
        return taken

    async def back(self) -> bool:
        """Waits until the gateway answers a plain call; False if it does not within patience (T13)."""
        return not self._retry.given_up and await self._control.back()

    def _free_at(self, outgoing: Outgoing) -> float:
        """The moment from which a request may be sent; a plain call finds out whether a pause is over."""
        return self._next_slot if outgoing.is_control else max(self._retry.quiet_until, self._next_slot)

    async def _pace(self, outgoing: Outgoing) -> None:
        """Waits out a pause that the gateway asked for, and keeps to the declared rate or the gateway's own limit."""
        while (wait := self._free_at(outgoing) - clock.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        interval = max(self._retry.interval, 1 / self.config.rate if self.config.rate else 0.0)
        if interval:
            self._next_slot = max(self._next_slot, clock.monotonic()) + interval


def _failure(exchange: Exchange, fate: Fate | None) -> str:
    """The failure of a call that may pass: no reply in time, a server error, or JSON that is cut off. Else nothing."""
    reply, received = exchange.reply, exchange.received
    if fate is Fate.LATE and exchange.stimulus is None:
        return "no reply in time"
    if fate is not Fate.ANSWERED or reply is None or received is None:
        return ""
    if is_bare(exchange) and reply.status >= 500:
        return f"status {reply.status}"
    garbled = received.unreadable and family(reply) == JSON and reply.content.strip()
    return "a body that is not JSON" if garbled else ""


async def _carry(
    transport: Transport, request: Request, within: float, *, repeatable: bool
) -> tuple[Reply | None, Fate | None, Trouble | None]:
    """Sends a request once: the reply, its fate (None if there is no request to send), and what went wrong."""
    raw = request.raw
    try:
        async with asyncio.timeout(within + (raw.pause * len(raw.pieces) if raw else 0)):
            return await transport.carry(request, repeatable=repeatable), Fate.ANSWERED, None
    except TimeoutError as error:
        return (
            None,
            Fate.LATE,
            Trouble(TroubleKind.TIMEOUT, str(error) or f"no whole reply within {within:g} s (--gateway-timeout)"),
        )
    except ReplyTooLarge as error:
        return None, Fate.ANSWERED, Trouble(TroubleKind.LIMIT, str(error))
    except Unsent as error:
        return None, Fate.UNSENT, Trouble(TroubleKind.NO_CONNECTION, str(error))
    except BrokenOff as error:
        return None, Fate.LOST, Trouble(TroubleKind.CONNECTION, str(error))
    except Unsendable as error:
        return None, None, Trouble(TroubleKind.LIMIT, f"HTTP has no form for this request ({error})")


def _transport(config: GatewayConfig, transport: httpx.AsyncBaseTransport | None) -> Transport:
    if transport is None:
        return Network(config)
    from .in_process import InProcess

    return InProcess(transport)
