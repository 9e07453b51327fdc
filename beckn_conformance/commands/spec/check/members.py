"""Checks the members of requests: their values, borders and requirements."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ....config.gateway import GatewayConfig
from ....errors import SpecificationError
from ....messages.samples import Samples
from ....messages.values import Values
from ....specification import requests
from ....specification.members import Member
from ....specification.pointer import below
from ....specification.specification import Specification
from .folder import Folder, Place, Problem, places

VARIANTS = (("x-variants", "must"), ("x-variants-should", "should"))


def problems(folder: Folder, specification: Specification) -> Iterator[Problem]:
    """Yields invalid examples, contradictory borders, and members that no requirement is about."""
    told: set[Problem] = set()
    for operation in specification.operations:
        for member in specification.members(operation.action):
            place = _origin(folder, f"{operation.key}.request.json", member.pointer)
            for under, message, remedy in (*_examples(member), *_borders(member), *_values(specification, member)):
                problem = folder.problem(place[0], f"{place[1]}{under}", f"{member.pointer}: {message}", remedy)
                if problem not in told:
                    told.add(problem)
                    yield problem
            for under, message, remedy in _unheld(specification, operation.action, member):
                said = f"{operation.action} {member.pointer}: {message}"
                yield folder.problem(place[0], f"{place[1]}{under}", said, remedy)


def _origin(folder: Folder, file: str, pointer: str) -> Place:
    """Returns where the schema of a member of a request body stands."""

    def says_it(place: Place) -> bool:
        node = folder.at(*place)
        return not {"$ref", "anyOf"} & node.keys() and node.get("type") != "null"

    return next(filter(says_it, places(folder, file)[pointer]))


def _examples(member: Member) -> Iterator[tuple[str, str, str]]:
    for index, example in enumerate(member.schema.get("examples", ())):
        if not member.borders.tolerates(example):
            yield f"/examples/{index}", f"its example {example!r} is not valid under its own schema", "fix one of them"


def _borders(member: Member) -> Iterator[tuple[str, str, str]]:
    """Yields values listed as faulty that are valid."""
    for name, value in member.malformed("must").items():
        if member.borders.tolerates(value):
            yield (
                below("/x-malformed", name),
                f"{value!r} is to be refused ({name}), but the schema proper allows it",
                "narrow the schema, or list it under x-should-malformed",
            )
    for name, value in member.malformed("should").items():
        if not member.borders.tolerates(value):
            yield (
                below("/x-should-malformed", name),
                f"{value!r} should be refused ({name}), but by the schema proper it must be",
                "list it under x-malformed",
            )
        elif member.borders.nearly_safe(value):
            yield (
                below("/x-should-malformed", name),
                f"{value!r} should be refused ({name}), but x-safe has it accepted",
                "narrow x-safe, or leave the value out",
            )


def _values(specification: Specification, member: Member) -> Iterator[tuple[str, str, str]]:
    """Yields kinds of valid values of which there is none."""
    if not member.scalar:
        return
    values = Values(specification, GatewayConfig(""), seed=1, nonce=1)
    samples = Samples(random.Random(1), lambda: "Wabi")
    for keyword, strength in VARIANTS:
        names = ("", *member.variants(strength)) if strength == "must" else tuple(member.variants(strength))
        for name in names:
            try:
                _draw(member, name, values, samples)
            except SpecificationError as error:
                yield f"/{keyword}" if name else "", str(error).partition(": ")[2], "widen x-safe, or narrow the kind"
                if not name:
                    return


def _draw(member: Member, name: str, values: Values, samples: Samples) -> None:
    """Draws a value of a kind as a run does; raises SpecificationError if there is none."""
    if member.pointer.startswith(("/info/", "/api/")):
        try:
            values.value(member.pointer, name)
        except (KeyError, StopIteration):
            # Another request than a signup has this member.
            samples.draw(member, name)
    elif member.parent != "/documents/*" or member.name not in ("name", "data"):
        samples.draw(member, name)


def _unheld(specification: Specification, action: str, member: Member) -> Iterator[tuple[str, str, str]]:
    """Yields requirements that a member lacks, and faulty values that no requirement has refused."""
    if "x-unheld" in member.schema:
        return
    about = {
        (what, selector.strength)
        for requirement in specification.requirements.values()
        if action in requirement.operations
        for what, selector in (("refuses", requirement.refuses), ("accepts", requirement.accepts))
        if selector is not None and member.pointer in selector.members
    }
    reason = "or say under x-unheld why there is none"
    if ("refuses", "must") not in about:
        yield "", "no requirement says that it is refused where it is faulty", f"add one with refuses, {reason}"
    if member.scalar and "x-known" not in member.schema and ("accepts", "must") not in about:
        yield "", "no requirement says that it is accepted where it is valid", f"add one with accepts, {reason}"
    for keyword, strength in (("x-malformed", "must"), ("x-should-malformed", "should")):
        for name in member.malformed(strength):
            kind = f"malformed: {name}"
            if requests.refusing(specification, action, member.pointer, kind, strength) is None:
                message = f"{keyword} lists {name}, which is never sent: no requirement refuses it ({strength})"
                yield below(f"/{keyword}", name), message, f"add one with refuses, strength {strength}"
