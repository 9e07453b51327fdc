"""Compares two versions of the schemas, for gateways and for providers.

Every place of every message is compared, and each change is one of these by what it does to the messages that lie
within a border of the schemas (``common.json`` says which borders there are):

===============  =============================================  ====================  ====================
message          what changed                                   gateways              providers
===============  =============================================  ====================  ====================
request          MUST be refused now (schema proper narrows)    breaking              neutral
request          no longer need be refused (it widens)       widening              neutral
request          MUST be accepted now (x-safe grows)            breaking              widening
request          surely accepted no longer (x-safe shrinks)     widening              breaking
request          SHOULD be refused or accepted now, or no more  neutral               neutral
request header   may be sent now                                breaking              widening
request header   may be sent no longer                          widening              breaking
reply            allowed no longer                              breaking              neutral
reply            allowed now                                    widening              breaking
operation        new / gone                                     breaking / widening   widening / breaking
requirement      new MUST, raised to MUST, or held to in more   breaking              neutral
requirement      no MUST any more, lowered, or in less          widening              neutral
the rest         other words, SHOULD and MAY, named samples     neutral               neutral
===============  =============================================  ====================  ====================

What surely has to be accepted are requests with all the members that the schemas know, none besides, and safe values
(Q1, T11). A SHOULD is binding in the strict class only. Each change of messages that breaks something comes with a
witness: a message that the validator judges differently by the two versions. Where none is found although the keywords
say that there must be one, that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...specification.catalogue import Requirement
from ...specification.pointer import below
from ...specification.specification import Specification
from ...untrusted.text import brief
from .examples import MISSING, Side, bordered, inlined, sample, witness

Facts = Mapping[str, Any]
"""Constraints on one place by keyword; keywords of alternatives have a prefix."""

EVERY = "every operation"
BOTH = "both"
ORDER = ("breaking", "widening", "neutral")
LOST, GAINED = "lost", "gained"
"""What became of messages within a border: some are no longer, or some are now."""

EFFECTS: Mapping[tuple[str, str], tuple[str, Mapping[str, str]]] = {
    ("proper", LOST): ("must be refused now", {"gateways": "breaking"}),
    ("proper", GAINED): ("no longer need be refused", {"gateways": "widening"}),
    ("safe", GAINED): ("must be accepted now", {"gateways": "breaking", "providers": "widening"}),
    ("safe", LOST): ("no longer need be accepted", {"providers": "breaking", "gateways": "widening"}),
    ("should", LOST): ("should be refused now", {BOTH: "neutral"}),
    ("should", GAINED): ("should be refused no longer", {BOTH: "neutral"}),
    ("safe-should", GAINED): ("should be accepted now", {BOTH: "neutral"}),
    ("safe-should", LOST): ("should be accepted no longer", {BOTH: "neutral"}),
    ("header", GAINED): ("may be sent now", {"gateways": "breaking", "providers": "widening"}),
    ("header", LOST): ("may be sent no longer", {"providers": "breaking", "gateways": "widening"}),
    ("reply", LOST): ("is allowed no longer", {"gateways": "breaking"}),
    ("reply", GAINED): ("is allowed now", {"providers": "breaking", "gateways": "widening"}),
}
"""How the table above reads for a border and what became of it."""

JUDGED: Mapping[str, tuple[str, str]] = {
    "proper": ("may be accepted", "must be refused"),
    "safe": ("must be accepted", "need not be accepted"),
    "should": ("may be accepted", "should be refused"),
    "safe-should": ("should be accepted", "need not be accepted"),
    "header": ("may be sent", "may not be sent"),
    "reply": ("allowed", "not allowed"),
}
"""What the validator's yes and no mean, by border."""

UNJUDGED = (
    *("examples", "description", "x-malformed", "x-should-malformed", "x-variants", "x-variants-should"),
    *("x-unique", "x-known"),
)
"""Keywords that validators ignore."""

MARKS = (*UNJUDGED, "x-safe", "x-safe-should", "x-should")
LONGEST_TEXT = 120
"""Characters of a text that are printed of a witness."""

