"""Faulty requests that are acknowledged, and valid ones that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias
from zlib import crc32

import jsonschema_rs

from reference_server.catalogue import Catalogue
from reference_server.gateway import Gateway
from reference_server.message import SIGNUP, Faults, Json, Place, Request
from reference_server.planting import Defect, Install, defect, installing, replaces
from reference_server.planting.edits import matches, parts, place_name, places, slug
from reference_server.planting.steps import Checking, Finding, checking
from reference_server.registration import Registration, digest
from reference_server.specification import Member, Specification
from reference_server.validation import json_type

Test: TypeAlias = Callable[[Json], bool]
"""Returns whether a value is meant; a missing one is MISSING."""

MISSING: Any = object()

_TYPES: Final = ("string", "number", "boolean", "array", "object")
_EVERY: Final = "."
"""The pattern of a kind that all valid values are of."""
_LONG: Final = 1000
"""Characters from which the length of a text is a matter of size."""
_ZERO: Final[dict[str, Json]] = {"number": 0, "boolean": False}


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    for action, shape in specification.requests.items():
        for pointer, member in shape.below():
            required = shape.requires(pointer)
            yield from _accepted(catalogue, action, pointer, member, required=required)
            yield from _refused(catalogue, action, pointer, member)
            yield from _without(specification, catalogue, action, pointer)


def kinds(member: Member, pointer: str, *, required: bool) -> Iterator[tuple[str, str, Test]]:
    """Yield every fault of a member: its kind, the strength with which it must be refused, and a test of the value."""
    if required:
        yield "missing", "must", _is(MISSING)
    if "null" not in member.types and (required or pointer.endswith("*")):
        yield "null", "must", _is(None)
    for kind in _TYPES:
        if kind not in member.types:
            yield kind, "must", _has_type(kind)
    refused = [strength for strength, test in member.limits if not test("")]
    if member.type == "string" and refused:
        yield "empty", refused[0], _is_blank
    for keyword, strength in (("x-malformed", "must"), ("x-should-malformed", "should")):
        for name, value in member.schema.get(keyword, {}).items():
            yield f"malformed: {name}", strength, _is(value)
    if member.fewest:
        strength = "must" if "minProperties" in member.schema else "should"
        yield "none of its members", strength, _has_no_members


def _accepted(catalogue: Catalogue, action: str, pointer: str, member: Member, *, required: bool) -> Iterator[Defect]:
    beyond_first = "*/" in pointer
    for kind, strength, test in kinds(member, pointer, required=required):
        requirement = catalogue.refusing(action, pointer, kind, strength)
        if requirement is None:
            continue
        name = f"{place_name(action, pointer)}-{slug(kind.removeprefix('malformed: '))}-accepted"
        words = f"{action} is acknowledged though {pointer} is faulty ({kind})"
        yield defect(name, requirement, action, pointer, words, accepting(action, pointer, test), case=kind)
        if beyond_first and strength == "must":
            beyond_first = False
            install = accepting(action, pointer, test, first=1)
            yield defect(f"{name}-beyond-first", requirement, action, pointer, f"{words}, but in the first", install)


def _refused(catalogue: Catalogue, action: str, pointer: str, member: Member) -> Iterator[Defect]:
    """Valid values that are refused, by their kinds."""
    # What is wrong with the registration is not told where a sound member is blamed before it.
    also = () if action == SIGNUP else ("UPDATE-NACK-UNKNOWN", "NACK-SOUND")
    for strength, keyword in (("must", "x-variants"), ("should", "x-variants-should")):
        requirement = catalogue.accepting(action, pointer, strength)
        if requirement is None:
            continue
        tests: dict[str, Test] = {
            name: _matches(pattern) for name, pattern in member.schema.get(keyword, {}).items() if pattern != _EVERY
        }
        if strength == "must":
            tests |= _sizes(member)
            if not tests and member.is_scalar:
                tests["some"] = _one_of_two
        for name, test in tests.items():
            words, install = f"{action} refuses values of {pointer} ({name})", refusing(action, pointer, test)
            name = f"{place_name(action, pointer)}-{slug(name)}-refused"
            yield defect(name, requirement, action, pointer, words, install, *also)


def _sizes(member: Member) -> dict[str, Test]:
    """Values of a member that are refused for their size alone, though they are surely valid."""
    safe = member.schema.get("x-safe", {})
    tests: dict[str, Test] = {}
    if safe.get("maxLength", 0) > _LONG:
        tests["large"] = lambda value: isinstance(value, str) and len(value) > safe["maxLength"] // 2
    if member.type == "array" and safe.get("maxItems", 0) > 1:
        tests["several"] = lambda value: isinstance(value, list) and len(value) > 1
    return tests


def _without(specification: Specification, catalogue: Catalogue, action: str, pointer: str) -> Iterator[Defect]:
    """A message that is refused for the lack of an optional member."""
    signup = specification.requests[SIGNUP]
    requirement = catalogue.accepting(action, pointer) or catalogue.of(action, "ACK")
    # An update may be refused without what a signup needs (reading Q14).
    needed = specification.requests[action].may_want(pointer) or (signup.at(pointer) and signup.may_want(pointer))
    if requirement is None or needed:
        return

    def check(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        if faults or request.action != action:
            return faults
        *holder, name = parts(pointer)
        holders = places(request.body, tuple(holder))
        return {(*place, name): "is required" for place in holders if request.at((*place, name)) is None}

    words = f"{action} refuses a message without {pointer}, which is optional"
    name = f"{place_name(action, pointer)}-required"
    yield defect(name, requirement, action, pointer, words, checking(check))


@installing
def accepting(gateway: Gateway, action: str, pointer: str, is_let_through: Test, first: int = 0) -> None:
    """Let some faults of a member through, each where it is the only one, in documents from the first index on."""

    @replaces(gateway)
    def check_body(inner: Checking, request: Request) -> Faults:
        faults = inner(request)
        if request.action != action or len(faults) != 1:
            return faults
        place = next(iter(faults))
        index = next((part for part in place if isinstance(part, int)), first)
        let_through = matches(place, pointer) and index >= first and is_let_through(_value(request, place))
        return {} if let_through else faults

    @replaces(gateway)
    def content(inner: Any, request: Request) -> Json:
        return _completed(gateway.specification.requests[request.action], request.body)

    @replaces(gateway)
    def find(inner: Finding, request: Request) -> Registration | None:
        if request.action == action and not request.id:
            return gateway.store.owner(digest(request.token))
        return inner(request)


def refusing(action: str, pointer: str, test: Test) -> Install:
    """Find a fault with values that pass a test, in a request that has none."""

    def check(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        if faults or request.action != action:
            return faults
        found = places(request.body, parts(pointer))
        refused = (place for place in found if request.at(place) is not None and test(request.at(place)))
        return dict.fromkeys(refused, "is not supported")

    return checking(check)


def _value(request: Request, place: Place) -> Json:
    holder = request.at(place[:-1])
    missing = isinstance(place[-1], str) and not (isinstance(holder, dict) and place[-1] in holder)
    return MISSING if missing else request.at(place)


def _completed(shape: Member, value: Json) -> Json:
    """Keep a faulty value in such a form that the rest of the gateway, and its replies, stay sound."""
    if "object" in shape.types:
        given = value if isinstance(value, dict) else {}
        names = [name for name in shape.members if name in shape.required or given.get(name) is not None]
        return {name: _completed(shape.members[name], given.get(name)) for name in names}
    if "array" in shape.types and shape.items is not None:
        items = value if isinstance(value, list) else []
        return [_completed(shape.items, item) for item in items if json_type(item) in shape.items.types]
    if value is not None and json_type(value) in shape.types:
        return value
    if shape.type in _ZERO:
        return _ZERO[shape.type]
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _is(value: Json) -> Test:
    return lambda found: found is value or bool(found == value and json_type(found) == json_type(value))


def _has_type(kind: str) -> Test:
    return lambda found: found is not MISSING and json_type(found) == kind


def _is_blank(found: Json) -> bool:
    return isinstance(found, str) and not found.strip()


def _has_no_members(found: Json) -> bool:
    # Missing and null members say the same (reading T12).
    return isinstance(found, dict) and all(member is None for member in found.values())


def _matches(pattern: str) -> Test:
    options: Any = jsonschema_rs.RegexOptions()
    is_valid = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options).is_valid
    return lambda found: isinstance(found, str) and bool(is_valid(found))


def _one_of_two(found: Json) -> bool:
    """Choose about every second value."""
    return crc32(json.dumps(found).encode()) % 2 == 0
