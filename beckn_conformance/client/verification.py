"""Has registrations verified as a person would do it at the gateway, through the declared hook."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import shlex
import ssl
from collections.abc import AsyncIterator

import httpx

from ..config.gateway import GatewayConfig
from ..config.urls import is_url
from ..errors import Unmet
from ..messages.json_text import write_json
from ..messages.registration import Registration
from ..specification.pointer import MISSING
from ..untrusted.text import brief

VARIABLE = "REGISTRATION_ID"
"""Variable of the environment that tells a command the id, whatever characters it has."""
PLAIN_ID = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]*")
"""An id that is nothing but a name wherever a template puts it: in a URL, as a word of a command, within a script."""


class Verifier:
    """Does what a person would do at the gateway: verifies registrations, or has made them beforehand."""

    def __init__(self, config: GatewayConfig, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._hook = config.verification_hook
        self._transport = transport
        self._proxy = config.proxies.get(config.verification_hook or "")
        self._stock = [Registration(id_, token, 0.0, MISSING) for id_, token in config.registrations]
        self._next = 0
        self._lock = asyncio.Lock()
        self.always = False
        """Whether each registration is verified at once, for gateways that serve nobody before."""

    @functools.cached_property
    def _trust(self) -> ssl.SSLContext:
        """What the machine trusts; reading that takes longer than a call."""
        return httpx.create_ssl_context(trust_env=False)

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
        """Calls the hook: a URL is POSTed the id as JSON, as the body of a message has it, a command finds it in
        ``REGISTRATION_ID``.

        Raises Unmet where it fails, and where its ``{id}`` would be an id that could be more than a name there: an
        option, a path, a file, a command of its own.
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
            return
        words = [part.replace("{id}", registration) for part in shlex.split(self._hook)]
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, VARIABLE: registration},
            )
            status = await asyncio.wait_for(process.wait(), 30)
        except (OSError, TimeoutError, ValueError) as error:
            # An id may hold what no environment can: NUL, lone surrogates.
            raise Unmet(f"the verification_hook failed: {error}") from error
        if status:
            raise Unmet(f"the verification_hook ended with status {status}")

    async def _post(self, url: str, registration: str) -> None:
        content = write_json({"registration": {"id": registration}})
        try:
            async with httpx.AsyncClient(
                transport=self._transport, proxy=self._proxy, verify=self._trust, trust_env=False, timeout=10
            ) as client:
                answer = await client.post(url, content=content, headers={"Content-Type": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unmet(f"the verification_hook failed: {error}") from error
        if answer.is_error:
            raise Unmet(f"the verification_hook answered with status {answer.status_code}")
