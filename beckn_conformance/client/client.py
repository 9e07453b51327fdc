"""The client: sends messages to the implementation under test and records what comes back."""

from __future__ import annotations

import asyncio
import datetime
import functools
import itertools
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace

import httpx

from ..config.gateway import GatewayConfig
from ..config.time_zones import zone
from ..config.tls import tls_context
from ..judging.origin import INTERMEDIARY, Appearance, Fronted, Origin, family, is_bare
from ..messages.binding import Binding
from ..messages.exchange import CONTROL, Exchange, Message, Reply, Request, Stimulus, Trouble, TroubleKind
from ..specification.actions import GET
from . import clock, raw
from .control import Control
from .http import (
    LARGEST_REPLY,
    BrokenOff,
    InProcess,
    Network,
    ReplyBudget,
    ReplyTooLarge,
    Transport,
    Unsendable,
    Unsent,
)
from .limiter import ConcurrencyLimiter
from .retry import Fate, RetryPolicy, Wait

"""The one operation that changes nothing."""


class Gateway:
    """Sends requests within the limits of a configuration; every request becomes one Exchange.

    It belongs to the event loop it is first used in. ``transport`` replaces the network, for tests. A ``peer`` is not
    the one that is judged, and is not waited for: what to do without its answer is for those who ask to say (X1).
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        record: Callable[[Exchange], None] = lambda exchange: None,
        label: str = "",
        peer: bool = False,
    ) -> None:
        self.config = config
        self._peer = config.url if peer else ""
        self.sent = 0
        self._record = record
        self._label = label
        self._numbers = itertools.count(1)
        self._zone = zone(config.timestamp_zone)
        self._next_slot = 0.0
        self._headers = tuple((name, value, name.casefold()) for name, value in config.headers.items())
        self._limiter = ConcurrencyLimiter(config.concurrency)
        self._retry = RetryPolicy(config.patience, self._limiter)
        self._control = Control(self._plain, config.patience)
        self._controls: list[Exchange] = []
        self.appearance = Appearance()
        self._fronted = Fronted()
        self.budget = ReplyBudget()
        self._transport: Transport = InProcess(transport, self.budget) if transport else Network(config, self.budget)
        self.line = asyncio.Lock()
        """Held while a group of calls waits for connections, so that two groups never wait for each other's."""
        self.has_socket = transport is None and not (config.proxy and config.url.startswith("http:"))
        """Whether raw bytes can be sent: a proxy lets them pass through a tunnel only, which it opens for https."""

    async def close(self) -> None:
        await self._transport.close()

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext | None:
        """For raw bytes; reading what the machine trusts takes longer than a call."""
        return None if self.config.url.startswith("http:") else tls_context(self.config.tls)

    def notes(self) -> Iterator[str]:
        """What a reader of the report should know of this gateway's connections and of the waiting for it (T13)."""
        yield from self._retry.notes()
        if count := self._transport.trailing:
            yield f"{count} replies had bytes after the end of their compressed content, which clients ignore"
        if seen := str(self._fronted):
            yield (
                f"{seen}, taken for something in front of the gateway; if it limits requests, --gateway-rate has the "
                "kit send fewer"
            )

    def timestamp(self) -> str:
        """Now, in the form of the page (H1)."""
        return datetime.datetime.now(self._zone).strftime("%Y-%m-%dT%H:%M:%S")

    async def send(
        self,
        action: str,
        message: Message,
        binding: Binding,
        *,
        purpose: str = "",
        stimulus: Stimulus | None = None,
        start: Callable[[], Awaitable[object]] | None = None,
        dated: bool = True,
    ) -> Exchange:
        """Sends a message and waits for the whole reply; never raises for what the gateway does.

        ``start`` is awaited with a connection in hand, where the moment of sending matters. Unless the message is
        ``dated``, its Timestamp is that of each attempt to send it.
        """

        def make() -> tuple[Message, Request]:
            stamped = message if dated else replace(message, header=self._stamped(message.header))
            return stamped, self._request(action, *binding.encode(stamped))

        return await self._exchange(action, make, binding, purpose, stimulus, start)

    async def send_raw(
        self,
        action: str,
        header: Mapping[str, str],
        content: bytes,
        binding: Binding,
        *,
        purpose: str,
        stimulus: Stimulus | None = None,
        about: str = "",
    ) -> Exchange:
        """Sends content that is no message, under a header that is (T14); ``about`` as in the exchange."""

        def make() -> tuple[None, Request]:
            return None, self._request(action, *binding.wrap(self._stamped(header), content))

        return await self._exchange(action, make, binding, purpose, stimulus, about=about)

    def _stamped(self, header: Mapping[str, str]) -> dict[str, str]:
        """The header members of a request with the present time; gateways may refuse an old one."""
        return {**header, "Timestamp": self.timestamp()}

    def _request(self, action: str, headers: tuple[tuple[str, str], ...], content: bytes) -> Request:
        names = {name.casefold() for name, _ in headers}
        extra = tuple((name, value) for name, value, key in self._headers if key not in names)
        return Request(self.config.method, f"{self.config.url}/{action}", (*headers, *extra), content)

    async def send_request(
        self,
        action: str,
        make: Callable[[], Request],
        binding: Binding,
        *,
        purpose: str,
        stimulus: Stimulus | None,
        about: str,
    ) -> Exchange:
        """Sends a request that is no call of the page, or raw bytes (T16), once; ``about`` as in the exchange.

        ``make`` is called at the moment of sending, so that the request can say what time it is.
        """
        await self._limiter.enter()
        try:
            await self._pace()
            request = make()
            started, begun = clock.now(), time.monotonic()
            reply, trouble = await self._odd(request)
            seconds = time.monotonic() - begun
        finally:
            self._limiter.leave()
        exchange = Exchange(
            id=f"{self._label}x{next(self._numbers)}",
            action=action,
            request=request,
            sent=None,
            reply=reply,
            received=binding.decode(reply) if reply else None,
            started=started,
            seconds=seconds,
            trouble=trouble,
            purpose=purpose,
            stimulus=stimulus,
            about=about,
        )
        self._record(exchange)
        return exchange

    async def _odd(self, request: Request) -> tuple[Reply | None, Trouble | None]:
        if request.raw is None:
            reply, _, trouble = await self._attempt(request, repeatable=False)
            return reply, trouble
        self.sent += 1
        reply, trouble = await raw.send(
            request, request.raw, self._tls, self.config.proxy, patience=self.config.timeout, longest=LARGEST_REPLY
        )
        try:
            return self.budget.keep(reply) if reply else None, trouble
        except ReplyTooLarge as error:
            return None, Trouble(TroubleKind.LIMIT, str(error))

    async def _exchange(
        self,
        action: str,
        make: Callable[[], tuple[Message | None, Request]],
        binding: Binding,
        purpose: str,
        stimulus: Stimulus | None,
        start: Callable[[], Awaitable[object]] | None = None,
        about: str = "",
    ) -> Exchange:
        wait = Wait(repeatable=action == GET)
        again: float | None = None
        while True:
            if self._control.is_away and not self._peer:
                await self._control.back()
            await self._limiter.enter(first=again is not None)
            try:
                if start is not None and again is None:
                    await start()
                await self._pace()
                message, request = make()
                started, begun = clock.now(), time.monotonic()
                reply, fate, trouble = await self._attempt(request, wait.repeatable)
                seconds = time.monotonic() - begun
            finally:
                self._limiter.leave()
            exchange = Exchange(
                id="",
                action=action,
                request=request,
                sent=message,
                reply=reply,
                received=binding.decode(reply) if reply else None,
                started=started,
                seconds=seconds,
                trouble=trouble,
                purpose=purpose,
                stimulus=stimulus,
                about=about,
                peer=self._peer,
            )
            if fate is None or self._peer:
                break
            if fate is Fate.ANSWERED:
                fate = await self._told_apart(exchange, binding, begun, begun + seconds)
            again = self._retry.after(exchange, fate, wait, begun)
            if again is None:
                break
            await asyncio.sleep(again)
            if fate in (Fate.PUT_OFF, Fate.LOST):
                await self._control.back()
        if wait.reason:
            exchange = replace(exchange, trouble=wait.reason, received=None)
        # Numbered as they are recorded, so that one that is missing on record leaves a gap.
        exchange = replace(exchange, id=self._next_id())
        self._record(exchange)
        return exchange

    def _next_id(self) -> str:
        return f"{self._label}x{next(self._numbers)}"

    async def _told_apart(self, exchange: Exchange, binding: Binding, begun: float, ended: float) -> Fate:
        """Whether a reply is an answer to its request, or no more than any other request gets (T6)."""
        reply = exchange.reply
        self.appearance.learn(exchange)
        if reply is None or not is_bare(exchange):
            if exchange.action == GET and not exchange.purpose:
                self._control.learn(exchange, binding)
            return Fate.ANSWERED
        if reply.status in INTERMEDIARY:
            return Fate.PUT_OFF
        if reply.status == 429 or exchange.purpose:
            return Fate.ANSWERED
        kind = (exchange.action, reply.status, family(reply), reply.header("server"))
        belongs = await self._control.belongs(exchange, kind, begun, ended)
        if not belongs or self.appearance.origin(exchange) is Origin.FRONT:
            self._fronted.note(reply)
        return Fate.ANSWERED if belongs else Fate.PUT_OFF

    async def _plain(self, message: Message, binding: Binding) -> bool:
        """Makes a plain call that was answered before, once; says whether it is answered now."""
        if self._retry.given_up:
            return False
        header = self._stamped(message.header)
        request = self._request(GET, *binding.encode(Message(header, message.body)))
        await self._limiter.enter(first=True)
        try:
            started, begun = clock.now(), time.monotonic()
            reply, _, trouble = await self._attempt(request, repeatable=True)
            seconds = time.monotonic() - begun
        finally:
            self._limiter.leave()
        exchange = Exchange(
            id=self._next_id(),
            action=GET,
            request=request,
            sent=Message(header, message.body),
            reply=reply,
            received=binding.decode(reply) if reply else None,
            started=started,
            seconds=seconds,
            trouble=trouble,
            purpose=CONTROL,
        )
        self._record(exchange)
        self._controls.append(exchange)
        if reply is not None and exchange.action_of_reply is None:
            self._retry.count(reply)
        return exchange.action_of_reply is not None

    def take_controls(self) -> list[Exchange]:
        """The plain calls that no test has made, since they were taken last."""
        taken, self._controls = self._controls, []
        return taken

    async def back(self) -> bool:
        """Waits until the gateway answers a plain call; False where it does not within patience (T13)."""
        return not self._retry.given_up and await self._control.back()

    async def _pace(self) -> None:
        """Waits out a pause that the gateway asked for, and keeps to the declared rate."""
        while (wait := max(self._retry.quiet_until, self._next_slot) - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        if self.config.rate:
            self._next_slot = max(self._next_slot, time.monotonic()) + 1 / self.config.rate

    async def _attempt(self, request: Request, repeatable: bool) -> tuple[Reply | None, Fate | None, Trouble | None]:
        """Sends a request once: the reply, what became of it (None where it was not tried), and what went wrong."""
        if self._retry.given_up:
            return None, None, self._retry.given_up
        self.sent += 1
        try:
            async with asyncio.timeout(self.config.timeout):
                reply = await self._transport.carry(request, repeatable=repeatable)
            return self.budget.keep(reply), Fate.ANSWERED, None
        except TimeoutError:
            return None, Fate.LATE, Trouble(TroubleKind.TIMEOUT, f"no whole reply within {self.config.timeout:g} s")
        except ReplyTooLarge as error:
            return None, Fate.ANSWERED, Trouble(TroubleKind.LIMIT, str(error))
        except Unsent as error:
            return None, Fate.UNSENT, Trouble(TroubleKind.NO_CONNECTION, str(error))
        except BrokenOff as error:
            return None, Fate.LOST, Trouble(TroubleKind.CONNECTION, str(error))
        except Unsendable as error:
            return None, None, Trouble(TroubleKind.LIMIT, f"HTTP has no form for this request ({error})")
