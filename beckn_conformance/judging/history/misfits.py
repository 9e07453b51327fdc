"""Values of an object that match no candidate: a mix, values of a refused update, or unknown ones (R12, R17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...specification.actions import GET, SIGNUP
from ..checks import Observation
from ..finding import LATER, VALUE, Judgement
from .course import Course
from .form import same_but_for_form
from .members import differs

if TYPE_CHECKING:
    from .part import Part


def requirements(part: Part, observation: Observation) -> tuple[str, str]:
    """The requirement on values in a reply, and the one on their form."""
    if observation.action == GET:
        return "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"
    if observation.action == part.change.action:
        return f"{observation.prefix}-ECHO", f"{observation.prefix}-ECHO-EXACT"
    return f"{observation.prefix}-KEEPS-REST", "GET-ROUND-TRIP-EXACT"


def misfits(part: Part, observation: Observation, course: Course, found: Mapping[str, Any]) -> Iterator[Judgement]:
    """Reports the values of refused updates, and each other one that no candidate has; if there is none, the mix."""
    values = part.candidates.values
    strays = [name for name in found if not any(part.explains(name, found[name], v.info) for v in values)]
    refused = [name for name in strays if any(same_but_for_form(found[name], r.get(name)) for r in part.refused)]
    known, mine = observation.known, observation.registration
    foreign = [name for name in strays if name not in refused and known.is_anothers(name, found[name], mine)]
    unheard = not (known.closed or refused or foreign or observation.action == part.change.action)
    if unheard and any(_is_unheard_of(part, observation, name, found[name]) for name in strays):
        # An update that is not on record may have set them.
        part.candidates.certain = False
        return
    for name in strays:
        part.members.report(part.pointers[name], found[name])
        if name not in refused and (name not in foreign or len(foreign) == 1):
            yield _stray(part, observation, course, name, found[name])
    if len(foreign) > 1:
        yield differs(
            observation,
            _requirement(part, observation, course),
            part.change.replaces,
            "foreign-values",
            {name: values[-1].info[name] for name in foreign},
            {name: found[name] for name in foreign},
            "values of another registration are shown",
        )
    if refused:
        yield differs(
            observation,
            f"{part.change.prefix}-NACK-UNCHANGED",
            part.change.replaces,
            "refused-value",
            {name: values[-1].info[name] for name in refused},
            {name: found[name] for name in refused},
            "values of a refused update are stored",
        )
    if not strays and len(values) > 1:
        for name, pointer in part.pointers.items():
            part.members.report(pointer, found[name])
        newest = [name for name in found if same_but_for_form(found[name], values[-1].info[name])]
        older = [name for name in found if name not in newest]
        old = ", ".join(older)
        # A single one that stays behind is its own fault; which ones a race leaves behind is a matter of luck.
        alone = len(older) == 1 and not course.under_way
        yield observation.bad(
            f"{part.change.prefix}-WHOLE",
            part.pointers[older[0]] if alone else part.change.replaces,
            "mixed-values",
            "a reply mixes values from before and after an update",
            "all values of one update, or all from before it",
            f"{', '.join(newest)} of the last update, {old} from before it" if newest else f"{old} of several updates",
        )


def _is_unheard_of(part: Part, observation: Observation, name: str, value: Any) -> bool:
    """Tells whether an update may have sent a value, and the gateway did not make it of one that is on record."""
    members = observation.specification.members(part.change.action)
    borders = next(one.borders for one in members if one.pointer == part.pointers[name])
    sent = (text for write in part.candidates.writes for text in write.sent.values())
    return borders.tolerates(value) and borders.approves(value) and not any(_is_made_of(value, text) for text in sent)


def _is_made_of(value: str, text: Any) -> bool:
    """Tells whether one text has all letters and digits of the other in their order, or would without those beyond
    ASCII, as if it was cut, escaped or garbled."""
    for signs in (str.isalnum, _is_plain):
        shorter, longer = sorted((list(filter(signs, str(one).casefold())) for one in (value, text)), key=len)
        rest = iter(longer)
        if shorter and all(sign in rest for sign in shorter):
            return True
    return False


def _is_plain(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()


def _stray(part: Part, observation: Observation, course: Course, name: str, value: Any) -> Judgement:
    """The finding on a value that no candidate has."""
    pointer, last = part.pointers[name], part.candidates.values[-1]
    requirement, message = _requirement(part, observation, course), ""
    plain = observation.action != GET or (course.written == SIGNUP and course.refused is None)
    kind = VALUE if plain or requirement != "GET-ROUND-TRIP" else LATER
    if name not in last.write.sent and not str(value).strip():
        requirement, kind = f"{part.change.prefix}-PARTIAL-KEPT", "member-blanked"
        message = "a member that was not sent is blanked"
    return differs(observation, requirement, pointer, kind, last.info[name], value, message)


def _requirement(part: Part, observation: Observation, course: Course) -> str:
    """The requirement on a value that no candidate has, by what happened last."""
    get = observation.action == GET
    written = observation.specification.changes.get(course.written or "")
    if get and part.clean and course.refused == part.change.action:
        return f"{part.change.prefix}-NACK-UNCHANGED"
    if get and not part.clean and written is not None and written != part.change and course.documents_intact:
        return f"{written.prefix}-KEEPS-REST"
    return requirements(part, observation)[0]
