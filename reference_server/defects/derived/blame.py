"""NACKs that do not name the fault, or not where it is, or not in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import TypeAlias

from reference_server.catalogue import Catalogue
from reference_server.defects.derived.requests import kinds
from reference_server.gateway import Gateway
from reference_server.message import Faults, Json, Place, Request
from reference_server.planting import Defect, Install, defect, installing, replaces
from reference_server.planting.edits import matches, parts, place_name, short, to
from reference_server.planting.steps import blaming
from reference_server.specification import Member, Specification

RenderingSection: TypeAlias = Callable[[Request, str, Faults], Json]
Blame: TypeAlias = Callable[[Request, Place, Json], Faults]
"""From a fault, returns the messages for it."""


def unsaid(request: Request, place: Place, message: Json) -> Faults:
    """Say nothing."""
    return {}


def blank(request: Request, place: Place, message: Json) -> Faults:
    """Say nothing in a text."""
    return {place: " "}


def at(neighbour: str) -> Blame:
    """Blame another member."""

    def blame(request: Request, place: Place, message: Json) -> Faults:
        index = next((part for part in place if isinstance(part, int)), 0)
        return {tuple(index if part == "*" else part for part in parts(neighbour)): message}

    return blame


def _blaming_one(action: str, pointer: str, blame: Blame, *reasons: str) -> Install:
    """Change the message for a fault at one place, where it is the only fault."""

    def change(request: Request, faults: Faults) -> Faults:
        place, message = next(iter(faults.items()))
        return blame(request, place, message) if len(faults) == 1 and matches(place, pointer) else faults

    return blaming(change, action, *reasons)


def _as(form: Callable[[Json], Json]) -> Blame:
    return lambda request, place, message: {place: form(message)}


def _echoed(request: Request, place: Place, message: Json) -> Faults:
    value = request.at(place)
    return {place: value if isinstance(value, str) and value.strip() else message}


@installing
def _keyed(gateway: Gateway, action: str, pointer: str) -> None:
    """Show the errors of a list as an object."""

    @replaces(gateway)
    def render_section(inner: RenderingSection, request: Request, section: str, faults: Faults) -> Json:
        shown = inner(request, section, faults)
        mine = request.action == action and any(matches((section, *place), pointer) for place in faults)
        if not mine or not isinstance(shown, list):
            return shown
        return {str(number): item for number, item in enumerate(shown) if item}


def _sparing(empty: bool, blame: Blame) -> Blame:
    """Leave empty texts, or all other faults, to requirements of their own."""
    return lambda request, place, message: (
        blame(request, place, message) if (request.at(place) == "") is empty else {place: message}
    )


_FORMS: tuple[tuple[str, Callable[[Json], Json]], ...] = (
    ("list", lambda text: [text]),
    ("true", to(True)),
    ("object", lambda text: {"code": 40, "text": text}),
    ("number", to(1002)),
)


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    for action, shape in specification.requests.items():
        forms = cycle(_FORMS)
        for pointer, member in shape.below():
            if parts(pointer)[0] not in specification.nacks[action].members:
                # The page has no slot for a message there.
                continue
            yield from _of_member(catalogue, action, pointer, member, _neighbour(shape, pointer))
            if catalogue.refusing(action, pointer, "array", "must") and member.is_scalar:
                form, change = next(forms)
                start, words = f"{place_name(action, pointer)}-error", f"the error at {pointer} of {action} is"
                install = _blaming_one(action, pointer, _as(change))
                yield defect(f"{start}-{form}", "NACK-TEXT", action, pointer, f"{words} {form}", install)
                # Only a faulty text could come back as a message.
                if member.schema.keys() & {"x-malformed", "x-should-malformed", "x-known"}:
                    words, install = f"{words} the value that was sent", _blaming_one(action, pointer, _echoed)
                    yield defect(f"{start}-echoes-value", "NACK-ECHO", action, pointer, words, install)
        yield from _of_unknown(specification, catalogue, action)


def _of_member(
    catalogue: Catalogue, action: str, pointer: str, member: Member, neighbour: str | None
) -> Iterator[Defect]:
    place = place_name(action, pointer)
    requirement = catalogue.refusing(action, pointer, "missing", "must")
    if requirement is not None:
        ways: list[tuple[str, Blame, str]] = [
            ("unsaid", unsaid, "is refused without a word about it"),
            ("blank", blank, "is refused with a blank message"),
        ]
        if neighbour is not None:
            ways.append(("misplaced", at(neighbour), f"blames {neighbour}"))
        for name, blame, words in ways:
            also, words = "NACK-SOUND" if name == "misplaced" else "", f"{action} with a fault at {pointer} {words}"
            install = _blaming_one(action, pointer, _sparing(False, blame), "body")
            yield defect(f"{place}-error-{name}", requirement, action, pointer, words, install, also)
        # A list further below is rendered with what it is in.
        if pointer.startswith(f"/{parts(pointer)[0]}/*/"):
            words = f"the error of {action} at {pointer} stands in an object, under the number of the item"
            items, install = f"/{parts(pointer)[0]}", _keyed(action, pointer)
            yield defect(f"{place}-error-keyed", requirement, action, items, words, install)
    for kind, strength, _ in kinds(member, pointer, required=True):
        requirement = catalogue.refusing(action, pointer, kind, strength)
        if kind == "empty" and requirement is not None:
            words = f"{action} with an empty text at {pointer} is refused without a word about it"
            install = _blaming_one(action, pointer, _sparing(True, unsaid), "body")
            yield defect(f"{place}-empty-error-unsaid", requirement, action, pointer, words, install)


def _of_unknown(specification: Specification, catalogue: Catalogue, action: str) -> Iterator[Defect]:
    """A registration that is unknown, and not named where it should be."""
    requirement = catalogue.of(action, "NACK-UNKNOWN")
    if requirement is None or "registration" not in specification.nacks[action].members:
        return
    ways: list[tuple[str, Blame, str]] = [("unsaid", unsaid, "names no field"), ("blank", blank, "has a blank message")]
    if "string" in specification.nacks[action].members["registration"].types:
        ways.append(("at-object", at("/registration"), "has its message at registration, not at its id"))
    for name, blame, words in ways:
        name, words = f"{short(action)}-unknown-{name}", f"the refusal of {action} for an unknown registration {words}"
        install = _blaming_one(action, "/registration/id", blame, "unknown")
        yield defect(name, requirement, action, "/registration/id", words, install)


def _neighbour(shape: Member, pointer: str) -> str | None:
    """Find another scalar member of the object that a scalar member is in."""
    parent = pointer.rpartition("/")[0]
    near = [
        place for place, member in shape.below() if place.rpartition("/")[0] == parent and parent and member.is_scalar
    ]
    if pointer not in near or len(near) < 2:
        return None
    return near[(near.index(pointer) + 1) % len(near)]
