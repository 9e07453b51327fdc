"""Judges the status of a registration after a change, and after a refused one (R5, R17)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import astuple
from operator import attrgetter

from ...messages.text import shown
from ...specification.actions import GET, SIGNUP
from ...specification.catalogue import Operation
from ...specification.replies import statuses
from ..checks import Observation, failed_status, pending_status, pending_statuses
from ..finding import Judgement, Obligation
from ..registry import history_check
from .course import Course, settled

STATUS = "/registration/status"
BY_ITSELF = " by itself"
OWN = "a status of its own"
SEEN, UNCHANGED = "-STATUS-SEEN", "-NACK-STATUS-UNCHANGED"


@history_check(f"*{SEEN}", f"*{UNCHANGED}", follows=attrgetter("part"))
class Status:
    """The status of a registration, as replies have shown it."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._by_get: str | None = None
        """The status that a Provider/get showed since the last change, if that read was surely not stale."""
        self._before_change: str | None = None

    def begin(self, observation: Observation) -> None:
        """Starts with the status in the reply to a signup, or in the first Provider/get."""
        self._last = observation.exchange.status_received
        if observation.action == GET:
            self._by_get = self._last

    def unknown(self) -> None:
        """Takes note of a change that nobody can say anything about."""
        self._by_get = None

    def observe(self, observation: Observation, course: Course) -> None:
        """Learns from a reply; ``course`` is as it was before it."""
        status = observation.exchange.status_received
        if observation.action == GET:
            # There is no older state than that of the signup, so a read of it is never stale.
            fresh = course.written == SIGNUP or settled(observation, course.written_at)
            self._by_get = status if fresh else None
            if status == self._last:
                course.watch.registration = max(course.watch.registration, course.waited(observation))
        else:
            self._before_change, self._by_get = self._last, None
        self._last = status or self._last

    def judge(self, observation: Observation, course: Course) -> Iterator[Judgement]:
        """Judges the status that a Provider/get shows."""
        status = observation.exchange.status_received
        changes = observation.specification.changes
        if self._moves_to(observation, course, status):
            for change in changes.values():
                for ending in (SEEN, UNCHANGED):
                    yield observation.ok(f"{change.prefix}{ending}", by_itself(observation, STATUS, status))
        if observation.action != GET or status is None or not course.certain or course.under_way:
            # Another change that is under way may be the reason for any status.
            return
        refused, written = changes.get(course.refused or ""), changes.get(course.written or "")
        if refused is not None and (self._by_get is not None or course.written == SIGNUP):
            yield from self._after_refusal(observation, course, refused, status)
        elif written is not None and course.refused is None:
            yield from self._after_change(observation, course, written, status)

    def _moves_to(self, observation: Observation, course: Course, status: str | None) -> bool:
        """True if a Provider/get shows another status than before, and no change was sent in between."""
        return course.alone(observation) and None not in (status, self._last) and status != self._last

    def _after_refusal(
        self, observation: Observation, course: Course, change: Operation, status: str
    ) -> Iterator[Judgement]:
        words, before, requirement = observation.statuses, self._by_get or self._last, f"{change.prefix}{UNCHANGED}"
        pending = pending_statuses(observation)
        failed = failed_status(observation, change.action) or words.failed
        # A gateway that works in the background has its own words for what it does, at any time (R3).
        moving = status in (words.waiting, words.verified) or (
            observation.config.verifies_by_itself and status not in pending
        )
        if status in (before, failed, words.failed):
            yield observation.ok(requirement)
        # A pending change may be approved, and a failed one be over.
        elif before not in {*pending, words.failed, failed} and not moving and self._is_effect(observation, course):
            yield observation.bad(
                requirement,
                STATUS,
                "another-status",
                "a refused change changes the status",
                f"{shown(before)} as before, or {shown(failed)}",
                f"{shown(status)} after the NACK",
                unless=(by_itself(observation, STATUS, status),),
            )

    def _is_effect(self, observation: Observation, course: Course) -> bool:
        """Tells whether a refused change did it: time makes no update pending, nor what it left as it was elsewhere."""
        if course.written == SIGNUP and observation.exchange.status_received in pending_statuses(observation):
            return True
        return self._by_get is not None and course.age(observation) <= course.watch.registration

    def _after_change(
        self, observation: Observation, course: Course, change: Operation, status: str
    ) -> Iterator[Judgement]:
        before, pending = self._before_change, pending_status(observation, change.action)
        requirement = f"{change.prefix}{SEEN}"
        if pending is None:
            return
        if status in (pending, observation.statuses.verified) or before not in (None, status):
            yield observation.ok(requirement)
        elif (
            before not in (None, pending)
            and settled(observation, course.written_at)
            and not observation.config.verifies_by_itself
        ):
            yield observation.bad(
                requirement,
                STATUS,
                "earlier-status",
                "the old status is shown after an acknowledged change",
                f"{shown(pending)}, or a later status",
                f"{shown(status)}, as before the {course.written}",
                unless=(by_itself(observation, STATUS, status),),
            )


def by_itself(observation: Observation, pointer: str, status: str | None) -> Obligation:
    """Shows, if exercised, that a status is reached without a change: the gateway works in the background.

    A gateway's own words are one: they may hold a reason, a time or a number, and each come only once.
    """
    words = {*astuple(statuses(observation.specification)), *astuple(observation.statuses)}
    return Obligation(GET, pointer, f"{status if status in words else OWN}{BY_ITSELF}")


def moves_by_itself(exercised: Collection[Obligation]) -> bool:
    """Tells whether statuses were seen to change without a change, so that they show nothing of one."""
    return any(obligation.kind.endswith(BY_ITSELF) for obligation in exercised)
