"""Compares two versions of the schemas, for gateways and for providers: breaking, not breaking, or cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....specification.actions import SIGNUP
from ....specification.specification import Specification
from . import catalogue
from .changes import ANSWERS, Change, Changes
from .inlining import inlined, omissible, places
from .messages import Comparison

EVERY = "every operation"
ENVELOPE = "envelope.json"


def compare(old: Specification, new: Specification) -> Changes:
    """Compares two versions of schemas/: messages and catalogue; raises SpecificationError."""
    found = [
        *catalogue.operations(old, new),
        *_messages(old, new),
        *_envelopes(old, new),
        *catalogue.requirements(old, new),
        *catalogue.readings(old, new),
        *catalogue.others(old, new),
    ]
    return Changes(tuple(sorted(found, key=lambda change: ANSWERS.index(change.effect))))


def _messages(old: Specification, new: Specification) -> Iterator[Change]:
    needed = [_needed(version) for version in (old, new)]
    kinds = [(EVERY, f"{kind} header", *[f"header.{kind}.json"] * 2) for kind in ("request", "reply")]
    for before, after in catalogue.matched(old, new):
        action = new.operation(_action(new, after)).action
        kinds += [
            (action, kind, f"{before}.{kind}.json", f"{after}.{kind}.json") for kind in ("request", "ack", "nack")
        ]
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


def _action(specification: Specification, key: str) -> str:
    return next(operation.action for operation in specification.operations if operation.key == key)


def _envelopes(old: Specification, new: Specification) -> Iterator[Change]:
    """Yields changes of how the envelope binding joins header and body."""
    if old.files.get(ENVELOPE) == new.files.get(ENVELOPE):
        return
    for before, after in catalogue.matched(old, new):
        for kind in ("request", "ack", "nack"):
            one, other = _envelope(old, old, before, kind), _envelope(new, old, after, kind)
            if one is not None and other is not None:
                yield from Comparison(_action(new, after), f"{kind} envelope", one, other).changes()


def _envelope(version: Specification, base: Specification, key: str, kind: str) -> Mapping[str, Any] | None:
    """Returns a version's envelope around the header and the body of another version."""
    content = version.files.get(ENVELOPE)
    name = f"{key}.{kind}"
    if not isinstance(content, dict) or name not in content.get("$defs", {}):
        return None
    files = {**version.files, **base.files, ENVELOPE: content}
    return inlined(files, ENVELOPE, f"/$defs/{name}")
