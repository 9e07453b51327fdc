"""Judges ``info`` after updates: it shows all of before or all of one update, and never back (R12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...messages.exchange import Exchange
from ...specification.actions import ADD, GET, UPDATE
from ...specification.pointer import MISSING, below, member
from ..checks import Observation
from ..diagnosis import DoubtKind
from ..finding import Judgement, Obligation
from ..registry import history_check
from .candidates import Candidates, Values, Write
from .course import Course
from .members import Echo, Members, readable
from .misfits import REQUIREMENTS, misfits
from .visibility import Visibility


@history_check(
    "GET-ROUND-TRIP",
    "GET-ROUND-TRIP-EXACT",
    "UPDATE-ECHO",
    "UPDATE-ECHO-EXACT",
    "UPDATE-WHOLE",
    "UPDATE-PARTIAL-KEPT",
    "UPDATE-NACK-UNCHANGED",
    "DOCUMENTS-KEEPS-REST",
)
class Info:
    """The values that ``info`` of a registration may have, and those that were shown."""

    def __init__(self, names: tuple[str, ...], *, deferring: bool) -> None:
        self.candidates = Candidates(names, deferring=deferring)
        self.members = Members()
        self._visibility = Visibility(self.candidates)
        self.pointers = {name: below("/info", name) for name in names}
        self.refused: list[dict[str, Any]] = []
        """The values of refused updates."""
        self.clean = True
        """A Provider/get has shown info as it should be since the last acknowledged change."""

    # What is sent.

    def begin(self, exchange: Exchange, info: Mapping[str, Any], time: float) -> None:
        """Starts with the values that a registration was made with."""
        sent = {name: info.get(name, MISSING) for name in self.pointers}
        self.members.unsure |= {self.pointers[name] for name, value in sent.items() if value == MISSING}
        self.candidates.begin(Write(exchange.id, exchange.started, sent, partial=False, time=time))

    def announce(self, exchange: Exchange, info: Any) -> None:
        """Adds the values of an update before its reply: calls made meanwhile may show them already."""
        if exchange.action == UPDATE and isinstance(info, dict) and self.candidates.values:
            sent = {name: info[name] for name in self.pointers if info.get(name) is not None}
            self.candidates.add(exchange.id, exchange.started, sent)

    def acknowledge(self, observation: Observation, *, clear: bool) -> None:
        """Takes an acknowledged update to be made; ``clear`` is False if nobody can say what it did."""
        self.clean = self.clean and observation.action == GET
        if observation.action != UPDATE or observation.diagnosis.clouds("/registration"):
            return
        mine = self.candidates.by(observation.exchange.id)
        if not clear or not mine:
            self.candidates.certain = False
        for write in mine:
            write.time = observation.exchange.ended
            pointers = {self.pointers[name] for name in write.sent}
            self.members.unsure -= pointers
            self.members.overlong -= pointers

    def refuse(self, observation: Observation) -> Iterator[Judgement]:
        """Drops a refused update: its values must not be shown from now on."""
        if observation.action != UPDATE:
            return
        if is_partial(observation):
            # Asking for all members is as good as keeping those that were not sent (Q14).
            yield observation.ok("UPDATE-PARTIAL-KEPT")
            yield observation.ok("UPDATE-PARTIAL-KEPT", Obligation(GET))
        if observation.exchange.sent:
            self.candidates.withdraw(observation.exchange.id)
            info = member(observation.exchange.sent.body, "/info")
            if isinstance(info, dict):
                self.refused.append(dict(info))

    def lose(self, observation: Observation, *, known: bool) -> None:
        """Takes note of an update without an answer; one whose values are ``known`` is made whole or not at all."""
        self.candidates.certain = self.candidates.certain and (known or observation.action != UPDATE)

    # What is shown.

    def of(self, body: Any) -> dict[str, Any]:
        """The members of ``info`` in the body of a reply."""
        return {name: member(body, pointer) for name, pointer in self.pointers.items()}

    def can_judge(self, found: Mapping[str, Any]) -> bool:
        """Tells whether ``info`` is known, and the members of a reply are there and of the right types."""
        values = self.candidates.values
        return (
            self.candidates.certain and bool(values) and all(readable(v, values[0].info[k]) for k, v in found.items())
        )

    def matching(self, found: Mapping[str, Any]) -> Values | None:
        """The latest candidate that a reply shows as it was sent, or else except for form and what was reported."""
        closest, exact = None, -1
        for values in reversed(self.candidates.values):
            if not all(self.explains(name, found[name], values.info) for name in found):
                continue
            same = sum(found[name] == values.info[name] for name in found)
            if same > exact:
                closest, exact = values, same
            if exact == len(found):
                break
        return closest

    def explains(self, name: str, found: Any, info: Mapping[str, Any]) -> bool:
        """Tells whether a value is that of a candidate, or was reported before."""
        pointer = self.pointers[name]
        return self.members.reported(pointer, found) or self.members.fits(pointer, found, info[name])

    def echo(self, echo: Echo, values: Values, found: Mapping[str, Any]) -> Iterator[Judgement]:
        """Compares each member with its value."""
        for name, pointer in self.pointers.items():
            yield from echo.compare(self.members, pointer, values.info[name], found[name])

    def judge(self, observation: Observation, course: Course) -> Iterator[Judgement]:
        """Judges what a reply shows of ``info``."""
        found = self.of(observation.exchange.body_of_reply)
        if not self.can_judge(found):
            return
        values = self.matching(found)
        if values is None:
            yield from misfits(self, observation, course, found)
            return
        echo = Echo(observation, *REQUIREMENTS[observation.action])
        yield from self.echo(echo, values, found)
        yield from echo.close()
        if observation.action == ADD:
            yield observation.ok("DOCUMENTS-KEEPS-REST", Obligation(ADD))
        several = len(self.candidates.values) > 1
        if several:
            yield observation.ok("UPDATE-WHOLE")
        if all(self.members.fits(self.pointers[name], found[name], values.info[name]) for name in found):
            self.clean = self.clean or observation.action == GET
            if several:
                yield from self._visibility.judge(observation, values)
        if observation.action == GET and course.refused == UPDATE:
            yield observation.ok("UPDATE-NACK-UNCHANGED")
        if observation.action in (UPDATE, GET) and self.candidates.writes[-1].partial:
            yield observation.ok("UPDATE-PARTIAL-KEPT")


def is_partial(observation: Observation) -> bool:
    """Tells whether the gateway refused an update whose only peculiarity is that it leaves out members of info."""
    doubts = observation.diagnosis.doubts
    return (
        observation.action == UPDATE
        and observation.exchange.refused
        and not observation.diagnosis.faults
        and bool(doubts)
        and all(doubt.kind in (DoubtKind.MISSING, DoubtKind.NULL) for doubt in doubts)
    )
