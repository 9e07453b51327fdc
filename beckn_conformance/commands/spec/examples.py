"""Messages that two versions of a schema judge differently: drawn by Hypothesis, made small, judged by a validator."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from ...errors import SpecificationError
from ...run.examples import find
from ...specification.pointer import parts_of
from ...specification.validators import compile_schema
from ...untrusted.patterns import Pattern, PatternError

Schema = Mapping[str, Any]

TRIES = 40
"""Messages that are drawn in search of one that two schemas judge differently, after those at the borders."""


WRITTEN, MOST_JOINTS = 30, 4
"""Texts that are written for a pattern, and places at which a text is cut at most."""

DEEPEST = 40
"""References within one another; more of them are taken for a circle."""

LONGEST_LIST, SHORT_TEXT = 8, 6
PLAIN = "".join(sorted(map(chr, range(0x20, 0x7F)), key=lambda c: (not c.isalnum(), c)))
"""The characters of texts that are drawn without a pattern, the simple ones first."""

MOST_CONTROLS = 6
MISSING = object()
"""Stands in a message for a member that is not there."""

ODD = "".join(map(chr, range(0x20, 0x7F))) + "\t\u00a0\u00e9\u6f22\U0001f68c"
"""Characters that are put into texts, one at a time."""

GENERIC: tuple[Any, ...] = ("string", "x", "", " ", 0, 1, 1.5, True, None, [], {}, ["x"], {"x": "x"})
"""A few values of every JSON type."""


@dataclass(frozen=True)
class Side:
    """One version of the schema of a message, with all references followed."""

    schema: Schema

    @cached_property
    def _validator(self) -> Any:
        return compile_schema(self.schema)

    def accepts(self, message: Any) -> bool:
        return bool(self._validator.is_valid(message))

    def blames(self, message: Any, path: Sequence[str]) -> bool:
        """Whether an error of a message lies on the way to a place, or beneath it."""
        for error in self._validator.iter_errors(message):
            at = ["*" if isinstance(step, int) else step for step in error.instance_path]
            length = min(len(at), len(path))
            if at[:length] == list(path[:length]):
                return True
        return False


def inlined(files: Mapping[str, Any], name: str) -> Schema:
    """The schema of a file with what its references stand for in their place; raises SpecificationError."""

    def walk(node: Any, base: str, depth: int) -> Any:
        if isinstance(node, list):
            return [walk(item, base, depth) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            file, _, pointer = node["$ref"].partition("#")
            target: Any = files.get(file or base)
            for step in parts_of(pointer):
                target = target.get(step) if isinstance(target, dict) else None
            if not isinstance(target, dict) or depth > DEEPEST:
                why = "leads nowhere" if not isinstance(target, dict) else "leads back to itself"
                raise SpecificationError(f"{base}: the reference {node['$ref']} {why}")
            merged = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
            return walk(merged, file or base, depth + 1)
        return {key: walk(value, base, depth) for key, value in node.items() if key != "$defs"}

    schema: Schema = walk(files[name], name, 0)
    return schema


def bordered(schema: Schema, border: str) -> Schema:
    """A schema of requests with another border than that of what MUST be refused.

    ``safe`` and ``safe-should`` have every member that the schemas know, none besides and none that is null (Q1, T11),
    with values that MUST, or at least SHOULD, be accepted. ``should`` is without what SHOULD be refused.
    """
    strict = border in ("safe", "safe-should")

    def walk(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        made = dict(node)
        if "properties" in made:
            made["properties"] = {name: walk(child) for name, child in made["properties"].items()}
            if strict:
                made |= {"required": list(made["properties"]), "additionalProperties": False}
        if "items" in made:
            made["items"] = walk(made["items"])
        if "anyOf" in made:
            options = made["anyOf"]
            made["anyOf"] = [walk(option) for option in options if not (strict and option.get("type") == "null")]
        limits = [node[key] for key in _keywords(border) if key in node]
        if limits:
            made["allOf"] = [*made.get("allOf", ()), limits[0] if len(limits) == 1 else {"anyOf": limits}]
        return made

    found: Schema = walk(schema)
    return found


def _keywords(border: str) -> tuple[str, ...]:
    return {"should": ("x-should",), "safe": ("x-safe",), "safe-should": ("x-safe", "x-safe-should")}.get(border, ())


def witness(accepting: Side, refusing: Side, pointer: str, *, alone: bool) -> tuple[Any, int]:
    """The smallest message found that one side accepts and the other refuses for what is at the pointer, and how many
    were tried for it; MISSING in place of a message where none is found.

    ``alone`` says that nothing else differs between the sides. Where something does, a message is looked for first that
    the other side would accept with another value in this place, and then one whose error lies there. Values at the
    borders are tried before any are drawn.
    """
    path = parts_of(pointer)
    here, there = at(accepting.schema, path), at(refusing.schema, path)
    controls = [*itertools.islice(_samples(there), MOST_CONTROLS)] if there is not None else []
    tried = 0

    def messages() -> SearchStrategy[Any]:
        return _messages(accepting.schema, path, _leaves(here, there)).map(_without_missing)

    def differs(message: Any) -> bool:
        nonlocal tried
        tried += 1
        return accepting.accepts(message) and not refusing.accepts(message)

    def for_this(message: Any) -> bool:
        if not differs(message):
            return False
        return alone or not path or any(map(refusing.accepts, _with(message, path, controls)))

    def blamed(message: Any) -> bool:
        return differs(message) and refusing.blames(message, path)

    base = _base(accepting.schema, path)
    candidates = [_placed(base, path, value) for value in _candidates(here, there)]
    for holds in (for_this,) if alone else (for_this, blamed):
        known = min(filter(holds, candidates), key=lambda message: len(repr(message)), default=MISSING)

        drawn = find(messages, holds, tries=TRIES)
        found = [*(drawn or ()), *([] if known is MISSING else [known])]
        if found:
            return min(found, key=lambda message: len(repr(message))), tried
    return MISSING, tried


def sample(schema: Schema) -> Any:
    """A small value that a schema accepts; MISSING where none is found."""
    return next(_samples(schema), MISSING)


def at(schema: Schema, path: Sequence[str]) -> Schema | None:
    """The schema of what is at a path, ``*`` being any item; None where a schema has nothing to say of it."""
    if not path:
        return schema
    for option in _options(schema):
        child = option.get("items") if path[0] == "*" else option.get("properties", {}).get(path[0])
        if child is not None:
            return at(child, path[1:])
    return None


def _options(schema: Schema) -> Iterator[Schema]:
    """A schema, or its alternatives, each with what holds for all of them."""
    if "anyOf" not in schema:
        yield schema
        return
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    for option in schema["anyOf"]:
        limits = [*rest.get("allOf", ()), *option.get("allOf", ())]
        yield from _options({**rest, **option, **({"allOf": limits} if limits else {})})


def _with(message: Any, path: Sequence[str], values: Sequence[Any]) -> Iterator[Any]:
    """A message with other values in a place, and without any."""
    return (_placed(message, path, value) for value in (*values, *([] if path[-1] == "*" else [MISSING])))


def _base(schema: Schema, path: Sequence[str]) -> Any:
    """A small message that has a place, whatever is there."""
    option = next((option for option in _options(schema) if path and _leads(option, path[0])), None)
    if option is None:
        return sample(schema)
    if path[0] == "*":
        return [_base(option["items"], path[1:])] * max(
            _sizes([option, *option.get("allOf", ())], "minItems"), default=1
        )
    children = option["properties"]
    made = {name: sample(child) for name, child in children.items() if name in option.get("required", ())}
    return made | {path[0]: _base(children.get(path[0], {}), path[1:])}


def _placed(message: Any, path: Sequence[str], value: Any) -> Any:
    """A message with a value in a place, in the first item of a list; MISSING takes away what is there."""
    if not path:
        return value
    if path[0] == "*" and isinstance(message, list) and message:
        first = _placed(message[0], path[1:], value)
        return [*([] if first is MISSING else [first]), *message[1:]]
    if isinstance(message, dict):
        member = _placed(message.get(path[0]), path[1:], value)
        made = {**message, path[0]: member}
        return {name: child for name, child in made.items() if child is not MISSING}
    return message


def _without_missing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_missing(child) for name, child in value.items() if child is not MISSING}
    if isinstance(value, list):
        return [_without_missing(child) for child in value if child is not MISSING]
    return value


# Strategies.


def _messages(schema: Schema, path: Sequence[str], leaves: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """What a schema accepts, but for one place, for which there are values of its own."""
    if not path:
        return leaves
    option = next((o for o in _options(schema) if _leads(o, path[0])), None)
    if option is None:
        return _values(schema)
    if path[0] == "*":
        more = max(_sizes([option, *option.get("allOf", ())], "minItems"), default=1) - 1
        items = [_messages(option.get("items", {}), path[1:], leaves), *[_values(option.get("items", {}))] * more]
        return st.tuples(*items).map(list)
    children = {name: _values(child) for name, child in option["properties"].items()}
    children[path[0]] = _messages(option["properties"].get(path[0], {}), path[1:], leaves)
    needed = {name: strategy for name, strategy in children.items() if name in (*option.get("required", ()), path[0])}
    rest = {name: strategy for name, strategy in children.items() if name not in needed}
    drawn = st.fixed_dictionaries(needed, optional=rest)
    return drawn.map(lambda members: {name: members[name] for name in children if name in members})


def _leads(schema: Schema, step: str) -> bool:
    return "items" in schema if step == "*" else "properties" in schema


def _leaves(here: Schema | None, there: Schema | None) -> SearchStrategy[Any]:
    """Values about which two schemas may differ, the simple ones first."""
    schemas = [schema for schema in (here, there) if schema is not None]
    drawn = [strategy for schema in schemas for option in _options(schema) for strategy in _drawn(option)]
    return st.one_of(st.just(MISSING), st.sampled_from(GENERIC), *drawn)


def _values(schema: Schema) -> SearchStrategy[Any]:
    """Values that a schema accepts: a sample where there is one."""
    if (value := sample(schema)) is not MISSING:
        return st.just(value)
    side = Side(schema)
    drawn = [strategy for option in _options(schema) for strategy in _drawn(option)]
    return st.one_of(st.sampled_from(GENERIC), *drawn).filter(side.accepts)


def _samples(schema: Schema) -> Iterator[Any]:
    """Small values that a schema accepts, made without drawing."""
    side = Side(schema)
    for option in _options(schema):
        for part in (option, *option.get("allOf", ())):
            yield from filter(side.accepts, (*part.get("examples", ()), *part.get("enum", ())))
            if "const" in part and side.accepts(part["const"]):
                yield part["const"]
        if "properties" in option:
            members = {name: next(_samples(child), MISSING) for name, child in option["properties"].items()}
            needed = {name: value for name, value in members.items() if name in option.get("required", ())}
            yield from filter(side.accepts, (_without_missing(needed), _without_missing(members)))
        elif "items" in option:
            item = next(_samples(option["items"]), MISSING)
            yield from filter(side.accepts, ([item] * n for n in range(LONGEST_LIST) if item is not MISSING))
    yield from filter(side.accepts, GENERIC)


def _drawn(schema: Schema) -> Iterator[SearchStrategy[Any]]:
    """Strategies of values much like those that a schema without alternatives accepts; not all are accepted."""
    parts = (schema, *(option for limit in schema.get("allOf", ()) for option in _options(limit)))
    if schema.get("type") == "string":
        yield st.text(PLAIN, max_size=SHORT_TEXT)
    # The pattern of a border goes further than that of the schema proper.
    for pattern in _sizes(parts, "pattern")[-1:]:
        for texts in _matching(pattern):
            yield texts
            if samples := _texts(parts):
                cuts = st.integers(0, MOST_JOINTS - 1)
                yield st.builds(_crossed, st.sampled_from(samples), texts, cuts, cuts)
    if "properties" in schema:
        names = schema["properties"]
        children = {name: st.one_of(_values(child), st.sampled_from(GENERIC)) for name, child in names.items()}
        yield st.fixed_dictionaries({}, optional=children)
    if "items" in schema:
        item = _values(schema["items"])
        for size in sorted({0, 1, 2, *_sizes(parts, "minItems"), *_sizes(parts, "maxItems")}):
            yield st.lists(item, min_size=size, max_size=size)
    types = schema.get("type", ())
    if "number" in types or "integer" in types:
        yield st.integers()


def _matching(pattern: str) -> Iterator[SearchStrategy[str]]:
    """Texts of ASCII that a pattern matches; none for a pattern that cannot be used."""
    # To Python $ is also before a newline at the end.
    whole = f"{pattern[:-1]}\\Z" if pattern.endswith("$") and not pattern.endswith("\\$") else pattern
    with contextlib.suppress(PatternError, re.error, HypothesisException):
        Pattern(pattern)
        texts = st.from_regex(whole, alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]))
        texts.validate()
        yield texts


def _candidates(here: Schema | None, there: Schema | None) -> list[Any]:
    """Values at the borders of schemas: those that they name, texts and numbers just within and beyond limits, and
    texts that patterns match, as they are and as the end of a named one."""
    schemas = [schema for schema in (here, there) if schema is not None]
    parts = [
        part
        for schema in schemas
        for option in _options(schema)
        for limit in (option, *option.get("allOf", ()))
        for part in _options(limit)
    ]
    named: list[Any] = []
    for part in parts:
        named += [*part.get("examples", ()), *part.get("enum", ()), *([part["const"]] if "const" in part else [])]
        named += [value for key in ("x-malformed", "x-should-malformed") for value in part.get(key, {}).values()]
    texts = _texts(parts) or ["x"]
    lengths = {n for limit in (*_sizes(parts, "minLength"), *_sizes(parts, "maxLength")) for n in _around(limit)}
    stretched = [
        _stretched(text, n, place) for n in sorted(lengths) for text in texts[:4] for place in range(len(text))
    ]
    numbers = [n + d for key in ("minimum", "maximum") for n in _sizes(parts, key) for d in (-1, 0, 1)]
    matching = [text for pattern in dict.fromkeys(_sizes(parts, "pattern")) for text in _written(pattern)]
    cuts = range(MOST_JOINTS)
    crossed = [
        _crossed(text, other, end, start) for text in texts[:2] for other in matching for end in cuts for start in cuts
    ]
    odd = [f"{text[:1]}{c}{text[1:]}" for text in texts[:2] for c in ODD]
    samples = [value for schema in schemas for value in _samples(schema)]
    return [MISSING, *GENERIC, *samples, *named, *stretched, *numbers, *odd, *matching, *dict.fromkeys(crossed)]


@lru_cache(maxsize=64)
def _written(pattern: str) -> tuple[str, ...]:
    """Texts that a pattern matches, the same every time; none for a pattern that cannot be used."""
    # What may be repeated without end would be repeated a hundred times, and a hundred times that within a group.
    short = re.sub(r"(?<!\\)[+*](?![^\[]*\])", lambda found: "{1,5}" if found[0] == "+" else "{0,5}", pattern)
    rng = random.Random(0)
    with contextlib.suppress(PatternError):
        return tuple(Pattern(short).draw(rng) for _ in range(WRITTEN))
    return ()


def _crossed(text: str, other: str, end: int, start: int) -> str:
    """The beginning of one text and the end of another, each cut between two words, at the place of a number."""
    joints, others = _joints(text), _joints(other)
    return text[: joints[min(end, len(joints) - 1)]] + other[others[min(start, len(others) - 1)] :]


def _joints(text: str) -> list[int]:
    """Places between the words of a text, its end first."""
    return [len(text), *(place for place, c in enumerate(text) if not c.isalnum())][:MOST_JOINTS]


def _around(limit: int) -> tuple[int, ...]:
    """Lengths just within and beyond a limit, also as base64 has them."""
    return (limit - 1, limit, limit + 1, limit - limit % 4, limit - limit % 4 + 4)


def _stretched(text: str, length: int, place: int) -> str:
    """A text made longer, by repeating one of its characters, or shorter."""
    missing = length - len(text)
    return text[:place] + text[place] * (missing + 1) + text[place + 1 :] if missing >= 0 else text[: max(length, 0)]


def _texts(parts: Sequence[Schema]) -> list[str]:
    """The texts that schemas name."""
    named = [value for part in parts for value in (*part.get("examples", ()), *part.get("enum", ()), part.get("const"))]
    return list(dict.fromkeys(value for value in named if isinstance(value, str) and value))


def _sizes(parts: Sequence[Schema], keyword: str) -> list[Any]:
    return [part[keyword] for part in parts if keyword in part]
