"""Compares single members of a reply with the values they must have (R10, Q4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...messages.text import shown, shown_apart
from ...specification.members import json_type
from ...specification.pointer import MISSING
from ..checks import Observation
from ..finding import CUT, LATER, VALUE, Judgement
from .form import same_but_for_form

FORM = "another-form"
DIFFERENCES = {
    FORM: "the value comes back in another form",
    VALUE: "a different value comes back",
    LATER: "a different value comes back after a change",
}


def readable(found: Any, like: Any) -> bool:
    """Tells whether a value is there and has the expected type; checks of the reply's form judge the rest.

    A member that was not sent may be shown in any way.
    """
    return bool(like == MISSING or (found != MISSING and json_type(found) == json_type(like)))


def differs(
    observation: Observation,
    requirement: str,
    pointer: str,
    kind: str,
    expected: Any,
    found: Any,
    message: str = "",
    unless: str = "",
) -> Judgement:
    """The finding that a member has another value, or the right one in another form."""
    due, seen = shown_apart(expected, found, 100)
    return observation.bad(
        requirement,
        pointer,
        kind,
        message or DIFFERENCES[kind],
        f"{due} at {pointer}{unless}",
        f"{seen} there",
    )


def text_lost(observation: Observation, pointer: str, expected: Any, found: Any) -> Judgement:
    """The finding that a text which a gateway may refuse is acknowledged and not kept."""
    return observation.bad(
        "SIGNUP-LONG-KEPT",
        pointer,
        CUT,
        "a text is acknowledged and not kept",
        f"{shown(expected, 100)}, all {len(str(expected))} characters of it, or a NACK",
        f"{shown(found, 100)} at {pointer}",
    )


@dataclass(slots=True)
class Members:
    """The known values of single members of a registration, by JSON Pointer."""

    unsure: set[str] = field(default_factory=set)
    """Members whose values were unclear when they were sent; nothing is concluded from them."""
    unusual: set[str] = field(default_factory=set)
    """Texts that the signup sent longer than every reading allows, and that are still in force."""
    _reported: set[tuple[str, str]] = field(default_factory=set)

    def report(self, pointer: str, value: Any) -> None:
        """Remembers a wrong value, so that it is one finding however often it is shown."""
        self._reported.add((pointer, value if isinstance(value, str) else repr(value)))

    def reported(self, pointer: str, value: Any) -> bool:
        return (pointer, value if isinstance(value, str) else repr(value)) in self._reported

    def fits(self, pointer: str, found: Any, expected: Any) -> bool:
        """Tells whether a value is the expected one but for its form, or cannot be judged."""
        unsent = expected == MISSING and found in (MISSING, None, "")
        return unsent or pointer in self.unsure or same_but_for_form(found, expected)


@dataclass(slots=True)
class Echo:
    """Compares the members of one reply, under a requirement on values and one on their form."""

    observation: Observation
    value: str
    form: str
    failed: set[str] = field(default_factory=set)

    def compare(self, members: Members, pointer: str, expected: Any, found: Any) -> Iterator[Judgement]:
        """Judges one member; checks of the reply's form judge one that is missing or has another type."""
        if MISSING in (found, expected) or json_type(found) != json_type(expected) or found == expected:
            return
        same = same_but_for_form(found, expected)
        if members.reported(pointer, found):
            self.failed |= {self.form} if same else {self.form, self.value}
            return
        unusual = pointer in members.unusual
        if pointer in members.unsure and not unusual:
            return
        members.report(pointer, found)
        if unusual and not same:
            yield text_lost(self.observation, pointer, expected, found)
            return
        kind = FORM if same else VALUE
        requirement = self.form if kind == FORM else self.value
        self.failed.add(requirement)
        yield differs(self.observation, requirement, pointer, kind, expected, found)

    def close(self) -> Iterator[Judgement]:
        """Says of the requirements that did not fail that they are met."""
        for requirement in (self.value, self.form):
            known = self.observation.specification.requirements.get(requirement)
            if known is not None and requirement not in self.failed and self.observation.action in known.operations:
                yield self.observation.ok(requirement)
