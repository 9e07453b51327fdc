"""What info may say after updates: all of before or all of one update, and never back (R12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...messages.text import shown
from ...specification.actions import ADD, GET, UPDATE
from ...specification.loading import load
from ...specification.members import json_type
from ...specification.pointer import MISSING, below, member
from ..checks import Observation
from ..finding import Judgement, Obligation
from ..registry import history_check
from .form import Tally, compare, same_but_for_form
from .registration import History, Read, Values
from .status import settled


@history_check(
    "GET-ROUND-TRIP",
    "GET-ROUND-TRIP-EXACT",
    "UPDATE-ECHO",
    "UPDATE-ECHO-EXACT",
    "UPDATE-WHOLE",
    "UPDATE-STAYS",
    "UPDATE-VISIBLE",
    "UPDATE-PARTIAL-KEPT",
    "UPDATE-NACK-UNCHANGED",
    "DOCUMENTS-KEEPS-REST",
)
def judge_info(observation: Observation, history: History) -> Iterator[Judgement]:
    body = observation.exchange.body_of_reply
    found = {key: member(body, below("/info", key)) for key in load().info_names}
    if not history.values or not all(readable(found[key], history.values[0].info[key]) for key in found):
        return
    if not history.info_certain:
        return
    whole_requirement, exact_requirement = _info_requirements(observation, history)
    index = matching(history, found)
    changed = len(history.values) > 1
    if index is not None:
        whole, exact = Tally(observation, whole_requirement), Tally(observation, exact_requirement)
        for key in load().info_names:
            yield from compare(
                observation, history, below("/info", key), history.values[index].info[key], found[key], whole, exact
            )
        yield from whole.close()
        if exact_requirement:
            yield from exact.close()
        if observation.action == ADD:
            yield observation.ok("DOCUMENTS-KEEPS-REST", Obligation(ADD))
        if changed:
            yield observation.ok("UPDATE-WHOLE")
        if _genuine(history, found, index):
            history.clean = history.clean or observation.action == GET
            if len(history.values) > 1:
                yield from _visible(observation, history, history.values[index])
        yield from _untouched(observation, history)
        return
    yield from _misfit(observation, history, found, whole_requirement, exact_requirement)


def readable(found: Any, like: Any) -> bool:
    """Whether a value is there and of the type that is due; what is not is judged by the form of the reply."""
    return found != MISSING and (json_type(found) == json_type(like) or (like == MISSING and isinstance(found, str)))


def _info_requirements(observation: Observation, history: History) -> tuple[str, str]:
    if observation.action == UPDATE:
        return "UPDATE-ECHO", "UPDATE-ECHO-EXACT"
    if observation.action == ADD:
        return "DOCUMENTS-KEEPS-REST", "GET-ROUND-TRIP-EXACT"
    return "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"


def matching(history: History, found: Mapping[str, Any]) -> int | None:
    """Index of the latest values that a reply shows, but for their form and what was reported before."""
    for index in range(len(history.values) - 1, -1, -1):
        if all(
            key in history.unsure
            or same_but_for_form(found[key], history.values[index].info[key])
            or history.tolerates(below("/info", key), found[key])
            for key in load().info_names
        ):
            return index
    return None


def _genuine(history: History, found: Mapping[str, Any], index: int) -> bool:
    """Whether values are those of a call, and not merely wrong ones that were reported already."""
    return all(
        key in history.unsure or same_but_for_form(found[key], history.values[index].info[key])
        for key in load().info_names
    )


def _visible(observation: Observation, history: History, values: Values) -> Iterator[Judgement]:
    """Whether the values shown are late, or were there already and are gone again (R12)."""
    lacking = [w for w in history.writes if w.time <= observation.exchange.ended and values.lacks(w)]
    overdue = [w for w in lacking if settled(observation, w.time)]
    if observation.action == GET:
        read = _read(observation, history, values)
        gone = [w for w in overdue if w.seen] if not history.deferring else []
        back = [r for r in history.reads if r.values.info != values.info and values.first < r.earliest]
        earlier = gone[-1].sent if gone else next((r.values.info for r in back if r.latest < read.earliest), None)
        if earlier is not None:
            key = _difference(earlier, values)
            yield observation.bad(
                "UPDATE-STAYS",
                "/info",
                "update-gone",
                "values of an update are lost again",
                f"{key} {shown(earlier[key], 60)}, as an earlier Provider/get showed",
                f"{key} {shown(values.info[key], 60)}, from before the update",
            )
            return
        if values.write.seen and values is not history.values[0]:
            yield observation.ok("UPDATE-STAYS")
        _note(history, read)
    if observation.config.updates == "deferred" or observation.action not in (UPDATE, GET):
        return
    late = overdue or [w for w in lacking if w.exchange == observation.exchange.id]
    if late:
        history.deferring = history.deferring or observation.action == GET
        key = _difference(late[-1].sent, values)
        yield observation.bad(
            "UPDATE-VISIBLE",
            "/info",
            "earlier-values",
            "old values are shown after an acknowledged update",
            f"{key} {shown(late[-1].sent[key], 60)}",
            f"{key} {shown(values.info[key], 60)}, as before",
        )
    elif not lacking and len(history.writes) > 1:
        yield observation.ok("UPDATE-VISIBLE")


def _read(observation: Observation, history: History, values: Values) -> Read:
    """When the values that a Provider/get shows may have been in force: now, or as long ago as reads may lag (R19)."""
    exact = not history.deferring and all(settled(observation, w.time) for w in history.writes)
    lag = 0.0 if exact else observation.config.settle
    return Read(values, observation.exchange.started - lag, observation.exchange.ended)


def _note(history: History, read: Read) -> None:
    history.reads.append(read)
    if sum(values.info == read.values.info for values in history.values) > 1:
        # Values that were sent again: which of the two is seen, nobody can say.
        return
    read.values.first = min(read.values.first, read.latest)
    sources = read.values.sources.values()
    for write in sources:
        write.seen_at = min(write.seen_at, read.latest)
    if not history.deferring:
        for values in history.values:
            values.replaced = values.replaced or any(values.lacks(write) for write in sources)


def _difference(earlier: Mapping[str, Any], values: Values) -> str:
    """The first member that shows which values these are."""
    return next(
        (key for key in load().info_names if key in earlier and earlier[key] != values.info[key]), next(iter(earlier))
    )


def _untouched(observation: Observation, history: History) -> Iterator[Judgement]:
    """After a refused change, info shows as before (R17); after a partial update, what was not sent is kept."""
    if observation.action == GET and history.refused == UPDATE:
        yield observation.ok("UPDATE-NACK-UNCHANGED")
    if observation.action in (UPDATE, GET) and history.writes[-1].partial:
        yield observation.ok("UPDATE-PARTIAL-KEPT")


def _misfit(
    observation: Observation, history: History, found: Mapping[str, Any], whole: str, exact: str
) -> Iterator[Judgement]:
    """None of the values that were acknowledged: a mix of them, values that were refused, or others."""

    def fits(key: str, candidates: list[dict[str, Any]]) -> bool:
        return (
            key in history.unsure
            or history.tolerates(below("/info", key), found[key])
            or any(same_but_for_form(found[key], candidate.get(key)) for candidate in candidates)
        )

    current = [v.info for v in history.values]
    strays = [key for key in load().info_names if not fits(key, current)]
    last = history.values[-1]
    reported = False
    for key in strays:
        pointer = below("/info", key)
        reported = True
        history.tolerate(pointer, found[key])
        observed = f"{shown(found[key], 100)} at {pointer}"
        if any(same_but_for_form(found[key], refused.get(key)) for refused in history.refused_info):
            yield observation.bad(
                "UPDATE-NACK-UNCHANGED",
                pointer,
                "refused-value",
                "a value of a refused update is kept",
                f"{shown(last.info[key], 100)} at {pointer}, as before the NACK",
                observed,
            )
        elif key in last.partial and not str(found[key]).strip():
            yield observation.bad(
                "UPDATE-PARTIAL-KEPT",
                pointer,
                "member-blanked",
                "a member that was not sent is blanked",
                f"{shown(last.info[key], 100)} at {pointer}",
                observed,
            )
        else:
            requirement = whole
            if observation.action == GET and history.clean and history.refused == UPDATE:
                requirement = "UPDATE-NACK-UNCHANGED"
            elif observation.action == GET and not history.clean and history.written == ADD and history.intact:
                requirement = "DOCUMENTS-KEEPS-REST"
            yield observation.bad(
                requirement,
                pointer,
                "another-value",
                "a different value comes back",
                f"{shown(last.info[key], 100)} at {pointer}",
                observed,
            )
    if not reported and len(current) > 1:
        for key in load().info_names:
            history.tolerate(below("/info", key), found[key])
        newest = [key for key in load().info_names if same_but_for_form(found[key], last.info[key])]
        older = [key for key in load().info_names if key not in newest]
        yield observation.bad(
            "UPDATE-WHOLE",
            below("/info", older[0]) if older else "/info",
            "mixed-values",
            "a reply mixes values from before and after an update",
            "all values of the update, or all from before it",
            f"{', '.join(newest) or 'none'} of the update, {', '.join(older)} from before",
        )


def judge_unchanging(observation: Observation, history: History) -> Iterator[Judgement]:
    """What only the signup could say, against every reply after it."""
    body = observation.exchange.body_of_reply
    found = {pointer: value for pointer in history.unchanging if (value := member(body, pointer)) != MISSING}
    places = [pointer for pointer, value in found.items() if readable(value, history.unchanging[pointer])]
    if not places:
        return
    if observation.action == GET:
        requirement, exact = "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"
        if history.written in (UPDATE, ADD) and history.unchanging_ok and history.intact:
            requirement = "UPDATE-KEEPS-REST" if history.written == UPDATE else "DOCUMENTS-KEEPS-REST"
    else:
        requirement = "UPDATE-KEEPS-REST" if observation.action == UPDATE else "DOCUMENTS-KEEPS-REST"
        exact = "GET-ROUND-TRIP-EXACT"
    whole, form = Tally(observation, requirement), Tally(observation, exact)
    findings = [
        finding
        for pointer in places
        for finding in compare(observation, history, pointer, history.unchanging[pointer], found[pointer], whole, form)
    ]
    yield from findings
    history.unchanging_ok = not findings
