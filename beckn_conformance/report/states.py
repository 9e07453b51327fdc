"""Draws the state diagram: statuses of the specification and of the gateway, and the observed transitions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..specification.actions import SIGNUP
from ..specification.replies import declared_statuses
from ..specification.specification import Specification

SUBJECTS = ("registration", "document", "api")
MOST_OTHERS = 3
"""Statuses of the gateway's own that are drawn. The list beside has all."""
WORST_FIRST = ("failed", "warned", "waived", "silent", "allowed", "unseen")
"""Outcomes of a transition: the status of the requirement that forbids it; ``silent``: the specification does not
mention it; ``allowed``: the specification allows it; ``unseen``: it allows it, but it did not occur."""
WIDTH, NODE, HEIGHT_OF_NODE = 520.0, 154.0, 36.0
SHARES = (0.3, 0.24, 0.36, 0.42, 0.2, 0.48, 0.16, 0.55, 0.65)
"""Places of a number along its arrow, best first. Lines cross halfway, so that is not one of them."""
APART = 25.0
"""Distance to keep between numbers."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of observed transition."""

    operation: str
    answer: str
    count: int
    findings: tuple[str, ...]
    outcome: str


@dataclass(slots=True)
class Arrow:
    """All transitions from one status to another."""

    before: str | None
    after: str
    rows: list[Row] = field(default_factory=list)
    number: int = 0
    line: tuple[float, float, float, float] | None = None
    head: str = ""
    badge: tuple[float, float] = (0.0, 0.0)

    @property
    def outcome(self) -> str:
        return min((row.outcome for row in self.rows), key=WORST_FIRST.index, default="unseen")

    @property
    def count(self) -> int:
        return sum(row.count for row in self.rows)


@dataclass(frozen=True, slots=True)
class Node:
    """A status, or the beginning, whose name is None."""

    name: str | None
    x: float
    y: float
    of_page: bool
    seen: bool
    stayed: int
    """How often the next reply showed the same status."""


@dataclass(frozen=True, slots=True)
class Diagram:
    subject: str
    width: float
    height: float
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    """Arrows from one status to another. Unseen ones have no number."""
    stays: tuple[Arrow, ...]
    """Unexpected transitions from a status to itself."""


def diagrams(
    transitions: Iterable[Mapping[str, Any]],
    configuration: Mapping[str, Any],
    statuses: Mapping[str, str],
    specification: Specification,
) -> list[Diagram]:
    """Draws a diagram for each subject whose status was seen; ``statuses`` are those of the findings, by id."""
    rows = list(transitions)
    declared = _Declared.of(configuration, specification)
    return [
        _diagram(subject, mine, declared, statuses)
        for subject in SUBJECTS
        if (mine := [row for row in rows if row["subject"] == subject])
    ]


@dataclass(frozen=True, slots=True)
class _Declared:
    """Statuses of the specification, with what a configuration declares about them (R4–R6)."""

    waiting: str
    verified: str
    pending: str
    fail: str
    immediate: bool
    changes: frozenset[str]
    """Actions that change a registration."""

    @classmethod
    def of(cls, configuration: Mapping[str, Any], specification: Specification) -> _Declared:
        known = declared_statuses(specification, configuration.get("status_names") or {})
        return cls(
            known.waiting or "",
            known.verified or "",
            str(known.pending or ""),
            str(known.failed or ""),
            configuration.get("verification") == "immediate",
            frozenset(specification.changes),
        )

    def states(self, subject: str) -> list[str]:
        """Statuses of the specification in the order of drawing, clockwise: waiting ones left, verified ones right."""
        changed = [self.pending, self.fail] if subject == "registration" else []
        # A changed specification may leave a word open.
        return [word for word in (self.verified, *changed, self.waiting) if word]

    def unseen(self, subject: str) -> list[tuple[str | None, str]]:
        """Transitions that the specification leads one to expect."""
        waiting, verified = self.waiting, self.verified
        found: list[tuple[str | None, str]] = [(None, waiting), (waiting, verified)]
        if subject == "registration":
            found += [(state, self.pending) for state in (waiting, verified, self.fail)]
            found += [(state, self.fail) for state in (waiting, verified, self.pending)]
            found.append((self.pending, verified))
        return [pair for pair in found if "" not in pair]

    def allows(self, subject: str, row: Mapping[str, Any]) -> bool:
        """True if the specification allows a transition that no check objected to (R3–R7, R17)."""
        before, after, operation = row["before"], row["after"], row["operation"]
        waiting, verified = self.waiting, self.verified
        if subject != "registration":
            fresh = after == waiting or (after == verified and self.immediate)
            return fresh if before is None else after == before or (before, after) == (waiting, verified)
        if row["answer"] == "NACK":
            return bool(after == self.fail)
        if operation in self.changes:
            return bool(after == self.pending)
        if operation == SIGNUP:
            return True
        return before in (None, after, self.fail) or (before in (waiting, self.pending) and after == verified)


