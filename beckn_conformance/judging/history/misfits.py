"""Values of ``info`` that match no candidate: a mix, values of a refused update, or unknown ones (R12, R17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...specification.actions import ADD, GET, UPDATE
from ..checks import Observation
from ..finding import Judgement
from .course import Course
from .form import same_but_for_form
from .members import VALUE, differs

if TYPE_CHECKING:
    from .info import Info

REQUIREMENTS = {
    GET: ("GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"),
    UPDATE: ("UPDATE-ECHO", "UPDATE-ECHO-EXACT"),
    ADD: ("DOCUMENTS-KEEPS-REST", "GET-ROUND-TRIP-EXACT"),
}
"""By action, the requirement on values in its reply, and the one on their form."""


def misfits(info: Info, observation: Observation, course: Course, found: Mapping[str, Any]) -> Iterator[Judgement]:
    """Reports each value that no candidate has; if there is none, the mix."""
    values = info.candidates.values
    strays = [name for name in found if not any(info.explains(name, found[name], v.info) for v in values)]
    for name in strays:
        info.members.report(info.pointers[name], found[name])
        yield _stray(info, observation, course, name, found[name])
    if not strays and len(values) > 1:
        for name, pointer in info.pointers.items():
            info.members.report(pointer, found[name])
        newest = [name for name in found if same_but_for_form(found[name], values[-1].info[name])]
        older = [name for name in found if name not in newest]
        yield observation.bad(
            "UPDATE-WHOLE",
            info.pointers[older[0]] if older else "/info",
            "mixed-values",
            "a reply mixes values from before and after an update",
            "all values of the update, or all from before it",
            f"{', '.join(newest) or 'none'} of the update, {', '.join(older)} from before",
        )


def _stray(info: Info, observation: Observation, course: Course, name: str, value: Any) -> Judgement:
    """The finding on a value that no candidate has."""
    pointer, last = info.pointers[name], info.candidates.values[-1]
    get = observation.action == GET
    requirement, kind, message = REQUIREMENTS[observation.action][0], VALUE, ""
    if any(same_but_for_form(value, refused.get(name)) for refused in info.refused):
        requirement, kind, message = "UPDATE-NACK-UNCHANGED", "refused-value", "a value of a refused update is kept"
    elif name not in last.write.sent and not str(value).strip():
        requirement, kind = "UPDATE-PARTIAL-KEPT", "member-blanked"
        message = "a member that was not sent is blanked"
    elif get and info.clean and course.refused == UPDATE:
        requirement = "UPDATE-NACK-UNCHANGED"
    elif get and not info.clean and course.written == ADD and course.documents_intact:
        requirement = "DOCUMENTS-KEEPS-REST"
    return differs(observation, requirement, pointer, kind, last.info[name], value, message)
