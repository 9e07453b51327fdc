"""Makes values at the limits of two schemas, where they are most likely to differ."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from ....untrusted.patterns import Pattern, PatternError
from .inclusion import beyond_texts
from .inlining import Side, options
from .normal import Schema, both

MISSING: Final = object()
"""Stands in a message for a member that is not there."""
WRITTEN, MOST_JOINTS = 30, 4
"""Texts written for each pattern, and the most places at which a text is cut."""
LONGEST_LIST, MOST_STRETCHED, MOST_EDITS, MOST_SAMPLES = 8, 4000, 3000, 8
LONGEST_TEXT: Final = 1 << 20
"""Characters of a text that is tried."""
EXTRA: Final = "x_more"
"""Name of a member that no schema knows."""
ODD: Final = "".join(map(chr, range(0x20, 0x7F))) + "\t\u00a0\u00e9\u6f22\U0001f68c"
"""Characters that are put into texts, one at a time."""
GENERIC: Final[tuple[Any, ...]] = ("string", "x", "", " ", 0, 1, 1.5, -1, True, None, [], {}, ["x"], {"x": "x"})
"""A few values of every JSON type."""
_INNER: Final = ("not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "items")


def candidates(here: Schema, there: Schema) -> Iterator[Any]:
    """Yields values at the limits of two schemas.

    These are values that the schemas name, texts and numbers just within and beyond limits, texts that patterns match,
    and objects and lists that differ from a sample in a member or an item.
    """
    parts = [part for schema in (here, there) for option in options(schema) for part in _parts(option)]
    named = list(_named(parts))
    yield MISSING
    yield from GENERIC
    yield from samples(here)
    yield from samples(there)
    yield from named
    for one, other in ((here, there), (there, here)):
        texts = (beyond_texts([*_parts(a)], [*_parts(b)]) for a in options(one) for b in options(other))
        yield from (text for text in texts if text is not None)
    yield from _numbers(parts)
    yield from _texts(parts, [value for value in named if isinstance(value, str) and value])
    yield from _edited(here, there, parts)


def samples(schema: Schema) -> Iterator[Any]:
    """Yields small values that a schema accepts."""
    side = Side(schema)
    for option in options(schema):
        parts = [*_parts(option)]
        yield from filter(
            side.accepts, (v for part in parts for v in (*part.get("examples", ()), *part.get("enum", ())))
        )
        if "properties" in option:
            members = members_of(option)
            needed = {name: value for name, value in members.items() if name in option.get("required", ())}
            yield from filter(side.accepts, (_present(needed), _present(members)))
        elif "items" in option:
            item = sample(option["items"])
            yield from filter(side.accepts, ([item] * n for n in range(LONGEST_LIST) if item is not MISSING))
        yield from filter(side.accepts, (text for part in parts for text in written(part.get("pattern", ""))))
    yield from filter(side.accepts, GENERIC)


def members_of(schema: Schema) -> dict[str, Any]:
    """Returns a sample of each member of an object, declared or only required; MISSING if none is found."""
    unknown = dict.fromkeys(schema.get("required", ()), 0)
    return unknown | {name: sample(child) for name, child in schema.get("properties", {}).items()}


def sample(schema: Schema) -> Any:
    """Returns a small value that a schema accepts; MISSING if none is found."""
    return next(samples(schema), MISSING)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not MISSING}


def _parts(schema: Schema) -> Iterator[Schema]:
    """Yields a schema and the schemas inside it that speak of the same value."""
    yield schema
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _parts(part)
    for key in ("not", "if", "then", "else"):
        if isinstance(schema.get(key), dict):
            yield from _parts(schema[key])


def _named(parts: Iterable[Schema]) -> Iterator[Any]:
    for part in parts:
        yield from (*part.get("examples", ()), *part.get("enum", ()))
        for key in ("x-malformed", "x-should-malformed"):
            yield from part.get(key, {}).values()


# Texts and numbers.


def _numbers(parts: Sequence[Schema]) -> Iterator[float]:
    for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
        for limit in _values(parts, key):
            yield from (limit + step for step in (-1, -0.5, 0, 0.5, 1))
            yield from (limit * 2, limit * 3)


def _texts(parts: Sequence[Schema], named: Sequence[str]) -> Iterator[str]:
    texts = list(dict.fromkeys(named))[:6] or ["x"]
    limits = (*_values(parts, "minLength"), *_values(parts, "maxLength"))
    for length in sorted({n for limit in limits for n in _around(limit) if n <= LONGEST_TEXT}):
        stretched = (_stretched(text, length, at) for text in texts for at in range(len(text)))
        yield from itertools.islice(stretched, MOST_STRETCHED)
    matching = [text for pattern in dict.fromkeys(_values(parts, "pattern")) for text in written(pattern)]
    yield from matching
    yield from (f"{text[:1]}{c}{text[1:]}" for text in texts[:2] for c in ODD)
    cuts = range(MOST_JOINTS)
    yield from dict.fromkeys(
        _crossed(text, other, end, start) for text in texts[:2] for other in matching for end in cuts for start in cuts
    )


@lru_cache(maxsize=64)
def written(pattern: str) -> tuple[str, ...]:
    """Returns texts that a pattern matches, the same every time; none if the pattern cannot be used."""
    rng = random.Random(0)
    with contextlib.suppress(PatternError):
        return tuple(Pattern(pattern).draw(rng) for _ in range(WRITTEN)) if pattern else ()
    return ()


def _crossed(text: str, other: str, end: int, start: int) -> str:
    """Joins the beginning of one text and the end of another, each cut between two words."""
    joints, others = _joints(text), _joints(other)
    return text[: joints[min(end, len(joints) - 1)]] + other[others[min(start, len(others) - 1)] :]


def _joints(text: str) -> list[int]:
    """Lists the places between the words of a text, its end first."""
    return [len(text), *(at for at, c in enumerate(text) if not c.isalnum())][:MOST_JOINTS]


def _around(limit: int) -> tuple[int, ...]:
    """Returns lengths just within and beyond a limit, also as base64 has them."""
    return (limit - 1, limit, limit + 1, limit - limit % 4, limit - limit % 4 + 4)


def _stretched(text: str, length: int, at: int) -> str:
    """Lengthens a text by repeating one of its characters, or shortens it."""
    missing = length - len(text)
    return text[:at] + text[at] * (missing + 1) + text[at + 1 :] if missing >= 0 else text[: max(length, 0)]


def _values(parts: Iterable[Schema], keyword: str) -> list[Any]:
    return [part[keyword] for part in parts if keyword in part]


# Objects and lists.


def _edited(here: Schema, there: Schema, parts: Sequence[Schema]) -> Iterator[Any]:
    """Yields objects and lists that differ from a sample in one place or in two."""
    objects = [value for schema in (here, there) for value in samples(schema) if isinstance(value, dict) and value]
    edits = [*_edits(parts)]
    for base in objects[:3]:
        once = [_with(base, name, value) for name, value in edits]
        yield from itertools.islice(once, MOST_EDITS)
        pairs = ((a, b) for a, b in itertools.product(edits, repeat=2) if a[0] < b[0])
        yield from itertools.islice((_with(_with(base, *a), *b) for a, b in pairs), MOST_EDITS)
        for limit in (*_values(parts, "minProperties"), *_values(parts, "maxProperties")):
            yield from (_grown(base, size) for size in (limit - 1, limit, limit + 1) if size < MOST_EDITS)
    for schema in (here, there):
        yield from _lists(schema, parts)


def _edits(parts: Sequence[Schema]) -> Iterator[tuple[str, Any]]:
    """Yields names and values of members that schemas speak of, and of some unknown ones."""
    spoken: dict[str, list[Schema]] = {}
    for part in parts:
        for name, child in part.get("properties", {}).items():
            spoken.setdefault(name, []).append(child)
        for name in (*part.get("required", ()), *part.get("dependentRequired", ()), *part.get("dependentSchemas", ())):
            spoken.setdefault(name, [])
    extra = [part["additionalProperties"] for part in parts if isinstance(part.get("additionalProperties"), dict)]
    spoken |= {name: extra for name in dict.fromkeys(_unknown_names(parts)) if name not in spoken}
    for name, children in spoken.items():
        joined = [both(one, other) for one, other in itertools.combinations(children, 2) if one != other]
        values = [v for child in (*children, *joined) for v in itertools.islice(samples(child), MOST_SAMPLES)]
        values += _named(inner for child in children for inner in _deep(child))
        yield from ((name, value) for value in (MISSING, *values, *GENERIC))


def _unknown_names(parts: Sequence[Schema]) -> Iterator[str]:
    """Yields names at the limits of what schemas say about the names of members."""
    yield from (EXTRA, EXTRA.upper(), "1 ?")
    for part in parts:
        names = part.get("propertyNames", {})
        yield from (text for text in candidates(names, {}) if isinstance(text, str)) if names else ()
        for pattern in part.get("patternProperties", ()):
            yield from written(pattern)[:3]


def _deep(schema: Schema) -> Iterator[Schema]:
    yield schema
    for key in _INNER:
        if isinstance(schema.get(key), dict):
            yield from _deep(schema[key])
    for child in (*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _deep(child)


def _grown(base: dict[str, Any], size: int) -> dict[str, Any]:
    """Adds unknown members to an object until it has a number of them."""
    return base | {f"{EXTRA}_{number}": 1 for number in range(size - len(base))}


def _with(base: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    rest = {key: child for key, child in base.items() if key != name}
    return rest if value is MISSING else {**rest, name: value}


def _lists(schema: Schema, parts: Sequence[Schema]) -> Iterator[list[Any]]:
    limits = [n for key in ("minItems", "maxItems", "minContains", "maxContains") for n in _values(parts, key)]
    sizes = sorted({0, 1, 2, 3, *(max(n + d, 0) for n in limits for d in (-1, 0, 1) if n < 1000)})
    for option in options(schema):
        named = [part[key] for part in _parts(option) for key in ("contains", "items") if key in part]
        items = [value for child in named for value in itertools.islice(samples(child), 3)]
        for first in items or ["x"]:
            yield from ([first] * size for size in sizes)
            yield from ([first, *items[:n]] for n in range(1, 4))
            yield from ([f"{first}{n}" if isinstance(first, str) else n for n in range(size)] for size in sizes)
