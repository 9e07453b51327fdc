"""Compares two versions of the schema of a message, place by place.

Each change is described by its effect on the messages within a border of the schemas:

===============  =============================================  ====================  ====================
message          what changed                                   gateways              providers
===============  =============================================  ====================  ====================
request          MUST be refused now (schema proper narrows)    breaking              not breaking
request          no longer need be refused (it widens)          not breaking          not breaking
request          MUST be accepted now (x-safe grows)            breaking              not breaking
request          surely accepted no longer (x-safe shrinks)     not breaking          breaking
request          SHOULD be refused or accepted now, or no more  not breaking          not breaking
request header   may be sent now                                breaking              not breaking
request header   may be sent no longer                          not breaking          breaking
reply            allowed no longer                              breaking              not breaking
reply            allowed now                                    not breaking          breaking
===============  =============================================  ====================  ====================

A gateway certainly has to accept a request with safe values and exactly the members that the schemas know, perhaps
without those that may be missing (Q1, T11). A change is breaking if a message is found that the two versions judge
differently. It is not breaking if the keywords rule out such a message. Otherwise the answer is ``cannot tell``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from ....specification.pointer import parts_of
from ....untrusted.text import brief
from .candidates import MISSING
from .changes import BOTH, BREAKING, CANNOT_TELL, GATEWAYS, NOT_BREAKING, PROVIDERS, Change, Witness
from .inclusion import within
from .inlining import Side, bordered, place, places
from .normal import ANNOTATIONS, Schema
from .witness import witness

Facts = Mapping[str, Any]
"""What a schema says of one place, by keyword."""

LOST, GAINED = "lost", "gained"
"""The effect of a change on the messages within a border: some have left it, or some have entered it."""
_BREAKS, _WIDENS = (BREAKING, False), (NOT_BREAKING, True)
EFFECTS: Final[Mapping[tuple[str, str], tuple[str, Mapping[str, tuple[str, bool]]]]] = {
    ("proper", LOST): ("must be refused now", {GATEWAYS: _BREAKS}),
    ("proper", GAINED): ("no longer need be refused", {GATEWAYS: _WIDENS}),
    ("safe", GAINED): ("must be accepted now", {GATEWAYS: _BREAKS, PROVIDERS: _WIDENS}),
    ("safe", LOST): ("no longer need be accepted", {PROVIDERS: _BREAKS, GATEWAYS: _WIDENS}),
    ("should", LOST): ("should be refused now", {BOTH: (NOT_BREAKING, False)}),
    ("should", GAINED): ("should be refused no longer", {BOTH: (NOT_BREAKING, False)}),
    ("safe-should", GAINED): ("should be accepted now", {BOTH: (NOT_BREAKING, False)}),
    ("safe-should", LOST): ("should be accepted no longer", {BOTH: (NOT_BREAKING, False)}),
    ("header", GAINED): ("may be sent now", {GATEWAYS: _BREAKS, PROVIDERS: _WIDENS}),
    ("header", LOST): ("may be sent no longer", {PROVIDERS: _BREAKS, GATEWAYS: _WIDENS}),
    ("reply", LOST): ("is allowed no longer", {GATEWAYS: _BREAKS}),
    ("reply", GAINED): ("is allowed now", {PROVIDERS: _BREAKS, GATEWAYS: _WIDENS}),
}
"""The table above as data: words, and for each party the answer and whether the change gives it more room."""
JUDGED: Final[Mapping[str, tuple[str, str]]] = {
    "proper": ("may be accepted", "must be refused"),
    "safe": ("must be accepted", "need not be accepted"),
    "header": ("may be sent", "may not be sent"),
    "reply": ("allowed", "not allowed"),
}
"""What the validator's yes and no mean, by border."""
_MARKED: Final = {"should": ("x-should",), "safe": ("x-safe",), "safe-should": ("x-safe-should",)}
_FLAGS: Final[Mapping[tuple[str, bool], tuple[str, str]]] = {
    ("x-unique", True): (PROVIDERS, "a value that another registration has need not be accepted now"),
    ("x-unique", False): (GATEWAYS, "a value that another registration has must be accepted now"),
    ("x-known", True): (GATEWAYS, "a value that no signup gave must be refused now"),
    ("x-known", False): (GATEWAYS, "a value that no signup gave must be accepted now"),
}
"""By mark, and whether it was added (True) or removed: the party that this breaks, and why."""