UNSAID = ("$schema", "$id", "$comment", "$defs", "title")
UPPER = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
LOWER = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")


@dataclass(frozen=True, slots=True)
class Witness:
    """A message that shows a change."""

    message: Any
    before: str
    """The older version's judgement, in words."""
    now: str

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Change:
    """One change, for one party."""

    effect: str
    """``breaking``, ``widening`` or ``neutral``."""
    party: str
    """``gateways``, ``providers`` or ``both``."""
    operation: str
    """An Action, ``every operation``, or what of the catalogue it concerns."""
    direction: str
    """``request``, ``ack``, ``nack``, ``request header`` or ``reply header``; "" for the catalogue."""
    pointer: str
    text: str
    witness: Witness | None = None
    tries: int = 0
    """Messages tried without finding the expected witness."""

    def to_json(self) -> dict[str, Any]:
        made = {name: getattr(self, name) for name in self.__slots__}
        return made | {"witness": self.witness.to_json() if self.witness else None}

    def lines(self) -> Iterator[str]:
        """The change in a line, and beneath it what shows that it breaks something."""
        direction = {"ack": "ACK", "nack": "NACK"}.get(self.direction, self.direction)
        where = " ".join(filter(None, (self.operation, direction, self.pointer)))
        yield f"{self.effect:8}  {self.party:9}  {where}: {self.text}"
        if self.effect != "breaking":
            return
        if self.witness is not None:
            yield f"    witness  {json.dumps(_brief(self.witness.message), ensure_ascii=False)}"
            yield f"             before: {self.witness.before}; now: {self.witness.now}"
        elif self.direction:
            yield f"    no witness found in {self.tries} tries"


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changed, the breaking first."""

    changes: tuple[Change, ...]

    @property
    def breaking(self) -> bool:
        """Whether anything breaks something for anybody."""
        return any(change.effect == "breaking" for change in self.changes)

    def to_json(self) -> dict[str, Any]:
        return {"breaking": self.breaking, "changes": [change.to_json() for change in self.changes]}

    def lines(self) -> Iterator[str]:
        """Each change in a line, its witness beneath, and how many there are."""
        for change in self.changes:
            yield from change.lines()
        counts = {
            effect: sum(c.effect == effect for c in self.changes) for effect in ("breaking", "widening", "neutral")
        }
        yield ", ".join(f"{count} {effect}" for effect, count in counts.items()) if self.changes else "no change"


def compare(old: Specification, new: Specification) -> Changes:
    """Compares two versions of schemas/: messages, requirements and readings; raises SpecificationError."""
    found = [*_operations(old, new), *_messages(old, new), *_requirements(old, new), *_readings(old, new)]
    found += _files(old, new)
    return Changes(tuple(sorted(found, key=lambda change: ORDER.index(change.effect))))


# Messages.


def _keys(specification: Specification) -> dict[str, str]:
    """The Action of each operation by the name of its files."""
    actions = {operation.key: operation.action for operation in specification.operations}
    found = [name.removesuffix(".request.json") for name in specification.files if name.endswith(".request.json")]
    return {key: actions.get(key, key) for key in (*actions, *found) if key in found and key != "header"}


def _operations(old: Specification, new: Specification) -> Iterator[Change]:
    before, after = _keys(old), _keys(new)
    for key in sorted(after.keys() - before.keys()):
        shown = Witness(sample(inlined(new.files, f"{key}.request.json")), "no operation", "a request")
        yield Change("breaking", "gateways", after[key], "", "", "a new operation", shown)
        yield Change("widening", "providers", after[key], "", "", "a new operation", shown)
    for key in sorted(before.keys() - after.keys()):
        shown = Witness(sample(inlined(old.files, f"{key}.request.json")), "a request", "no operation")
        yield Change("breaking", "providers", before[key], "", "", "no longer an operation", shown)
        yield Change("widening", "gateways", before[key], "", "", "no longer an operation", shown)


def _messages(old: Specification, new: Specification) -> Iterator[Change]:
    kinds = [(EVERY, "request header", "header.request.json"), (EVERY, "reply header", "header.reply.json")]
    both = _keys(new).keys() & _keys(old).keys()
    for key, action in _keys(new).items():
        if key in both:
            kinds += [(action, kind, f"{key}.{kind}.json") for kind in ("request", "ack", "nack")]
    for action, direction, name in kinds:
        if name in old.files and name in new.files:
            yield from _Message(action, direction, inlined(old.files, name), inlined(new.files, name)).changes()


class _Message:
    """Compares two schemas of one message, place by place."""

    def __init__(self, operation: str, direction: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._operation = operation
        self._direction = direction
        self._schemas = (old, new)
        self._sides: dict[str, tuple[Side, Side]] = {}
        self._tried = 0
        """Messages that were tried in vain for a change that only a witness could show."""

    def changes(self) -> Iterator[Change]:
        before, after = (_facts(schema) for schema in self._schemas)
        places = [
            pointer
            for pointer in dict.fromkeys((*after, *before))
            if before.get(pointer) != after.get(pointer) and not _beneath_a_new(pointer, before, after)
        ]
        for pointer in places:
            yield from self._place(pointer, before.get(pointer), after.get(pointer), alone=len(places) == 1)

    def _place(self, pointer: str, before: Facts | None, after: Facts | None, *, alone: bool) -> Iterator[Change]:
        differing = _differing(before, after)
        found: list[Change] = []
        self._tried = 0
        for border, keys in self._borders(before, after, differing):
            claimed, possible = _claims(before, after, keys)
            for effect in (LOST, GAINED):
                if effect in possible:
                    text = _told(before, after, keys)
                    # What MUST be refused bears on what is safe only where a message shows it.
                    sure = effect in claimed and not (border == "safe" and "x-safe" not in keys)
                    found += self._effect(border, effect, pointer, text, claimed=sure, alone=alone)
        yield from found
        rest = [key for key in differing if key in UNJUDGED] if before is not None and after is not None else []
        if not found:
            text = _told(before, after, differing)
            if self._tried:
                text += f"; none of {self._tried} messages tells the two apart"
            yield Change("neutral", BOTH, self._operation, self._direction, pointer, text)
        elif rest:
            text = _told(before, after, rest)
            yield Change("neutral", BOTH, self._operation, self._direction, pointer, text)

    def _borders(
        self, before: Facts | None, after: Facts | None, differing: Sequence[str]
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """The borders on which a change may bear, each with the keywords that say so."""
        there_or_not = before is None or after is None
        proper = [key for key in differing if key not in MARKS]
        if self._direction != "request":
            if proper or there_or_not:
                yield "header" if self._direction == "request header" else "reply", proper
            return
        if proper or there_or_not:
            yield "proper", proper
        # Safe messages have every member, and none of them is null.
        values = [key for key in proper if key not in ("required", "null")]
        if values or there_or_not or "x-safe" in differing:
            yield "safe", [*values, *(["x-safe"] if "x-safe" in differing else [])]
        for mark, border in (("x-should", "should"), ("x-safe-should", "safe-should")):
            if mark in differing and not there_or_not:
                yield border, [mark]

    def _effect(
        self, border: str, effect: str, pointer: str, text: str, *, claimed: bool, alone: bool
    ) -> Iterator[Change]:
        old, new = self._borders_of(border)
        accepting, refusing = (old, new) if effect == LOST else (new, old)
        message, tried = witness(accepting, refusing, pointer, alone=alone)
        if message is MISSING and not claimed:
            self._tried += tried
            return
        yes, no = JUDGED[border]
        shown = None
        if message is not MISSING:
            shown = Witness(message, *((yes, no) if effect == LOST else (no, yes)))
        said, parties = EFFECTS[border, effect]
        for party, kind in parties.items():
            yield Change(
                kind,
                party,
                self._operation,
                self._direction,
                pointer,
                f"{said}: {text}",
                shown,
                tries=tried if shown is None else 0,
            )

    def _borders_of(self, border: str) -> tuple[Side, Side]:
        if border not in self._sides:
            old, new = (
                bordered(s, border) if border in ("safe", "safe-should", "should") else s for s in self._schemas
            )
            self._sides[border] = (Side(old), Side(new))
        return self._sides[border]


def _facts(schema: Mapping[str, Any]) -> dict[str, Facts]:
    """What a schema says of each place of a message, by pointer; null as an alternative is a fact of its own."""
    found: dict[str, dict[str, Any]] = {}

    def walk(node: Mapping[str, Any], pointer: str, prefix: str) -> None:
        here = found.setdefault(pointer, {})
        for key, value in node.items():
            if key == "properties":
                for name, child in value.items():
                    walk(child, below(pointer, name), "")
                    if name in node.get("required", ()):
                        found[below(pointer, name)]["required"] = True
            elif key == "items" and isinstance(value, dict):
                walk(value, f"{pointer}/*", "")
            elif key in ("anyOf", "oneOf", "allOf"):
                options = [option for option in value if key != "anyOf" or option.get("type") != "null"]
                if len(options) < len(value):
                    here[f"{prefix}null"] = True
                for number, option in enumerate(options):
                    walk(option, pointer, prefix if len(options) == 1 else f"{prefix}{key} {number + 1} ")
            elif key == "required":
                names = [name for name in value if name not in node.get("properties", {})]
                if names:
                    here[f"{prefix}required"] = names
            elif key not in UNSAID:
                here[f"{prefix}{key}"] = value

    walk(schema, "", "")
    return {pointer: dict(facts) for pointer, facts in found.items()}


def _beneath_a_new(pointer: str, before: Mapping[str, Facts], after: Mapping[str, Facts]) -> bool:
    """Whether a place is in one version only because what it is part of is."""
    parent = pointer.rpartition("/")[0]
    return bool(pointer) and (parent in before) != (parent in after)


def _differing(before: Facts | None, after: Facts | None) -> list[str]:
    before, after = before or {}, after or {}
    return [key for key in dict.fromkeys((*after, *before)) if before.get(key) != after.get(key)]


def _told(before: Facts | None, after: Facts | None, keys: Sequence[str]) -> str:
    """The difference in words."""
    if before is None or after is None:
        facts = (before if after is None else after) or {}
        kind = "member" if "required" in facts else "optional member"
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
        return f"{key} {brief(json.dumps(new if old is None else old))} {'is new' if old is None else 'is gone'}"
    return f"{key} {brief(json.dumps(new))}, before {brief(json.dumps(old))}"


def _claims(before: Facts | None, after: Facts | None, keys: Sequence[str]) -> tuple[set[str], set[str]]:
    """What the keywords say for sure became of the messages, and what may have become of them."""
    if before is None:
        return ({LOST} if "required" in (after or {}) else set()), {LOST, GAINED}
    if after is None:
        return ({GAINED} if "required" in before else set()), {LOST, GAINED}
    claims = [_claim(key, before.get(key), after.get(key)) for key in keys]
    sure = {effect for claim in claims for effect in claim}
    # Of keywords that pull in different directions, or say nothing for sure, only a witness can tell.
    return (sure if len(sure) == 1 and all(claims) else set()), (sure if all(claims) else {LOST, GAINED})


def _claim(key: str, old: Any, new: Any) -> set[str]:
    """What one keyword says for sure; nothing where that is beyond it."""
    if key in UPPER or key in LOWER:
        if old is None or new is None:
            return {LOST if old is None else GAINED}
        return {LOST if (new < old) == (key in UPPER) else GAINED}
    if key == "null":
        return {GAINED if new else LOST}
    if key in ("type", "enum", "const") and old is not None and new is not None:
        before, after = _set(key, old), _set(key, new)
        return ({LOST} if before - after else set()) | ({GAINED} if after - before else set())
    if key.startswith("x-") and isinstance(old, dict) and isinstance(new, dict):
        claims = [_claim(name, old.get(name), new.get(name)) for name in {*old, *new} if old.get(name) != new.get(name)]
        return {effect for claim in claims for effect in claim} if all(claims) else set()
    if key in ("pattern", "format", "required", "type", "enum", "const") or key.startswith("x-"):
        return {LOST if old is None else GAINED} if old is None or new is None else set()
    return set()


def _brief(value: Any) -> Any:
    """A message with its long texts cut short, for reading."""
    if isinstance(value, dict):
        return {name: _brief(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_brief(child) for child in value]
    return brief(value, LONGEST_TEXT) if isinstance(value, str) else value


def _set(key: str, value: Any) -> set[str]:
    values = value if isinstance(value, list) and key != "const" else [value]
    return {json.dumps(item, sort_keys=True) for item in values}


# The catalogue.


def _requirements(old: Specification, new: Specification) -> Iterator[Change]:
    for id_ in dict.fromkeys((*new.requirements, *old.requirements)):
        before, after = old.requirements.get(id_), new.requirements.get(id_)
        if before == after:
            continue
        effect, text = _requirement(before, after)
        yield Change(effect, BOTH if effect == "neutral" else "gateways", f"requirement {id_}", "", "", text)


def _requirement(before: Requirement | None, after: Requirement | None) -> tuple[str, str]:
    """What a requirement's change means for gateways, and the change in words."""
    if before is None or after is None:
        only = before or after
        assert only is not None
        binding = only.level == "MUST" and not only.untestable
        effect = ("breaking" if before is None else "widening") if binding else "neutral"
        return effect, f"{only.level} {'is new' if before is None else 'is gone'}: {only.text}"
    scopes = [{*_scope(requirement)} for requirement in (before, after)]
    more, less = sorted(scopes[1] - scopes[0]), sorted(scopes[0] - scopes[1])
    said = [f"{after.level}, before {before.level}"] if before.level != after.level else []
    said += [f"also {scope}" for scope in more] + [f"no longer {scope}" for scope in less]
    words = ("section", "basis", "reading", "title", "text", "needs", "untestable")
    said += [f"another {name}" for name in words if getattr(before, name) != getattr(after, name)]
    text = "; ".join(said)
    if after.level == "MUST" and (before.level != "MUST" or more):
        return "breaking", text
    if before.level == "MUST" and (after.level != "MUST" or less):
        return "widening", text
    return "neutral", text


