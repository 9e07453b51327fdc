"""Proves that every value that one schema accepts is accepted by another one, as far as keywords tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ....errors import SpecificationError
from ....specification.validators import compile_schema
from .languages import Texts, beyond
from .normal import LOWER, UPPER, Schema, both, for_type, judged, types_of

_TEXT_KEYS: Final = ("pattern", "minLength", "maxLength")


def within(one: Schema, other: Schema) -> bool:
    """Proves that one normal form accepts nothing that the other refuses; False if that is not certain."""
    one, other = judged(one), judged(other)
    if not other or one == other or one == {"not": {}}:
        return True
    if "enum" in one:
        return all(_accepts(other, value) for value in one["enum"])
    if "enum" in other and {*types_of(one)} <= {"null", "boolean"}:
        values = [v for t in types_of(one) for v in ((None,) if t == "null" else (True, False))]
        return all(v in other["enum"] for v in values if _accepts(one, v))
    return all(_within_type(for_type(one, t), other, t) for t in types_of(one))


def _within_type(one: Schema, other: Schema, type_: str) -> bool:
    if "anyOf" in one:
        rest = {key: value for key, value in one.items() if key != "anyOf"} | {"type": type_}
        return all(within(both(rest, option), other) for option in one["anyOf"])
    if not all(_has(part, type_) or (type_ == "number" and _has(part, "integer")) for part in one.get("allOf", ())):
        return True
    if not _has(other, type_):
        return False
    other = for_type(other, type_)
    alone = {**one, "type": type_}
    parts: Sequence[Schema] = [one, *(for_type(part, type_) for part in one.get("allOf", ()))]
    if type_ == "string" and any(key in other for key in _TEXT_KEYS):
        if not _texts_within(parts, other):
            return False
        other = {key: value for key, value in other.items() if key not in _TEXT_KEYS}
    return all(_implied(alone, parts, key, value, other) for key, value in other.items())


def _has(schema: Schema, type_: str) -> bool:
    """Tells whether a normal form allows a type."""
    return type_ in (allowed := types_of(schema)) or (type_ == "integer" and "number" in allowed)


def _implied(one: Schema, parts: Sequence[Schema], key: str, value: Any, other: Schema) -> bool:
    """Tells whether the first schema, which is of one type, surely satisfies a keyword of the other."""
    if any(part.get(key) == value and not _depends(key, part, other) for part in parts):
        return True
    match key:
        case "allOf":
            return all(within(one, part) for part in value)
        case "anyOf":
            return any(within(one, option) for option in value)
        case "enum":
            return False
        case "not":
            return _apart(one, value) or any("not" in part and within(value, part["not"]) for part in parts)
    return any(_says(part, key, value, other) for part in parts)


def _depends(key: str, part: Schema, other: Schema) -> bool:
    """Tells whether a keyword means something else in two schemas although its value is the same."""
    beside = {
        "items": ("prefixItems",),
        "additionalProperties": ("properties", "patternProperties"),
        "contains": ("minContains", "maxContains"),
        "then": ("if",),
        "else": ("if",),
    }.get(key, ())
    if key.startswith("unevaluated"):
        return part != other
    return any(_names(part.get(name)) != _names(other.get(name)) for name in beside)


def _names(value: Any) -> Any:
    return sorted(value) if isinstance(value, dict) else value


def _says(part: Schema, key: str, value: Any, other: Schema) -> bool:
    """Tells whether one schema of a type asks for as much as a keyword does."""
    if key in UPPER or key in LOWER:
        return _bounded(part, key, value)
    rule = _RULES.get(key)
    return rule is not None and rule(part, value, other)


def _bounded(part: Schema, key: str, value: Any) -> bool:
    upper = key in UPPER
    if key in part and bool(part[key] <= value if upper else part[key] >= value):
        return True
    if key == "minProperties":
        return len(part.get("required", ())) >= int(value)
    if key == "maxProperties":
        return _closed(part) and len(part.get("properties", ())) <= value
    twin = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}.get(key, "")
    if twin in part:
        return bool(part[twin] <= value if upper else part[twin] >= value)
    inclusive = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}.get(key, "")
    return inclusive in part and bool(part[inclusive] < value if upper else part[inclusive] > value)


def _closed(part: Schema) -> bool:
    """Tells whether an object has no members except named ones."""
    return "patternProperties" not in part and bool(part.get("additionalProperties") == {"not": {}})


def _forbidden(part: Schema, name: str) -> bool:
    return bool(child_of(part, name) == {"not": {}})


def _properties(part: Schema, value: Mapping[str, Any], _: Schema) -> bool:
    return all(within(child_of(part, name), child) for name, child in value.items())


def _others(part: Schema, value: Schema, other: Schema) -> bool:
    """Judges ``additionalProperties``: the members that the other schema does not name."""
    if "patternProperties" in other:
        return False
    named = part.get("properties", {})
    rest = [*part.get("patternProperties", {}).values(), part.get("additionalProperties", {})]
    rest += [child for name, child in named.items() if name not in other.get("properties", {})]
    return all(within(child, value) for child in rest)


def _items(part: Schema, value: Schema, other: Schema) -> bool:
    if part.get("maxItems") == 0:
        return True
    return "prefixItems" not in part and "prefixItems" not in other and within(part.get("items", {}), value)


def _names_within(part: Schema, value: Schema, _: Schema) -> bool:
    return _closed(part) and all(_accepts(value, name) for name in part.get("properties", ()))


def _by_pattern(part: Schema, value: Mapping[str, Schema], _: Schema) -> bool:
    named = part.get("properties", {})
    matching = [(n, child) for p, child in value.items() for n in named if _accepts({"pattern": p}, n)]
    return _closed(part) and all(within(named[name], child) for name, child in matching)


def _dependent(part: Schema, value: Mapping[str, Sequence[str]], _: Schema) -> bool:
    required = {*part.get("required", ())}
    return all(_forbidden(part, name) or {*needed} <= required for name, needed in value.items())


_RULES: Mapping[str, Callable[[Schema, Any, Schema], bool]] = {
    "required": lambda part, value, _: {*value} <= {*part.get("required", ())},
    "properties": _properties,
    "additionalProperties": _others,
    "unevaluatedProperties": _others,
    "patternProperties": _by_pattern,
    "propertyNames": _names_within,
    "dependentRequired": _dependent,
    "dependentSchemas": lambda part, value, _: all(_forbidden(part, n) or within(part, s) for n, s in value.items()),
    "items": _items,
    "uniqueItems": lambda part, value, _: part.get("maxItems", 2) <= 1,
    "multipleOf": lambda part, value, _: "multipleOf" in part and part["multipleOf"] % value == 0,
}
"""True if a schema asks for what a keyword of another one does, besides having the same."""


def child_of(schema: Schema, name: str) -> Schema:
    """Returns what a normal form surely says of a member, or of the items of a list for ``*``."""
    if name == "*" and "items" in schema:
        return dict(schema["items"])
    if name in schema.get("properties", {}):
        return dict(schema["properties"][name])
    return {} if "patternProperties" in schema else dict(schema.get("additionalProperties", {}))


def texts_of(parts: Sequence[Schema]) -> Texts:
    """Returns the texts that several schemas together allow, leaving formats aside."""
    patterns = dict.fromkeys(part["pattern"] for part in parts if "pattern" in part)
    least = max((part.get("minLength", 0) for part in parts), default=0)
    most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    return Texts(tuple(patterns), least, most)


def _texts_within(parts: Sequence[Schema], other: Schema) -> bool:
    ours, theirs = texts_of(parts), texts_of([other])
    # A format is a set of texts that cannot be looked into; most refuse the empty one.
    if ours.least == 0 and any("format" in part and not _accepts(part, "") for part in parts):
        ours = Texts(ours.patterns, 1, ours.most)
    return (set(theirs.patterns) <= {*ours.patterns} and _bounds_within(ours, theirs)) or _beyond(ours, theirs) is False


def _bounds_within(ours: Texts, theirs: Texts) -> bool:
    upper = theirs.most is None or (ours.most is not None and ours.most <= theirs.most)
    return ours.least >= theirs.least and upper


@lru_cache(maxsize=256)
def _beyond(one: Texts, other: Texts) -> str | bool | None:
    return beyond(one, other)


def beyond_texts(one: Sequence[Schema], other: Sequence[Schema]) -> str | None:
    """Returns a text that the first schemas allow and the others do not; None if none is known."""
    found = _beyond(texts_of(one), texts_of(other))
    return found if isinstance(found, str) else None


def _apart(one: Schema, other: Schema) -> bool:
    """Proves that no value is accepted by both schemas; False if that is not certain."""
    other = judged(other)
    if "enum" in other:
        return not any(_accepts(one, value) for value in other["enum"])
    types = {"number" if t == "integer" else t for t in types_of(one)}
    if types == {"object"}:
        other = {**for_type(other, "object"), "type": "object"} if "object" in types_of(other) else other
    if any(_forbidden(one, name) for name in other.get("required", ())) and types_of(other) == ("object",):
        return True
    return types.isdisjoint("number" if t == "integer" else t for t in types_of(other))


def _accepts(schema: Schema, value: Any) -> bool:
    try:
        return bool(compile_schema(schema).is_valid(value))
    except SpecificationError:
        return False