def borders_of(direction: str) -> tuple[str, ...]:
    """Returns the borders that messages of a kind have."""
    if direction == "request":
        return ("proper", "safe", "should", "safe-should")
    return ("header",) if direction.startswith("request") else ("reply",)


@dataclass(frozen=True)
class Comparison:
    """Two versions of the schema of one message, in normal form."""

    operation: str
    direction: str
    old: Schema
    new: Schema
    omissible: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Pointers of the members that a request may be without, in either version."""

    def changes(self) -> Iterator[Change]:
        """Yields every change, for every party that it concerns."""
        before, after = self._facts
        changed = [p for p in dict.fromkeys((*after, *before)) if before.get(p) != after.get(p)]
        changed = [p for p in changed if not _beneath_a_new(p, before, after)]
        renamed = self._renamed(changed)
        for pointer in changed:
            if pointer in renamed.values():
                continue
            found = list(self._place(pointer, alone=len(changed) == 1))
            if pointer in renamed:
                old = renamed[pointer]
                found = self._as_renamed(old, pointer, [*found, *self._place(old, alone=False)])
            yield from found

    @cached_property
    def _facts(self) -> tuple[dict[str, Facts], dict[str, Facts]]:
        return facts(self.old), facts(self.new)

    def _sides(self, border: str) -> tuple[Side, Side]:
        if border not in self._bordered:
            schemas = zip((self.old, self.new), self.omissible, strict=True)
            one, other = (Side(bordered(s, border, loose) if border in _MARKED else dict(s)) for s, loose in schemas)
            self._bordered[border] = one, other
        return self._bordered[border]

    @cached_property
    def _bordered(self) -> dict[str, tuple[Side, Side]]:
        return {}

    def _renamed(self, changed: Sequence[str]) -> dict[str, str]:
        """Maps new pointers to old ones of members that differ only in the name."""
        before, after = self._facts
        schemas = [{p: (schema, required) for p, schema, required in places(s)} for s in (self.old, self.new)]
        gone = [pointer for pointer in changed if pointer not in after]
        found: dict[str, str] = {}
        for new in (pointer for pointer in changed if pointer not in before):
            parent = new.rpartition("/")[0]
            like = [o for o in gone if o.rpartition("/")[0] == parent and schemas[0][o] == schemas[1][new]]
            if len(like) == 1 and like[0] not in found.values():
                found[new] = like[0]
        return found

    def _as_renamed(self, old: str, new: str, found: Sequence[Change]) -> list[Change]:
        """Merges the changes of a rename into one for each party."""
        text = f"renamed, before {parts_of(old)[-1]}"
        made: dict[str, Change] = {}
        for change in sorted(found, key=lambda c: c.effect != BREAKING):
            made.setdefault(change.party, replace(change, pointer=new, text=text, widens=False))
        return list(made.values())

    def _place(self, pointer: str, *, alone: bool) -> Iterator[Change]:
        before, after = (known.get(pointer) for known in self._facts)
        differing = _differing(before, after)
        there = before is not None and after is not None
        found = [
            change
            for border in borders_of(self.direction)
            for change in self._border(border, pointer, before, after, alone=alone)
        ]
        if there and self.direction == "request":
            flags = [_FLAGS[key, bool((after or {}).get(key))] for key in differing if key in ("x-unique", "x-known")]
            found += [Change(BREAKING, party, self.operation, text, self.direction, pointer) for party, text in flags]
        yield from found
        rest = [key for key in differing if key in ANNOTATIONS] if found and there else differing
        if (rest or not there) and (there or not found):
            text = describe(before, after, rest)
            yield Change(NOT_BREAKING, BOTH, self.operation, text, self.direction, pointer)

    def _border(
        self, border: str, pointer: str, before: Facts | None, after: Facts | None, *, alone: bool
    ) -> Iterator[Change]:
        keys = _keys(border, before, after)
        there = before is not None and after is not None
        if there and (not keys or (border in ("should", "safe-should") and not {*keys} & {*_MARKED[border]})):
            return
        old, new = self._sides(border)
        here, now = (place(side.schema, parts_of(pointer)) for side in (old, new))
        text = describe(before, after, keys)
        for effect, one, other, accepting, refusing in ((LOST, here, now, old, new), (GAINED, now, here, new, old)):
            if one.within(other) or within(accepting.schema, refusing.schema):
                continue
            if border in ("should", "safe-should"):
                if there:
                    yield from self._for_parties(border, effect, pointer, text)
                continue
            message, tried = witness(accepting, refusing, pointer, alone=alone)
            if message is not MISSING:
                words = JUDGED[border] if effect == LOST else JUDGED[border][::-1]
                yield from self._for_parties(border, effect, pointer, text, Witness(message, *words))
            # What MUST be refused bears on what is safe only where a message shows it.
            elif not (border == "safe" and there and "x-safe" not in keys and "x-safe" in (before or {})):
                found = self._for_parties(border, effect, pointer, text)
                yield from (
                    replace(change, effect=CANNOT_TELL, text=f"perhaps {change.text}", tries=tried)
                    for change in found
                    if change.effect == BREAKING
                )

    def _for_parties(
        self, border: str, effect: str, pointer: str, text: str, shown: Witness | None = None
    ) -> Iterator[Change]:
        said, parties = EFFECTS[border, effect]
        for party, (answer, gains) in parties.items():
            yield Change(answer, party, self.operation, f"{said}: {text}", self.direction, pointer, shown, widens=gains)


def facts(schema: Schema) -> dict[str, Facts]:
    """Returns what a normal form says of each place, by pointer. That null is allowed is a fact of its own."""
    found: dict[str, Facts] = {}
    for pointer, node, required in places(schema):
        here = {key: value for key, value in node.items() if key not in ("properties", "items")}
        named = [name for name in here.pop("required", ()) if name not in node.get("properties", {})]
        if isinstance(here.get("type"), list) and "null" in here["type"]:
            types = [t for t in here["type"] if t != "null"]
            here |= {"type": types[0] if len(types) == 1 else types, "null": True}
        found[pointer] = here | ({"required": True} if required else {}) | ({"requires": named} if named else {})
    return found


def _keys(border: str, before: Facts | None, after: Facts | None) -> list[str]:
    """Lists the changed keywords that bear on a border."""
    ignored = {*ANNOTATIONS, "x-unique", "x-known", "x-safe", "x-safe-should", "x-should"} - {*_MARKED.get(border, ())}
    if border == "safe":
        # Safe messages have no member that is null.
        ignored |= {"null"}
    return [key for key in _differing(before, after) if key not in ignored]


def _differing(before: Facts | None, after: Facts | None) -> list[str]:
    one, other = before or {}, after or {}
    return [key for key in dict.fromkeys((*other, *one)) if one.get(key) != other.get(key)]


def _beneath_a_new(pointer: str, before: Mapping[str, Facts], after: Mapping[str, Facts]) -> bool:
    """Tells whether a place is new or gone only because its parent is."""
    parent = pointer.rpartition("/")[0]
    return bool(pointer) and (parent in before) != (parent in after)


def describe(before: Facts | None, after: Facts | None, keys: Sequence[str]) -> str:
    """Words the difference."""
    if before is None or after is None:
        there = (before if after is None else after) or {}
        kind = "member" if "required" in there else "optional member"
        return f"a new {kind}" if before is None else f"{'an' if kind[0] == 'o' else 'a'} {kind} that is gone"
    return "; ".join(_fact(key, before.get(key), after.get(key)) for key in keys)


def _fact(key: str, old: Any, new: Any) -> str:
    if new is True and old is None:
        return f"{key} now"
    if old is True and new is None:
        return f"{key} no longer"
    if isinstance(old, dict) and isinstance(new, dict):
        names = [name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)]
        return "; ".join(_fact(f"{key} {name}", old.get(name), new.get(name)) for name in names)
    if old is None or new is None:
        return f"{key} {_shown(new if old is None else old)} {'is new' if old is None else 'is gone'}"
    return f"{key} {_shown(new)}, before {_shown(old)}"


def _shown(value: Any) -> str:
    return brief(json.dumps(value, ensure_ascii=False))
