"""Sends what a client that follows the page never sends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import Unmet
from ..judging.origin import is_bare, is_intermediary
from ..messages.exchange import Exchange, Message, Request, Stimulus
from ..messages.hostile import Talk, Text
from ..messages.json_text import write_json
from ..messages.registration import Registration
from ..specification.actions import SIGNUP
from .raw import head

if TYPE_CHECKING:
    from .provider import Actor


class HostileSender:
    """Makes calls for a provider whose text, HTTP or bytes are not those of the page."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    async def text(
        self, action: str, body: Any, text: Text, *, of: Registration, purpose: str, stimulus: Stimulus
    ) -> Exchange:
        """Makes a call about a registration whose body is another text than the JSON of a valid one (T14)."""
        header = self._actor.header(action, None if action == SIGNUP else of.token)
        content = text(write_json(body))
        exchange = await self._actor.gateway.send_raw(
            action, header, content, self._actor.binding, purpose=purpose, stimulus=stimulus, about=of.id
        )
        self._actor.exchanges.append(exchange)
        if purpose == "malformed" and is_bare(exchange):
            # A proxy may let the same text through the next time. A firewall hardly will, so that it is asked once.
            self._actor.lost += is_intermediary(exchange)
            self._actor.turned_away += self._actor.gateway.appearance.lost(exchange)
        return exchange

    async def foreign(
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
            url = f"{self._actor.config.url}{path or '/' + action}"
            return Request(method or request.method, url, tuple(fields), request.content)

        return await self.send(action, make, purpose="foreign", stimulus=stimulus, about=of.id)

    async def wire(
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
        exchange = await self._actor.gateway.send_request(
            action, make, self._actor.binding, purpose=purpose, stimulus=stimulus, about=about
        )
        self._actor.exchanges.append(exchange)
        return exchange

    def _request(self, action: str, body: Any, of: Registration) -> Request:
        message = Message(self._actor.header(action, None if action == SIGNUP else of.token), body)
        fields, content = self._actor.binding.encode(message)
        names = {name.casefold() for name, _ in fields}
        extra = tuple((k, v) for k, v in self._actor.config.headers.items() if k.casefold() not in names)
        return Request(self._actor.config.method, f"{self._actor.config.url}/{action}", (*fields, *extra), content)

    def need_socket(self) -> None:
        """Raises Unmet where raw bytes cannot be sent."""
        if not self._actor.gateway.has_socket:
            raise Unmet("raw bytes cannot be sent where an HTTP proxy or no socket at all is before the gateway")
