"""Matches waivers with findings, and says what became of each waiver in a run."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..config.gateway import Waiver
from ..specification.pointer import pattern_of
from .finding import Obligation
from .tally import Tally


@dataclass(frozen=True, slots=True)
class Standing:
    """The use of a waiver in a run."""

    waiver: Waiver
    state: str
    """``used``: it excuses a finding; ``stale``: its finding was tested for and not made; ``expired``: it no longer
    applies; ``idle``: its finding was not tested for."""
    findings: tuple[str, ...] = ()
    """Ids of the findings that it excuses."""
    reason: str = ""
    """Why it is idle."""


def matching(waivers: Sequence[Waiver], requirement: str, place: str, today: datetime.date) -> tuple[Waiver, ...]:
    """Returns the waivers in force on a day that match a finding: its requirement and its place (a JSON Pointer)."""
    return tuple(
        w for w in waivers if w.expires >= today and w.requirement == requirement and _covers(w.pointer, place)
    )


def _covers(pointer: str | None, place: str) -> bool:
    """True if a waiver's pointer matches a place. Without a pointer it matches all; ``*`` matches any index."""
    if pointer is None:
        return True
    parts, others = pointer.split("/"), place.split("/")
    return len(parts) == len(others) and all(
        part == other or (part == "*" and other.isdecimal()) for part, other in zip(parts, others, strict=True)
    )


def standing(
    waiver: Waiver,
    waived: Mapping[str, Collection[Waiver]],
    reason: str,
    tally: Tally,
    due: Collection[Obligation],
    today: datetime.date,
) -> Standing:
    """Says what became of a waiver.

    ``waived`` maps the waived findings of its requirement to their waivers, ``reason`` says why the requirement was not
    tested, and ``due`` lists its obligations. A waiver is stale if everything that could have shown its finding was
    exercised.
    """
    if waiver.expires < today:
        return Standing(waiver, "expired")
    found = tally.found.get(waiver.requirement, {}).items()
    if any(_covers(waiver.pointer, place) and not tally.follows(record) for (_, place), record in found):
        return Standing(waiver, "used", tuple(id_ for id_, excuses in waived.items() if waiver in excuses))
    of_all = set(due)
    # Most obligations name a member. A waiver for a place that none of them names waits for all.
    concerned = {o for o in of_all if waiver.pointer and o.member == pattern_of(waiver.pointer)} or of_all
    if concerned and concerned <= tally.shown(waiver.requirement):
        return Standing(waiver, "stale")
    return Standing(waiver, "idle", reason=reason)


MOST_NAMED = 5
"""Idle waivers that one note names."""


def notes(standings: Iterable[Standing]) -> Iterator[str]:
    """Yields a remark on each waiver that does not excuse a finding."""
    idle: dict[str, list[str]] = {}
    for one in standings:
        named = _named(one.waiver)
        match one.state:
            case "expired":
                yield f"waiver for {named} expired on {one.waiver.expires.isoformat()} and no longer applies"
            case "stale":
                yield f"waiver for {named} is stale: what it excuses was tested and is no longer found; remove it"
            case "idle":
                idle.setdefault(one.reason, []).append(named)
    for reason, names in idle.items():
        why = f" ({reason})" if reason else ""
        if len(names) == 1:
            yield f"waiver for {names[0]} is idle: what it excuses was not tested{why}"
            continue
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"waivers for {', '.join(names[:MOST_NAMED])}{more} are idle: what they excuse was not tested{why}"


def _named(waiver: Waiver) -> str:
    place = "" if waiver.pointer is None else f" at {waiver.pointer or 'the whole body'}"
    return f"{waiver.requirement}{place} ({waiver.owner})"
