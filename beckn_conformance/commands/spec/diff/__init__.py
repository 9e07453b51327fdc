"""Compares two versions of the schemas, for gateways and for providers: breaking, not breaking, or cannot tell."""

from __future__ import annotations

from collections.abc import Iterator

from ....specification.actions import SIGNUP
from ....specification.soundness import KINDS
from ....specification.specification import Specification
from . import catalogue
from .changes import ANSWERS, Change, Changes
from .inlining import inlined, omissible, places
from .messages import Comparison

EVERY = "every operation"


def compare(old: Specification, new: Specification) -> Changes:
    """Compares two versions of schemas/: messages and catalogue; raises SpecificationError."""
    found = [
        *catalogue.operations(old, new),
        *_messages(old, new),
        *catalogue.requirements(old, new),
        *catalogue.readings(old, new),
        *catalogue.others(old, new),
    ]
    return Changes(tuple(sorted(found, key=lambda change: ANSWERS.index(change.effect))))


def _messages(old: Specification, new: Specification) -> Iterator[Change]:
    needed = [_needed(version) for version in (old, new)]
    kinds = [(EVERY, f"{kind} header", *[f"header.{kind}.json"] * 2) for kind in ("request", "reply")]
    actions = {operation.key: operation.action for operation in new.operations}
    for before, after in catalogue.matched(old, new):
        for kind in KINDS:
            kinds.append((actions[after], kind, f"{before}.{kind}.json", f"{after}.{kind}.json"))
    for action, direction, one, other in kinds:
        schemas = (inlined(old.files, one), inlined(new.files, other))
        signup = action == SIGNUP
        loose = [omissible(s, frozenset() if signup else n) for s, n in zip(schemas, needed, strict=True)]
        yield from Comparison(action, direction, *schemas, (loose[0], loose[1])).changes()


def _needed(specification: Specification) -> frozenset[str]:
    """Returns the pointers of members that a signup needs; other requests may be refused without them (Q14)."""
    key = next((o.key for o in specification.operations if o.action == SIGNUP), None)
    if key is None:
        return frozenset()
    schema = inlined(specification.files, f"{key}.request.json")
    return frozenset(pointer for pointer, _, _ in places(schema)) - omissible(schema)
