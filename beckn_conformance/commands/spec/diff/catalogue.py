"""Compares what stands beside the messages: operations, requirements, readings, other files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Final

from ....specification.catalogue import Operation, Requirement
from ....specification.specification import Specification
from .candidates import sample
from .changes import BOTH, BREAKING, GATEWAYS, NOT_BREAKING, PROVIDERS, Change, Witness
from .inlining import inlined

COMPARED: Final = (
    *("requirements.yaml", "readings.yaml", "operations.yaml", "common.json"),
    *("header.request.json", "header.reply.json"),
)
"""Files that are compared by what they say."""
WORDS: Final = ("section", "basis", "reading", "title", "text", "needs", "untestable")


def matched(old: Specification, new: Specification) -> list[tuple[str, str]]:
    """Pairs the old and new keys of operations with the same Action, or else the same key."""
    actions = {operation.action: operation.key for operation in old.operations}
    pairs = {o.key: actions.pop(o.action) for o in new.operations if o.action in actions}
    left = {*actions.values()}
    pairs |= {o.key: o.key for o in new.operations if o.key not in pairs and o.key in left}
    return [(before, after) for after, before in pairs.items()]


def operations(old: Specification, new: Specification) -> Iterator[Change]:
    """Yields operations that are new, gone, or have another Action."""
    pairs = matched(old, new)
    before = {operation.key: operation for operation in old.operations}
    after = {operation.key: operation for operation in new.operations}
    for key in sorted(after.keys() - {new_key for _, new_key in pairs}):
        shown = Witness(sample(inlined(new.files, f"{key}.request.json")), "no operation", "a request")
        yield from _breaks(GATEWAYS, after[key].action, "a new operation", shown)
    for key in sorted(before.keys() - {old_key for old_key, _ in pairs}):
        shown = Witness(sample(inlined(old.files, f"{key}.request.json")), "a request", "no operation")
        yield from _breaks(PROVIDERS, before[key].action, "no longer an operation", shown)
    for old_key, new_key in pairs:
        one, other = before[old_key], after[new_key]
        if one.action != other.action:
            shown = Witness(sample(inlined(new.files, f"{new_key}.request.json")), f"sent to {one.path}", other.path)
            yield Change(BREAKING, BOTH, other.action, f"renamed, before {one.action}", witness=shown)
        for name in ("key", "prefix", "section"):
            if getattr(one, name) != getattr(other, name):
                text = f"{name} {getattr(other, name)}, before {getattr(one, name)}"
                yield Change(NOT_BREAKING, BOTH, f"operation {other.action}", text)
        # An older layout did not say what operations change.
        if old.changes and new.changes:
            yield from _effect(one, other)


def _effect(one: Operation, other: Operation) -> Iterator[Change]:
    """Yields the part of a registration that an operation changes no longer, and the one that it changes now."""
    place = f"operation {other.action}"
    for before, after, how in ((one.replaces, other.replaces, "replaces"), (one.adds_to, other.adds_to, "adds to")):
        if before and before != after:
            yield from _breaks(PROVIDERS, place, f"no longer {how} {before}")
        if after and before != after:
            yield from _breaks(GATEWAYS, place, f"{how} {after} now")


def _breaks(party: str, where: str, text: str, shown: Witness | None = None) -> Iterator[Change]:
    """Yields a change that breaks one party and gives the other one more room."""
    yield Change(BREAKING, party, where, text, witness=shown)
    other = PROVIDERS if party == GATEWAYS else GATEWAYS
    yield Change(NOT_BREAKING, other, where, text, witness=shown, widens=True)


# Requirements and readings.


def requirements(old: Specification, new: Specification) -> Iterator[Change]:
    """Yields requirements that are new, gone, renamed or changed, apart from new and gone operations."""
    actions = [{operation.key: operation.action for operation in version.operations} for version in (old, new)]
    shared = {actions[0][before]: actions[1][after] for before, after in matched(old, new)}
    earlier = {id_: _of(row, shared) for id_, row in old.requirements.items()}
    later = {id_: _of(row, {action: action for action in shared.values()}) for id_, row in new.requirements.items()}
    renamed = _renamed(earlier, later)
    for id_, after in later.items():
        before = earlier.get(renamed.get(id_, id_))
        if before != after:
            yield from _requirement(before, after)
    gone = earlier.keys() - later.keys() - {*renamed.values()}
    for id_, before in earlier.items():
        if id_ in gone:
            yield from _requirement(before, None)


def _of(requirement: Requirement, actions: Mapping[str, str]) -> Requirement:
    """Narrows a requirement to its operations in ``actions``, under their new names; to all if none is there."""
    kept = tuple(actions[action] for action in requirement.operations if action in actions)
    return dataclasses.replace(requirement, operations=kept or requirement.operations)


def _renamed(old: Mapping[str, Requirement], new: Mapping[str, Requirement]) -> dict[str, str]:
    """Maps new ids to old ones of requirements that differ only in the id, or at least share the text."""
    gone = {id_: row for id_, row in old.items() if id_ not in new}
    found: dict[str, str] = {}
    for id_, row in new.items():
        if id_ in old:
            continue
        same = [o for o, other in gone.items() if dataclasses.replace(other, id=id_) == row]
        same = same or [o for o, other in gone.items() if other.text == row.text]
        if len(same) == 1:
            found[id_] = same[0]
            del gone[same[0]]
    return found


def _requirement(before: Requirement | None, after: Requirement | None) -> Iterator[Change]:
    """Yields a requirement's change for gateways and for providers."""
    one = after or before
    assert one is not None
    where = f"requirement {one.id}"
    if before is None or after is None:
        text = f"{one.level} {'is new' if before is None else 'is gone'}: {one.text}"
        raised, lowered = _binds(after), _binds(before)
    else:
        scopes = [{*_scope(requirement)} for requirement in (before, after)]
        more, less = sorted(scopes[1] - scopes[0]), sorted(scopes[0] - scopes[1])
        text = _changed(before, after, more, less)
        raised = _binds(after) and (not _binds(before) or bool(more))
        lowered = _binds(before) and (not _binds(after) or bool(less))
    if raised:
        yield Change(BREAKING, GATEWAYS, where, text)
        yield Change(NOT_BREAKING, PROVIDERS, where, f"can be relied on: {text}", widens=True)
    if lowered:
        yield Change(NOT_BREAKING, GATEWAYS, where, text, widens=True)
        assert before is not None
        # Nobody builds on a refusal of what is faulty.
        relied = f"can no longer be relied on: {before.text if after is not None else text}"
        yield Change(NOT_BREAKING if before.refuses else BREAKING, PROVIDERS, where, relied)
    if not raised and not lowered:
        yield Change(NOT_BREAKING, BOTH, where, text)


