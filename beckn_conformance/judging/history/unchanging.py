"""Judges what a signup says once and for all, such as ``api.endpoint_url``, in every later reply (R13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...specification.actions import GET
from ...specification.pointer import member
from ..checks import Observation
from ..finding import Judgement
from .course import Course
from .members import Echo, Members, readable


class Unchanging:
    """The members that no later call can change, by JSON Pointer."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.members = Members()
        self._intact = True
        """The last reply showed all of them as they should be."""

    def echo(self, echo: Echo, body: Any) -> Iterator[Judgement]:
        """Compares each of them with the body of a reply."""
        for pointer, value in self.values.items():
            yield from echo.compare(self.members, pointer, value, member(body, pointer))

    def differs(self, body: Any) -> bool:
        """Tells whether a body shows another value of any of them."""
        shown = [(pointer, member(body, pointer), value) for pointer, value in self.values.items()]
        return any(
            readable(found, value) and not self.members.fits(pointer, found, value) for pointer, found, value in shown
        )

    def judge(self, observation: Observation, course: Course) -> Iterator[Judgement]:
        """Judges what a later reply shows of them."""
        body = observation.body_of_reply
        if not any(readable(member(body, pointer), value) for pointer, value in self.values.items()):
            return
        changed = observation.action
        if changed == GET and self._intact and course.documents_intact:
            changed = course.refused or course.written or GET
        change = observation.specification.changes.get(changed)
        requirement = f"{change.prefix}-KEEPS-REST" if change else "GET-ROUND-TRIP"
        findings = [*self.echo(Echo(observation, requirement, "GET-ROUND-TRIP-EXACT"), body)]
        yield from findings
        self._intact = not findings
