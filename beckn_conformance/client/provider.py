"""A provider played by the kit: makes calls for one test and keeps what was exchanged."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.gateway import SIGNUP_TOKEN, GatewayConfig
from ..errors import Unmet
from ..judging.checks import looks_unsettled
from ..judging.history import falters
from ..judging.origin import is_bare, is_intermediary, signature
from ..messages.binding import Binding, EnvelopeBinding
from ..messages.exchange import LONGEST_ID, LONGEST_TOKEN, Exchange, Message, Request, Role, Stimulus, TroubleKind
from ..messages.hostile import Talk, Text
from ..messages.json_text import write_json
from ..messages.registration import Registration as Registration
from ..messages.registration import registration_of
from ..messages.text import shown
from ..messages.values import Values
from ..specification.actions import ADD, GET, SIGNUP, UPDATE
from ..specification.loading import load
from ..specification.pointer import MISSING, member
from ..specification.specification import Specification
from . import clock
from .client import Gateway
from .exclusive import Solitude
from .raw import head
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
        solitude: Solitude | None = None,
        peers: Mapping[str, Gateway] | None = None,
    ) -> None:
        self.solitude = solitude or Solitude()
        self.values = values
        self.specification = specification
        self.exchanges: list[Exchange] = []
        self.lost = 0
        """Calls whose answer was lost, and that were made with no other data since."""
        self._gateway = gateway
        self._peers = peers or {}
        self._binding = binding
        self._verifier = verifier
        self._turn = turn
        self._taken: set[str] = set()
        self.hurried = False
        """Whether ``settle`` waits for nothing: what shows without it is sooner made small."""

    @property
    def config(self) -> GatewayConfig:
        return self._gateway.config

    @property
    def carries_lines(self) -> bool:
        """Whether a member of the header may have a line break in it, which a field of HTTP cannot."""
        return isinstance(self._binding, EnvelopeBinding)

    def header(self, action: str, token: str | None = None) -> dict[str, str]:
        """The three header members of a valid request."""
        if token is None:
            token = self.config.signup_token or SIGNUP_TOKEN
        return {"Action": action, "Token": token, "Timestamp": self._gateway.timestamp()}

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
        gateway = self._peers[peer] if peer else self._gateway
        async with contextlib.nullcontext() if peer else self._turn():
            changes = header or {}
            members: dict[str, str | None] = {**self.header(action, token), **changes}
            message = Message({name: value for name, value in members.items() if value is not None}, body)
            dated = "Timestamp" in changes
            exchange = await gateway.send(
                action, message, self._binding, purpose=purpose, stimulus=stimulus, start=start, dated=dated
            )
        self.exchanges.append(exchange)
        self.lost += not peer and not purpose and self._gateway.appearance.lost(exchange)
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

        async with asyncio.TaskGroup() as group, self._gateway.line:
            made = [group.create_task(make(place, call)) for place, call in enumerate(calls)]
            await ready.wait()
        return [task.result() for task in made]

    async def call_text(
        self, action: str, body: Any, text: Text, *, of: Registration, purpose: str, stimulus: Stimulus
    ) -> Exchange:
        """Makes a call about a registration whose body is another text than the JSON of a valid one (T14)."""
        header = self.header(action, None if action == SIGNUP else of.token)
        content = text(write_json(body))
        exchange = await self._gateway.send_raw(
            action, header, content, self._binding, purpose=purpose, stimulus=stimulus, about=of.id
        )
        self.exchanges.append(exchange)
        # What a firewall says of such a text, it will say again; what a proxy says, it may not.
        self.lost += purpose == "malformed" and is_bare(exchange) and is_intermediary(exchange)
        return exchange

    async def call_foreign(
        self,
        action: str,
        body: Any,
        *,
        of: Registration,
        stimulus: Stimulus,
        method: str | None = None,
        path: str | None = None,
        media_type: str | None = "application/json",
    ) -> Exchange:
        """Sends a valid message by another method, to another path or under another media type (T16)."""

        def make() -> Request:
            request = self._request(action, body, of)
            fields = [(name, value) for name, value in request.headers if name != "Content-Type"]
            if media_type is not None:
                fields.append(("Content-Type", media_type))
            url = f"{self.config.url}{path or '/' + action}"
            return Request(method or request.method, url, tuple(fields), request.content)

        return await self.send(action, make, purpose="foreign", stimulus=stimulus, about=of.id)

    async def call_wire(
        self, action: str, body: Any, talk: Talk, *, of: Registration, about: str, stimulus: Stimulus
    ) -> Exchange:
        """Sends raw bytes made of a valid request (T16)."""

        def make() -> Request:
            request = self._request(action, body, of)
            raw = talk(head(request), request.content)
            return dataclasses.replace(request, headers=(), content=b"".join(raw.pieces), raw=raw)

        return await self.send(action, make, purpose="broken", stimulus=stimulus, about=about)

    async def send(
        self, action: str, make: Callable[[], Request], *, purpose: str, stimulus: Stimulus, about: str
    ) -> Exchange:
        """Sends a request once, as it is made at that moment."""
        exchange = await self._gateway.send_request(
            action, make, self._binding, purpose=purpose, stimulus=stimulus, about=about
        )
        self.exchanges.append(exchange)
        return exchange

    def _request(self, action: str, body: Any, of: Registration) -> Request:
        message = Message(self.header(action, None if action == SIGNUP else of.token), body)
        fields, content = self._binding.encode(message)
        names = {name.casefold() for name, _ in fields}
        extra = tuple((k, v) for k, v in self.config.headers.items() if k.casefold() not in names)
        return Request(self.config.method, f"{self.config.url}/{action}", (*fields, *extra), content)

    def need_socket(self) -> None:
        """Raises Unmet where raw bytes cannot be sent."""
        if not self._gateway.has_socket:
            raise Unmet("raw bytes cannot be sent where an HTTP proxy or no socket at all is before the gateway")

    @contextlib.asynccontextmanager
    async def lives_on(
        self, kind: str, witness: Registration, *, group: str = "", last: bool = False
    ) -> AsyncIterator[None]:
        """Alone with what is sent within, sees to it that the gateway answers a plain call before and after it.

        Raises Unmet where it does not, and names what was sent. Before that it makes a last plain call that is marked
        for judging, unless what was sent belongs to a ``group``, a family of what is no call of the page: who shuts
        the kit out after such may stand in front of the gateway (T16).
        """
        async with self.solitude.alone(group or kind, last=last):
            if not self.solitude.answered and not self.solitude.stopped:
                before = await self._outlast(witness)
                if not self._is_answered(before):
                    self.solitude.stopped = f"before {kind} was sent, the gateway answered no more: {describe(before)}"
            if self.solitude.stopped:
                raise Unmet(self.solitude.stopped)
            yield
            after = await self._outlast(witness, Stimulus(kind, role=Role.AFTER))
            if not self._is_answered(after):
                self.solitude.stopped = self.solitude.stopped or (
                    f"after {kind if kind == group or not group else f'{group} ({kind})'} was sent, the gateway "
                    f"answered no more: {describe(after)}; either it came to its end, or something in front of it "
                    "keeps the kit out"
                )
                if not group and after.reply is None and self.solitude.sure:
                    await self._plain(witness, Stimulus(kind, role=Role.LONG_AFTER))
                raise Unmet(self.solitude.stopped)
        if looks_unsettled(after):
            await self.get(witness)

    async def _outlast(self, witness: Registration, stimulus: Stimulus | None = None) -> Exchange:
        """A plain call, made again for as long as patience lasts where none is answered."""
        until, pause = time.monotonic() + self.config.patience, 0.05
        while True:
            exchange = await self._plain(witness, stimulus)
            self.solitude.answered = self._is_answered(exchange)
            if self.solitude.answered or time.monotonic() >= until or self.solitude.stopped:
                return exchange
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2)

    def _is_answered(self, exchange: Exchange) -> bool:
        """Whether a reply came, and not from something in front of a gateway that is not there (T6)."""
        return self._gateway.appearance.by_gateway(exchange) or (
            exchange.trouble is not None and exchange.trouble.kind is TroubleKind.LIMIT
        )

    async def _plain(self, witness: Registration, stimulus: Stimulus | None = None) -> Exchange:
        return await self.call(GET, {"registration": {"id": witness.id}}, token=witness.token, stimulus=stimulus)

    async def signup(self, body: Any = None, **options: Any) -> Exchange:
        """A signup, valid unless a body is given; sent again with new data where the answer was lost (T13)."""
        exchange = await self.call(SIGNUP, self.values.signup() if body is None else body, **options)
        if body is None and self._gateway.appearance.lost(exchange) and await self._gateway.back():
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
            async with self.solitude.paused():
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
        pause = 0.05
        while True:
            now = clock.now()
            exchange = await self.call(action, body, token=registration.token)
            if enough(exchange) or now >= until:
                return exchange
            await asyncio.sleep(min(pause, max(until - clock.now() + 0.01, 0.01)))
            pause *= 2

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
                value is not None and str(member(body, f"/info/{key}")).casefold() != str(value).casefold()
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

    def need_peers(self) -> None:
        """Raises Unmet where no other gateway is declared."""
        if not self._peers:
            raise Unmet("no peers are declared")

    async def outlast_cloning(self) -> None:
        """Waits until whatever was changed must have been cloned (X1)."""
        async with self.solitude.paused():
            await asyncio.sleep(self.config.clone_within or 0.0)

    async def at_peers(self, shown: Exchange, registration: Registration) -> None:
        """Asks every other gateway for a registration until it shows what ``shown``, a Provider/get of the one that is
        judged, has shown, or the time to clone is over (X1).

        Raises Unmet where one gives no usable answer for as long as patience lasts, or does not show it in time: then
        nothing more can be learned of what follows.
        """
        last = await asyncio.gather(*(self._at_peer(peer, shown, registration) for peer in self._peers))
        for exchange in last:
            if falters(exchange, self.config):
                raise Unmet(f"the peer {exchange.peer} could not be asked: {describe(exchange)}")
            if not _says_the_same(exchange, shown):
                raise Unmet(f"the peer {exchange.peer} did not show in time what was to be cloned")

    async def _at_peer(self, peer: str, shown: Exchange, registration: Registration) -> Exchange:
        within = self.config.clone_within or 0.0
        until = shown.ended + within
        patience = clock.now() + within + self.config.patience
        pause = 0.05
        while True:
            now = clock.now()
            body = {"registration": {"id": registration.id}}
            exchange = await self.call(GET, body, token=registration.token, peer=peer)
            if falters(exchange, self.config):
                if exchange.ended >= patience:
                    return exchange
                until = max(until, exchange.ended + within)
            elif now >= until or _says_the_same(exchange, shown):
                return exchange
            async with self.solitude.paused():
                await asyncio.sleep(min(pause, max(until - clock.now() + 0.01, 0.01)))
            if self.solitude.stopped:
                raise Unmet(self.solitude.stopped)
            pause = min(pause * 2, max(0.5, within / 20))

    async def verify(self, registration: Registration) -> None:
        """Has a person's verification done through the declared hook; raises Unmet where there is none."""
        await self._verifier.verify(registration.id)


