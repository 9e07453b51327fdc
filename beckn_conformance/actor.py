"""A provider played by the kit: makes calls for one test and keeps what was exchanged."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import time
import urllib.parse
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from .binding import Binding
from .checks import looks_unsettled
from .config import SIGNUP_TOKEN, GatewayConfig
from .errors import Unmet
from .exchange import MISSING, Exchange, Message, member
from .gateway import Gateway
from .specification import Specification
from .values import Values

SIGNUP, GET = "Provider/signup", "Provider/get"
UPDATE, ADD = "Provider/info/update", "Provider/documents/add"


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration of this run, as far as calls about it need it."""

    id: str
    token: str
    made: float
    """When its signup was acknowledged, in seconds since the epoch."""
    body: Any
    """What the signup sent; MISSING for one made beforehand."""


class Actor:
    """Plays the providers of one test. Calls may be made side by side; each becomes an exchange."""

    def __init__(
        self,
        gateway: Gateway,
        binding: Binding,
        specification: Specification,
        values: Values,
        verifier: Verifier,
    ) -> None:
        self.values = values
        self.specification = specification
        self.exchanges: list[Exchange] = []
        self._gateway = gateway
        self._binding = binding
        self._verifier = verifier
        self._taken: set[str] = set()
        self.hurried = False
        """Whether ``settle`` waits for nothing: what shows without it is sooner made small."""

    @property
    def config(self) -> GatewayConfig:
        return self._gateway.config

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
        tags: tuple[str, ...] = (),
    ) -> Exchange:
        """Makes one call; ``header`` overrides header members, None leaves one out."""
        members: dict[str, str | None] = {**self.header(action, token), **(header or {})}
        message = Message({name: value for name, value in members.items() if value is not None}, body)
        exchange = await self._gateway.send(action, message, self._binding, purpose=purpose, tags=tags)
        self.exchanges.append(exchange)
        return exchange

    async def call_raw(self, action: str, content: bytes, *, token: str | None = None, tag: str) -> Exchange:
        """Sends a body that is no JSON object, under a valid header."""
        exchange = await self._gateway.send_raw(
            action, self.header(action, token), content, self._binding, purpose="malformed", tags=(tag,)
        )
        self.exchanges.append(exchange)
        return exchange

    async def signup(self, body: Any = None, **options: Any) -> Exchange:
        """A signup, valid unless a body is given; sent again with new data where the connection was lost (T13)."""
        exchange = await self.call(SIGNUP, self.values.signup() if body is None else body, **options)
        if body is None and exchange.trouble.startswith("connection"):
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
            now = time.time()
            exchange = await self.call(action, body, token=registration.token)
            if enough(exchange) or now >= until:
                return exchange
            await asyncio.sleep(min(pause, max(until - time.time() + 0.01, 0.01)))
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

    async def verify(self, registration: Registration) -> None:
        """Has a person's verification done through the declared hook; raises Unmet where there is none."""
        await self._verifier.verify(registration.id)


def registration_of(exchange: Exchange) -> Registration | None:
    """The registration that a reply to a signup gives, where it can be used."""
    id_, token = (member(exchange.body_of_reply, p) for p in ("/registration/id", "/auth/token"))
    if not exchange.acknowledged or isinstance(id_, bool) or not isinstance(id_, str | int) or id_ == MISSING:
        return None
    if not isinstance(token, str) or token == MISSING or not token.strip() or not str(id_).strip():
        return None
    if any(ord(c) < 32 or ord(c) > 126 for c in token):
        return None
    return Registration(str(id_), token, exchange.ended, exchange.sent.body if exchange.sent else MISSING)


def describe(exchange: Exchange) -> str:
    """A reply in a few words, for the reason why something is inconclusive."""
    if exchange.reply is None or exchange.trouble:
        return exchange.trouble or "no reply"
    said = exchange.action_of_reply
    if said == "ACK":
        return "an ACK without a usable registration.id and auth.token"
    return f"{said or 'neither ACK nor NACK'} (status {exchange.reply.status})"


class Verifier:
    """Does what a person would do at the gateway: verifies registrations, or has made them beforehand."""

    def __init__(self, config: GatewayConfig, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._hook = config.verification_hook
        self._transport = transport
        self._stock = [Registration(id_, token, 0.0, MISSING) for id_, token in config.registrations]
        self._next = 0
        self._lock = asyncio.Lock()
        self.always = False
        """Whether each registration is verified at once, for gateways that serve nobody before."""

    @property
    def uses_stock(self) -> bool:
        """Whether registrations made beforehand take the place of fresh ones."""
        return self.always and self._hook is None and bool(self._stock)

    @property
    def has_stock(self) -> bool:
        return bool(self._stock)

    @property
    def can_verify(self) -> bool:
        return self._hook is not None

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Registrations made beforehand are shared, so tests that use them take turns."""
        if not self.uses_stock:
            yield
            return
        async with self._lock:
            yield

    def take(self, taken: set[str]) -> Registration:
        """The next of the registrations made beforehand; raises Unmet where a test needs more than there are."""
        for _ in self._stock:
            self._next += 1
            registration = self._stock[(self._next - 1) % len(self._stock)]
            if registration.id not in taken:
                taken.add(registration.id)
                return registration
        raise Unmet(f"{len(taken) + 1} registrations are needed, and {len(self._stock)} are declared")

    async def verify(self, registration: str) -> None:
        """Calls the hook: a URL is POSTed to, a command is run; raises Unmet where it fails."""
        if self._hook is None:
            raise Unmet("no verification_hook is declared")
        if self._hook.startswith(("http://", "https://")):
            url = self._hook.replace("{id}", urllib.parse.quote(registration, safe=""))
            try:
                async with httpx.AsyncClient(transport=self._transport, trust_env=False, timeout=10) as client:
                    answer = await client.post(url)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unmet(f"the verification_hook failed: {error}") from error
            if answer.is_error:
                raise Unmet(f"the verification_hook answered with status {answer.status_code}")
            return
        words = [part.replace("{id}", registration) for part in shlex.split(self._hook)]
        if "{id}" not in self._hook:
            words.append(registration)
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
            )
            status = await asyncio.wait_for(process.wait(), 30)
        except (OSError, TimeoutError) as error:
            raise Unmet(f"the verification_hook failed: {error}") from error
        if status:
            raise Unmet(f"the verification_hook ended with status {status}")