def _binds(requirement: Requirement | None) -> bool:
    return requirement is not None and requirement.level == "MUST" and not requirement.untestable


def _changed(before: Requirement, after: Requirement, more: list[str], less: list[str]) -> str:
    said = [f"renamed, before {before.id}"] if before.id != after.id else []
    said += [f"{after.level}, before {before.level}"] if before.level != after.level else []
    said += [f"also {scope}" for scope in more] + [f"no longer {scope}" for scope in less]
    said += [f"another {name}" for name in WORDS if getattr(before, name) != getattr(after, name)]
    return "; ".join(said) or "in another order"


def _scope(requirement: Requirement) -> Iterator[str]:
    """Yields the operations and members that a requirement is about, in words."""
    yield from (f"of {action}" for action in requirement.operations)
    for verb, selector in (("refusing", requirement.refuses), ("accepting", requirement.accepts)):
        if selector is not None:
            kinds = ", ".join(selector.kinds)
            yield from (
                f"{verb} {member}{f' ({kinds})' if kinds else ''} ({selector.strength})" for member in selector.members
            )
    yield from (f"judging {member}" for member in requirement.owns)


def readings(old: Specification, new: Specification) -> Iterator[Change]:
    """Yields readings that are new, gone or changed. Their effect shows in requirements and schemas."""
    for number in dict.fromkeys((*new.readings, *old.readings)):
        before, after = old.readings.get(number), new.readings.get(number)
        if before == after:
            continue
        if before is None or after is None:
            text = f"{'is new' if before is None else 'is gone'}: {(before or after or {}).get('topic', '')}"
        else:
            keys = [key for key in dict.fromkeys((*after, *before)) if before.get(key) != after.get(key)]
            texts = (
                f"level {' '.join(after['level'])}, before {' '.join(before['level'])}"
                if key == "level"
                else f"another {key}"
                for key in keys
            )
            text = "; ".join(texts)
        yield Change(NOT_BREAKING, BOTH, f"reading {number}", text)


def others(old: Specification, new: Specification) -> Iterator[Change]:
    """Yields changes of the remaining files."""
    keys = {f"{o.key}.{kind}.json" for s in (old, new) for o in s.operations for kind in ("request", "ack", "nack")}
    for name in sorted({*old.files, *new.files} - keys - {*COMPARED}):
        if old.files.get(name) != new.files.get(name):
            verb = "is new" if name not in old.files else "is gone" if name not in new.files else "changed"
            yield Change(NOT_BREAKING, BOTH, f"file {name}", verb)
