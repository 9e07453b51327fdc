"""Sends what a client that follows the page never sends (T14, T16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import Unmet
from ..judging.origin import is_bare, is_intermediary
from ..messages.exchange import Exchange, Request, Stimulus
from ..messages.hostile import Talk, Text
from ..messages.json_text import write_json
from ..messages.registration import Registration
from ..specification.actions import SIGNUP
from .http import head
from .outgoing import Outgoing

if TYPE_CHECKING:
    from .actor import Actor


class HostileSender:
    """Makes calls with text, HTTP or bytes that no client would send."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    async def text(
        self, action: str, body: Any, text: Text, *, of: Registration, purpose: str, stimulus: Stimulus
    ) -> Exchange:
        """Makes a call about a registration; ``text`` makes another body of the JSON of the valid one (T14)."""
        outgoing = replace(self._outgoing(action, body, of), purpose=purpose, stimulus=stimulus, about=of.id)
        exchange = await self._send(replace(outgoing, text=text(write_json(body))))
        if purpose == "malformed":
            # A proxy may let the same text through the next time. A firewall hardly will, so that it is asked once.
            self._actor.lost += is_bare(exchange) and is_intermediary(exchange)
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

        def change(request: Request) -> Request:
            fields = [(name, value) for name, value in request.headers if name != "Content-Type"]
            if media_type is not None:
                fields.append(("Content-Type", media_type))
            url = f"{self._actor.config.url}{path or '/' + action}"
            return Request(method or request.method, url, tuple(fields), request.content)

        outgoing = replace(self._outgoing(action, body, of), purpose="foreign", stimulus=stimulus, about=of.id)
        return await self._send(replace(outgoing, change=change))

    async def wire(
        self, action: str, body: Any, talk: Talk, *, of: Registration, about: str, stimulus: Stimulus
    ) -> Exchange:
        """Sends raw bytes made of a valid request (T16)."""

        def change(request: Request) -> Request:
            raw = talk(head(request, ("Connection", "close")), request.content)
            return replace(request, headers=(), content=b"".join(raw.pieces), raw=raw)

        outgoing = replace(self._outgoing(action, body, of), purpose="broken", stimulus=stimulus, about=about)
        return await self._send(replace(outgoing, change=change))

    def need_socket(self) -> None:
        """Raises Unmet if raw bytes cannot be sent."""
        if not self._actor.gateway.has_socket:
            raise Unmet("raw bytes cannot be sent where an HTTP proxy or no socket at all is before the gateway")

    def _outgoing(self, action: str, body: Any, of: Registration) -> Outgoing:
        return Outgoing(action, self._actor.binding, body, None if action == SIGNUP else of.token)

    async def _send(self, outgoing: Outgoing) -> Exchange:
        exchange = await self._actor.gateway.send(outgoing)
        self._actor.exchanges.append(exchange)
        return exchange
