"""Records which optional members a gateway never shows in its replies; nobody is judged for that (R8, R11)."""

from __future__ import annotations

from collections.abc import Iterable

from ..messages.exchange import Exchange
from ..specification.pointer import MISSING, member, places
from ..specification.replies import members_of_ack
from ..specification.specification import Specification


class Omissions:
    """The optional members of ACKs, each with whether any reply has shown it."""

    def __init__(self) -> None:
        self._due: set[tuple[str, str]] = set()
        """Operations and members that a reply could have shown."""
        self._shown: set[tuple[str, str]] = set()

    def observe(self, exchanges: Iterable[Exchange], specification: Specification) -> None:
        """Takes note of the members in the ACKs of the gateway that is judged."""
        for exchange in exchanges:
            if exchange.acknowledged and not exchange.peer and isinstance(exchange.body_of_reply, dict):
                for known in members_of_ack(specification, exchange.action):
                    if not known.required and not known.pointer.endswith("/*"):
                        self._observe(exchange, known.pointer)

    def _observe(self, exchange: Exchange, pattern: str) -> None:
        for pointer, value in places(exchange.body_of_reply, pattern):
            if isinstance(member(exchange.body_of_reply, pointer.rpartition("/")[0]), dict):
                self._due.add((exchange.action, pattern))
                if value not in (MISSING, None):
                    self._shown.add((exchange.action, pattern))

    def join(self, later: Omissions) -> None:
        """Adds what another process has seen."""
        self._due |= later._due
        self._shown |= later._shown

    @property
    def note(self) -> str:
        """Names the members that were never shown; empty if each was."""
        never = [f"{action} {pattern}" for action, pattern in sorted(self._due - self._shown)]
        return f"replies leave out {', '.join(never)}, which is allowed (recorded only)" if never else ""