def _scope(requirement: Requirement) -> Iterator[str]:
    """The operations and members that a requirement is about."""
    yield from (f"of {action}" for action in requirement.operations)
    for verb, selector in (("refusing", requirement.refuses), ("accepting", requirement.accepts)):
        if selector is not None:
            kinds = ", ".join(selector.kinds)
            yield from (
                f"{verb} {member}{f' ({kinds})' if kinds else ''} ({selector.strength})" for member in selector.members
            )
    yield from (f"judging {member}" for member in requirement.owns)


def _readings(old: Specification, new: Specification) -> Iterator[Change]:
    for number in dict.fromkeys((*new.readings, *old.readings)):
        before, after = old.readings.get(number), new.readings.get(number)
        if before == after:
            continue
        if before is None or after is None:
            text = f"{'is new' if before is None else 'is gone'}: {(before or after or {})['topic']}"
        else:
            keys = [key for key in after if before.get(key) != after.get(key)]
            levels = f"level {' '.join(after['level'])}, before {' '.join(before['level'])}"
            text = "; ".join(levels if key == "level" else f"another {key}" for key in keys)
        yield Change("neutral", BOTH, f"reading {number}", "", "", text)


def _files(old: Specification, new: Specification) -> Iterable[Change]:
    """Files that are not described by the above; openapi.yaml says what the schemas say, and is left out."""
    compared = ("requirements.yaml", "readings.yaml", "common.json", "envelope.json")
    for name in sorted({*old.files, *new.files}):
        parts = name.split(".")
        if name in compared or parts[-2] in ("request", "ack", "nack", "reply"):
            continue
        if old.files.get(name) != new.files.get(name):
            verb = "is new" if name not in old.files else "is gone" if name not in new.files else "changed"
            yield Change("neutral", BOTH, f"file {name}", "", "", verb)