def _diagram(subject: str, rows: list[Mapping[str, Any]], declared: _Declared, statuses: Mapping[str, str]) -> Diagram:
    arrows: dict[tuple[str | None, str], Arrow] = {}
    for row in rows:
        known = [id_ for id_ in row["findings"] if id_ in statuses]
        outcome = min((statuses[id_] for id_ in known), key=WORST_FIRST.index, default="")
        outcome = outcome or ("allowed" if declared.allows(subject, row) else "silent")
        arrow = arrows.setdefault((row["before"], row["after"]), Arrow(row["before"], row["after"]))
        arrow.rows.append(Row(row["operation"], row["answer"], row["count"], tuple(known), outcome))
    seen = {name for pair in arrows for name in pair if name is not None}
    own = declared.states(subject)
    others = [name for name in dict.fromkeys(row["after"] for row in rows) if name not in own]
    half = len(own) // 2
    names: list[str | None] = [None, *own[:half], *others[:MOST_OTHERS], *own[half:]]
    places, height = _places(names)
    for pair in declared.unseen(subject):
        arrows.setdefault(pair, Arrow(*pair))
    leading = sorted(
        (arrow for pair, arrow in arrows.items() if pair[0] != pair[1]),
        key=lambda a: (WORST_FIRST.index(a.outcome), -a.count),
    )
    for number, arrow in enumerate((arrow for arrow in leading if arrow.rows), 1):
        arrow.number = number
    taken: list[tuple[float, float]] = []
    for arrow in leading:
        if arrow.before in places and arrow.after in places:
            _draw(arrow, places, taken)
    stays = [arrow for pair, arrow in arrows.items() if pair[0] == pair[1]]
    nodes = tuple(
        Node(
            name,
            *places[name],
            of_page=name is None or name in own,
            seen=name is None or name in seen,
            stayed=sum(arrow.count for arrow in stays if arrow.after == name),
        )
        for name in names
    )
    odd = tuple(arrow for arrow in stays if arrow.outcome != "allowed")
    return Diagram(subject, WIDTH, height, nodes, tuple(leading), odd)


def _places(names: list[str | None]) -> tuple[dict[str | None, tuple[float, float]], float]:
    """Places on an ellipse, with the beginning on top. No line between two of them runs through a third."""
    radius = 60.0 if len(names) <= 3 else 112.0 if len(names) <= 5 else 150.0
    across = WIDTH / 2 - NODE / 2 - 4
    # The circle of the beginning needs less room than the boxes.
    top = 18.0
    places: dict[str | None, tuple[float, float]] = {}
    for number, name in enumerate(names):
        angle = 2 * math.pi * number / len(names)
        places[name] = (
            round(WIDTH / 2 + across * math.sin(angle), 1),
            round(top + radius - radius * math.cos(angle), 1),
        )
    lowest = max(y for _, y in places.values())
    return places, lowest + HEIGHT_OF_NODE / 2 + 4


def _draw(arrow: Arrow, places: Mapping[str | None, tuple[float, float]], taken: list[tuple[float, float]]) -> None:
    """Draws a straight line from border to border, beside the one that leads back, with its head and number.

    The place of the number is added to ``taken``.
    """
    (x1, y1), (x2, y2) = places[arrow.before], places[arrow.after]
    length = math.hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    aside = 0.0 if arrow.before is None else 8.0
    x1, y1, x2, y2 = x1 - uy * aside, y1 + ux * aside, x2 - uy * aside, y2 + ux * aside
    start = 11.0 if arrow.before is None else _to_border(x1, y1, ux, uy, places[arrow.before])
    end = _to_border(x2, y2, -ux, -uy, places[arrow.after]) + 1
    x1, y1, x2, y2 = x1 + ux * start, y1 + uy * start, x2 - ux * end, y2 - uy * end
    arrow.line = (round(x1, 1), round(y1, 1), round(x2 - ux * 7, 1), round(y2 - uy * 7, 1))
    corners = ((x2, y2), (x2 - ux * 10 - uy * 5, y2 - uy * 10 + ux * 5), (x2 - ux * 10 + uy * 5, y2 - uy * 10 - ux * 5))
    arrow.head = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    if arrow.number:
        badges = [(round(x1 + (x2 - x1) * share, 1), round(y1 + (y2 - y1) * share, 1)) for share in SHARES]
        arrow.badge = max(badges, key=lambda badge: min([APART, *(math.dist(badge, other) for other in taken)]))
        taken.append(arrow.badge)


def _to_border(x: float, y: float, ux: float, uy: float, centre: tuple[float, float]) -> float:
    """The distance from a point within a box to its border, in a direction."""
    ways = []
    for place, direction, middle, half in ((x, ux, centre[0], NODE / 2), (y, uy, centre[1], HEIGHT_OF_NODE / 2)):
        if abs(direction) > 1e-9:
            ways.append((middle + math.copysign(half, direction) - place) / direction)
    return min(ways)
