"""Gathers what a check looks at, and makes its judgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ...specification.pointer import MISSING, member, places
from ..finding import Finding, Judgement, Obligation
from . import wording
from .observed_reply import ObservedReply


@dataclass(frozen=True)
class Observation(ObservedReply):
    """Everything a check may look at."""

    @property
    def action(self) -> str:
        return self.exchange.action

    @cached_property
    def registration(self) -> str:
        """Id of the registration that the exchange is about, or that it made; empty without one."""
        return self.diagnosis.registration or self.exchange.id_received or ""

    @cached_property
    def left_out(self) -> list[str]:
        """Pointers of the members that the request leaves out and need not have."""
        return [
            pointer
            for known in self.specification.members(self.action)
            if known.omissible
            for pointer, value in places(self.exchange.body_sent, known.pointer)
            if value == MISSING and isinstance(member(self.exchange.body_sent, pointer.rpartition("/")[0]), dict)
        ]

    @cached_property
    def remarkable(self) -> Sequence[str]:
        """Pointers of valid values with symbols, or beyond ASCII, which a firewall or a codec may trip over."""
        if self.diagnosis.symbols:
            return self.diagnosis.symbols
        scalars = (known for known in self.specification.members(self.action) if known.scalar)
        found = (place for known in scalars for place in places(self.exchange.body_sent, known.pointer))
        return [pointer for pointer, value in found if isinstance(value, str) and not value.isascii()][:2]

    @cached_property
    def prefix(self) -> str:
        return self.specification.operation(self.action).prefix

    @property
    def redacted(self) -> bool:
        """True if replies need not give the data of documents back, as is declared."""
        return self.config.documents_echo == "redacted"

    @property
    def kind_of_reply(self) -> Obligation:
        """The obligation that any ACK, or any NACK, of the operation meets; the one that was due if it says neither."""
        return Obligation(self.action, kind=str(self.exchange.action_of_reply or self.due))

    def ok(self, requirement: str, obligation: Obligation | None = None) -> Judgement:
        return _met(requirement, obligation or Obligation(self.action))

    def judged(
        self,
        good: bool,
        requirement: str,
        pointer: str,
        kind: str,
        message: str,
        expected: str,
        observed: str | None = None,
        obligation: Obligation | None = None,
    ) -> Judgement:
        """Says that the exchange meets a requirement, or makes the finding that it does not."""
        if good:
            return self.ok(requirement, obligation)
        return self.bad(requirement, pointer, kind, message, expected, observed, obligation)

    def bad(
        self,
        requirement: str,
        pointer: str,
        kind: str,
        message: str,
        expected: str,
        observed: str | None = None,
        obligation: Obligation | None = None,
        sent: str | None = None,
        unless: tuple[Obligation, ...] = (),
    ) -> Judgement:
        return Judgement(
            requirement,
            obligation or Obligation(self.action),
            Finding(
                requirement=requirement,
                operation=self.action,
                pointer=pointer,
                kind=kind,
                message=message,
                sent=sent or self.sent,
                expected=expected,
                observed=observed or self.observed,
                exchange=self.exchange.id,
                registration=self.registration,
                unless=unless,
            ),
        )

    @cached_property
    def sent(self) -> str:
        """The request in one line."""
        return wording.request_line(self)

    @cached_property
    def observed(self) -> str:
        """The reply in one line."""
        return wording.reply_line(self.exchange)

    @property
    def due(self) -> str | None:
        """``ACK`` or ``NACK`` if the request surely deserved it."""
        return "NACK" if self.diagnosis.faulty else "ACK" if self.diagnosis.valid else None


@lru_cache(maxsize=4096)
def _met(requirement: str, obligation: Obligation) -> Judgement:
    return Judgement(requirement, obligation)
