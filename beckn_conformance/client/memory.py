"""Counts the memory of replies that wait to be judged."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..messages.exchange import Exchange, Reply
from .http import ReplyTooLarge

MOST_HELD = 192 * 1024 * 1024
"""Bytes of memory, estimated, that replies may take until they are judged."""


class Memory:
    """Estimates the memory of replies that wait to be judged. They come in one thread and are released in another."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most = most
        self._received = 0
        self._replies = 0
        self._released = 0

    @property
    def held(self) -> int:
        """Bytes that are taken."""
        return self._received - self._released

    @property
    def is_short(self) -> bool:
        """True if half of it is taken; then one call at a time is made until more is judged."""
        return self.held > self._most / 2

    @property
    def room(self) -> float:
        """Replies of the mean size so far that take half of it."""
        return self._most / 2 * self._replies / self._received if self._received else math.inf

    def receive(self, reply: Reply) -> None:
        """Raises ReplyTooLarge if there is no room for it."""
        weight = reply.weight
        if self.held + weight > self._most:
            raise ReplyTooLarge("more came back than can be held until it is judged")
        self._received += weight
        self._replies += 1

    def release(self, exchanges: Iterable[Exchange]) -> None:
        """Notes that these exchanges are about to be judged and forgotten."""
        self._released += sum(exchange.reply.weight for exchange in exchanges if exchange.reply is not None)

    def release_all(self) -> None:
        """Notes that everything so far is forgotten."""
        self._released = self._received
