"""Judges an object such as ``info`` after changes: it shows all of before or all of one, and never back (R12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...messages.exchange import Exchange
from ...specification.actions import GET
from ...specification.catalogue import Operation
from ...specification.pointer import MISSING, below, member
from ..checks import Observation
from ..diagnosis import DoubtKind
from ..finding import Judgement, Obligation
from ..registry import history_check
from .candidates import Candidate, Candidates, Write
from .course import Course
from .members import Echo, Members, readable
from .misfits import misfits, requirements
from .visibility import Visibility


@history_check(
    "GET-ROUND-TRIP",
    "GET-ROUND-TRIP-EXACT",
    "*-ECHO",
    "*-ECHO-EXACT",
    "*-WHOLE",
    "*-PARTIAL-KEPT",
    "*-NACK-UNCHANGED",
    "DOCUMENTS-KEEPS-REST",
)
class Part:
    """The values that an object of a registration may have, and those that were shown."""

    def __init__(self, change: Operation, names: tuple[str, ...]) -> None:
        self.change = change
        """The operation that replaces them."""
        self.candidates = Candidates(names)
        self.members = Members()
        self._visibility = Visibility(change, self.candidates)
        self.pointers = {name: below(change.replaces, name) for name in names}
        self.refused: list[dict[str, Any]] = []
        """The values of refused updates."""
        self.clean = True
        """A Provider/get has shown them as they should be since the last acknowledged change."""

    # What is sent.

    def begin(self, observation: Observation, body: Any, time: float) -> None:
        """Starts with the values that a registration was made with."""
        exchange, sent = observation.exchange, self.of(body)
        self.candidates.deferring = observation.config.updates == "deferred"
        self.members.unsure |= {self.pointers[name] for name, value in sent.items() if value == MISSING}
        self.candidates.begin(Write(exchange.id, exchange.started, sent, partial=False, time=time))

    def announce(self, exchange: Exchange, body: Any) -> None:
        """Adds the values of an update before its reply: calls made meanwhile may show them already."""
        if exchange.action == self.change.action and isinstance(member(body, self.change.replaces), dict):
            if not self.candidates.values:
                return
            sent = {name: value for name, value in self.of(body).items() if value not in (None, MISSING)}
            self.candidates.add(exchange.id, exchange.started, sent)

    def acknowledge(self, observation: Observation, *, clear: bool) -> None:
        """Takes an acknowledged update to be made; ``clear`` is False if nobody can say what it did."""
        self.clean = self.clean and observation.action == GET
        if observation.action != self.change.action or observation.diagnosis.clouds("/registration"):
            return
        mine = self.candidates.by(observation.exchange.id)
        if not clear or not mine:
            self.candidates.certain = False
        for write in mine:
            write.time = observation.exchange.ended
            pointers = {self.pointers[name] for name in write.sent}
            self.members.unsure -= pointers
            self.members.unusual -= pointers
            # An update without an optional member may keep its value or take it away (Q14).
            self.members.unsure |= {p for p in self.pointers.values() if p in observation.config.optional} - pointers

    def refuse(self, observation: Observation) -> Iterator[Judgement]:
        """Drops a refused update: its values must not be shown from now on."""
        if observation.action != self.change.action:
            return
        if is_partial(observation):
            # Asking for all members is as good as keeping those that were not sent (Q14).
            yield observation.ok(f"{self.change.prefix}-PARTIAL-KEPT")
            yield observation.ok(f"{self.change.prefix}-PARTIAL-KEPT", Obligation(GET))
        if observation.exchange.sent:
            self.candidates.withdraw(observation.exchange.id)
            if isinstance(sent := member(observation.exchange.sent.body, self.change.replaces), dict):
                self.refused.append(dict(sent))

    def lose(self, observation: Observation, *, known: bool) -> None:
        """Takes note of an update without an answer; one whose values are ``known`` is made whole or not at all."""
        self.candidates.certain = self.candidates.certain and (known or observation.action != self.change.action)

    # What is shown.

    def of(self, body: Any) -> dict[str, Any]:
        """The members of the object in a body."""
        return {name: member(body, pointer) for name, pointer in self.pointers.items()}

    def can_judge(self, found: Mapping[str, Any]) -> bool:
        """Tells whether the object is known, and the members of a reply are there and of the right types."""
        values = self.candidates.values
        return (
            self.candidates.certain and bool(values) and all(readable(v, values[0].info[k]) for k, v in found.items())
        )

    def matching(self, found: Mapping[str, Any]) -> Candidate | None:
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

    def echo(self, echo: Echo, values: Candidate, found: Mapping[str, Any]) -> Iterator[Judgement]:
        """Compares each member with its value."""
        for name, pointer in self.pointers.items():
            yield from echo.compare(self.members, pointer, values.info[name], found[name])

    def judge(self, observation: Observation, course: Course) -> Iterator[Judgement]:
        """Judges what a reply shows of the object."""
        found = self.of(observation.body_of_reply)
        if not self.can_judge(found):
            return
        values = self.matching(found)
        if values is None:
            yield from misfits(self, observation, course, found)
            return
        echo = Echo(observation, *requirements(self, observation))
        yield from self.echo(echo, values, found)
        yield from echo.close()
        get, prefix = observation.action == GET, self.change.prefix
        if observation.action not in (GET, self.change.action):
            yield observation.ok(f"{observation.prefix}-KEEPS-REST")
        several = len(self.candidates.values) > 1
        if several:
            yield observation.ok(f"{prefix}-WHOLE")
        if all(self.members.fits(self.pointers[name], found[name], values.info[name]) for name in found):
            self.clean = self.clean or get
            if several:
                yield from self._visibility.judge(observation, values)
        if get and course.refused == self.change.action:
            yield observation.ok(f"{prefix}-NACK-UNCHANGED")
        if observation.action in (self.change.action, GET) and self.candidates.writes[-1].partial:
            yield observation.ok(f"{prefix}-PARTIAL-KEPT")


def is_partial(observation: Observation) -> bool:
    """Tells whether the gateway refused an update whose only peculiarity is that it leaves out members."""
    doubts = observation.diagnosis.doubts
    return (
        observation.exchange.refused
        and not observation.diagnosis.faults
        and bool(doubts)
        and all(doubt.kind in (DoubtKind.MISSING, DoubtKind.NULL) for doubt in doubts)
    )