def _says_the_same(one: Exchange, other: Exchange) -> bool:
    """Whether two gateways show the same of a registration, whatever the order of its documents (R9), and but for the
    form of values (R10)."""

    def said(exchange: Exchange) -> list[str]:
        body = exchange.body_of_reply
        documents = member(body, "/documents")
        names = [member(d, "/name") for d in documents] if isinstance(documents, list) else []
        values = [plain(member(body, f"/info/{key}")) for key in load().info_names]
        return values + sorted(map(plain, names))

    def plain(value: Any) -> str:
        return unicodedata.normalize("NFC", str(value)).strip().casefold()

    return one.acknowledged and said(one) == said(other)


def describe(exchange: Exchange) -> str:
    """A reply in a few words, for the reason why something is inconclusive."""
    if exchange.reply is None or exchange.trouble:
        return str(exchange.trouble or "no reply")
    said = exchange.action_of_reply
    if said == "ACK":
        for pointer, most in (("/registration/id", LONGEST_ID), ("/auth/token", LONGEST_TOKEN)):
            value = member(exchange.body_of_reply, pointer)
            if isinstance(value, str) and len(value) > most:
                return f"an ACK with {len(value)} characters at {pointer}, and more than {most} are not used"
        return "an ACK without a usable registration.id and auth.token"
    if said == "NACK":
        assert exchange.received is not None
        message = exchange.received.header.get("message")
        words = f"NACK {shown(message, 80)}" if message else said
        return f"{words} (status {exchange.reply.status})"
    who = signature(exchange.reply)
    return f"neither ACK nor NACK (status {exchange.reply.status}{f'; {who}' if who else ''})"
