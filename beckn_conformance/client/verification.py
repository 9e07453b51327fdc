"""Has registrations verified through the declared hook, in place of a person at the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import shlex
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from ..config.gateway import GatewayConfig
from ..config.proxies import authorization
from ..config.tls import tls_context
from ..config.urls import check_hook, is_url
from ..errors import Unmet, UsageError
from ..messages.exchange import CLIENT_HEADERS, Reply, Request
from ..messages.json_text import write_json
from ..messages.registration import Registration
from ..process.children import SAFE_PATH
from ..specification.pointer import MISSING
from ..untrusted.text import brief
from .connection import connect, proxy_fields
from .http import BrokenOff, ReplyTooLarge, Unsendable, Unsent, head, one_line

if TYPE_CHECKING:
    import httpx

VARIABLE = "REGISTRATION_ID"
"""Environment variable that tells a command the id, whatever characters it has."""
PLAIN_ID = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]*")
"""An id that is only a name wherever a template puts it: in a URL, as a word of a command, within a script."""
LONGEST_COMMAND, LONGEST_POST = 30.0, 10.0
"""Seconds that a hook may take."""


class Verifier:
    """Verifies registrations, or hands out those that were made and verified beforehand."""

    def __init__(self, config: GatewayConfig, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._hook = config.verification_hook
        self._transport = transport
        self._proxy = config.proxies.get(config.verification_hook or "")
        self._stock = [Registration(id_, token, 0.0, MISSING) for id_, token in config.registrations]
        self._next = 0
        self._lock = asyncio.Lock()
        self.always = False
        """True if each registration is verified before it is used."""

    def begin(self, *, shows_fresh: bool, serves_fresh: bool) -> None:
        """Decides whether registrations are verified before use, by what a gateway does for one that is not.

        Where it shows that one and only changes of it wait, undeclared ways to verify keep nothing from being tested.
        """
        self.always = not serves_fresh and (self.can_verify or self.has_stock or not shows_fresh)

    @functools.cached_property
    def _trust(self) -> ssl.SSLContext:
        """The certificates that the machine trusts; reading them takes longer than a call."""
        return tls_context({})

    @property
    def uses_stock(self) -> bool:
        """True if registrations made beforehand take the place of fresh ones."""
        return self.always and self._hook is None and bool(self._stock)

    @property
    def has_stock(self) -> bool:
        return bool(self._stock)

    @property
    def can_verify(self) -> bool:
        return self._hook is not None

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Held by a scenario; those that share registrations made beforehand are played one after another."""
        async with self._lock if self.uses_stock else contextlib.nullcontext():
            yield

    def take(self, taken: set[str]) -> Registration:
        """The next of the registrations made beforehand; raises Unmet if a test needs more than there are."""
        for _ in self._stock:
            self._next += 1
            registration = self._stock[(self._next - 1) % len(self._stock)]
            if registration.id not in taken:
                taken.add(registration.id)
                return registration
        raise Unmet(f"{len(taken) + 1} registrations are needed, and {len(self._stock)} are declared")

    async def verify(self, registration: str) -> None:
        """Calls the hook with an id: a URL is POSTed it as JSON, a command finds it in ``REGISTRATION_ID``.

        Raises Unmet if it fails, or if its ``{id}`` stands for an id that could be more than a name there: an option,
        a path, a file, a command of its own.
        """
        if self._hook is None:
            raise Unmet("no verification_hook is declared")
        if "{id}" in self._hook and PLAIN_ID.fullmatch(registration) is None:
            raise Unmet(
                f"the verification_hook is not called: {{id}} stands for letters, digits and ._:- only, and the id is "
                f"{brief(ascii(registration), 60)}; without {{id}} a command finds it in {VARIABLE}, and a URL is "
                "POSTed it as JSON"
            )
        if is_url(self._hook):
            await self._post(self._hook.replace("{id}", registration), registration)
        else:
            await _run([part.replace("{id}", registration) for part in shlex.split(self._hook)], registration)

    async def _post(self, url: str, registration: str) -> None:
        try:
            request = _request(url, write_json({"registration": {"id": registration}}))
            async with asyncio.timeout(LONGEST_POST):
                reply = await self._carry(request)
        except (UsageError, Unsendable, Unsent, BrokenOff, ReplyTooLarge, TimeoutError) as error:
            raise Unmet(f"the verification_hook failed: {one_line(error)}") from error
        if reply.status >= 400:
            raise Unmet(f"the verification_hook answered with status {reply.status}")

    async def _carry(self, request: Request) -> Reply:
        if self._transport is not None:
            # It needs httpx, which takes longer to import than many calls.
            from .in_process import InProcess

            return await InProcess(self._transport).carry(request, repeatable=False)
        is_plain = request.url.startswith("http:")
        to_proxy = is_plain and self._proxy is not None
        fields = (*CLIENT_HEADERS, *(proxy_fields(self._proxy) if to_proxy else ()))
        written = head(request, *fields, target=request.url if to_proxy else "") + request.content
        trust = None if is_plain else self._trust
        connection = await connect(request.url, request.method, trust, self._proxy, LONGEST_POST)
        try:
            return await connection.ask([written])
        finally:
            connection.abort()


def _request(url: str, content: bytes) -> Request:
    """The request to a hook. Raises UsageError for a URL that cannot be called."""
    called, user = check_hook(url), authorization(url)
    fields = (*(("Content-Type", "application/json"), ("Accept", "*/*")), *((("Authorization", user),) if user else ()))
    return Request("POST", called, fields, content)


async def _run(words: list[str], registration: str) -> None:
    nothing = asyncio.subprocess.DEVNULL
    # A script in Python may import what lies beside it.
    environment = {name: value for name, value in os.environ.items() if name != SAFE_PATH}
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=nothing, stdout=nothing, stderr=nothing, env={**environment, VARIABLE: registration}
        )
        status = await asyncio.wait_for(process.wait(), LONGEST_COMMAND)
    except (OSError, TimeoutError, ValueError) as error:
        # An id may hold what no environment can: NUL, lone surrogates.
        raise Unmet(f"the verification_hook failed: {error}") from error
    if status:
        raise Unmet(f"the verification_hook ended with status {status}")
