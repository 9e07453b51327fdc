"""Tells calls that fail by chance from those that fail each time a test is played (T13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from ..specification.actions import GET

Place = tuple[str, int]
"""The operation of a call, and how many others of it the test had made before."""


class Failures:
    """The calls that fail in one play of a test, by their places. A long test meets a rare failure in each play, but
    hardly ever at the same place."""

    def __init__(self, judged: Collection[Place] | None = None) -> None:
        self._judged = judged
        self._made: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self.passing: dict[Place, float] = {}
        """When the last failure ended that is not judged."""

    def place(self, action: str, sent: object) -> Place:
        """The place of a call; one that is made again, as until a change shows, keeps its own, but not after others."""
        made = self._made[action]
        others = sum(map(len, self._made.values())) - len(made) if action == GET else 0
        return action, made.setdefault(hash(repr((others, sent))), len(made))

    def may_pass(self, place: Place) -> bool:
        """True if a failure there is not judged. Until it is known which places failed in each play, all are judged."""
        return self._judged is not None and place not in self._judged

    def last(self) -> dict[str, float]:
        """By operation, when the last failure ended that is not judged."""
        ended: defaultdict[str, float] = defaultdict(float)
        for (action, _), time in self.passing.items():
            ended[action] = max(time, ended[action])
        return ended
