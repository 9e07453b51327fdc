"""Brings JSON Schemas that mean the same into one form, as far as keywords tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Any, Final

from jsonschema_rs import CanonicalSchema, Draft202012, canonicalize
from jsonschema_rs.canonical import Satisfiability

from ....specification.members import json_type
from ....untrusted.patterns import ENGINE

Schema = Mapping[str, Any]

TYPES: Final = ("null", "boolean", "object", "array", "number", "integer", "string")
ANNOTATIONS: Final = (
    *("examples", "description", "x-malformed", "x-should-malformed", "x-variants", "x-variants-should"),
    *("x-unheld", "default", "deprecated", "contentEncoding", "contentMediaType"),
)
"""Keywords that decide nothing about a value."""
MARKS: Final = ("x-safe", "x-safe-should", "x-should", "x-unique", "x-known")
"""Keywords of the kit that say how a value is judged beyond the schema proper."""
_DROPPED: Final = ("$schema", "$id", "$comment", "$defs", "title")
_OF_TYPES: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(("pattern", "format", "minLength", "maxLength"), ("string",)),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), ("number", "integer")
    ),
    **dict.fromkeys(
        (
            *("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"),
            "unevaluatedItems",
        ),
        ("array",),
    ),
    **dict.fromkeys(
        (
            *("properties", "required", "additionalProperties", "patternProperties", "propertyNames"),
            *("minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
        ),
        ("object",),
    ),
}
"""By keyword, the only types whose values it limits."""
_ONE: Final = (
    *("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "not", "if", "then", "else"),
    *("contains", "propertyNames", "x-safe", "x-safe-should", "x-should"),
)
_NAMED: Final = ("properties", "patternProperties", "dependentSchemas")
_LISTED: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_NOTHING: Final[Schema] = {"not": {}}
MOST_ALTERNATIVES: Final = 64
"""Schemas with more alternatives are not compared."""
UPPER: Final = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
LOWER: Final = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_WITHOUT_EFFECT: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("minLength", "minItems", "minProperties"), 0),
    **{key: {} for key in ("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames")},
    **{key: {} for key in ("dependentRequired", "dependentSchemas", "patternProperties")},
    **{key: {} for key in ("x-safe", "x-safe-should", "x-should")},
    "required": [],
    "uniqueItems": False,
    "x-unique": False,
    "x-known": False,
}
_NEIGHBOURS: Final = (
    *("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "prefixItems"),
    *("contains", "minContains", "maxContains", "if", "then", "else"),
)
"""Keywords whose meaning depends on others beside them, so that they stay where they are."""


def normal(schema: Any) -> dict[str, Any]:
    """Brings a schema without references into normal form. Equal forms accept the same values."""
    if isinstance(schema, bool):
        return {} if schema else dict(_NOTHING)
    made = {key: inner(key, value, normal) for key, value in schema.items() if key not in _DROPPED}
    if "const" in made:
        made = _put(made, "enum", [made.pop("const")])
    if "if" in made and not made.get("then") and not made.get("else"):
        for key in ("if", "then", "else"):
            made.pop(key, None)
    if "oneOf" in made and _disjoint(made["oneOf"]):
        made = _put(made, "anyOf", made.pop("oneOf"))
    if "anyOf" in made:
        made = _with_alternatives(made)
    for part in made.pop("allOf", ()):
        made = _with_part(made, part)
    return _simplified(made)


def judged(schema: Schema) -> dict[str, Any]:
    """Leaves out of a normal form what does not decide whether a value is accepted."""
    return {key: value for key, value in schema.items() if key not in ANNOTATIONS and key not in MARKS}


def types_of(schema: Schema) -> tuple[str, ...]:
    """Returns the types that a normal form allows; ``integer`` only if ``number`` is not among them."""
    named = schema.get("type", TYPES)
    types = (named,) if isinstance(named, str) else tuple(named)
    return tuple(t for t in types if t != "integer" or "number" not in types)


def both(one: Schema, other: Schema) -> dict[str, Any]:
    """Returns the normal form of two schemas that both hold."""
    return _simplified(_with_part(dict(one), other))


def inner(key: str, value: Any, change: Callable[[Any], Any]) -> Any:
    """Changes each schema in the value of a keyword."""
    if key in _ONE:
        return change(value)
    if key in _NAMED:
        return {name: change(child) for name, child in value.items()}
    return [change(child) for child in value] if key in _LISTED else value


def _put(schema: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Adds a keyword to a schema."""
    if key not in schema:
        return {**schema, key: value}
    return {**schema, "allOf": [*schema.get("allOf", ()), normal({key: value})]}


def _with_part(schema: dict[str, Any], part: Schema) -> dict[str, Any]:
    """Adds a part to a schema: to its own keywords if possible, else under allOf."""
    types = types_of(schema) if "enum" not in schema else TYPES
    part = {key: value for key, value in part.items() if any(t in _OF_TYPES.get(key, TYPES) for t in types)}
    if not part:
        return schema
    if not any(key in schema or key in part for key in _NEIGHBOURS):
        merged = dict(schema)
        for key, value in part.items():
            if key not in merged:
                merged[key] = value
            elif (joined := _joined(key, merged[key], value)) is not None:
                merged[key] = joined
            else:
                break
        else:
            return merged
    parts = schema.get("allOf", [])
    return schema if part in parts else {**schema, "allOf": [*parts, part]}


def _joined(key: str, one: Any, other: Any) -> Any:
    """Returns the value of a keyword that means the same as two together; None if there is none."""
    if one == other or key in ANNOTATIONS:
        return one
    if key in UPPER or key in LOWER:
        return min(one, other) if key in UPPER else max(one, other)
    match key:
        case "required":
            return sorted({*one, *other})
        case "type":
            one, other = types_of({"type": one}), types_of({"type": other})
            shared = [t for t in one if t in other or (t == "integer" and "number" in other)]
            shared += [t for t in other if t == "integer" and "number" in one]
            return shared
        case "enum":
            return [value for value in one if _text(value) in {_text(v) for v in other}]
        case "items":
            return normal({"allOf": [one, other]})
        case "properties":
            return {
                name: normal({"allOf": [one.get(name, {}), other.get(name, {})]})
                for name in dict.fromkeys((*one, *other))
            }
        case "allOf":
            return [*one, *other]
    return None


def _with_alternatives(schema: dict[str, Any]) -> dict[str, Any]:
    options: list[dict[str, Any]] = []
    for option in schema["anyOf"]:
        if judged(option) != _NOTHING and option not in options:
            options.append(option)
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if not options:
        return _put(rest, "not", {})
    if not all(judged(option) for option in options):
        return rest
    folded = _folded(options)
    if folded is not None:
        return _with_part(rest, folded)
    return {**rest, "anyOf": sorted(options, key=_text)}


def _folded(options: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Returns one schema without alternatives that accepts the same as several; None if there is none."""
    if len(options) == 1:
        return options[0]
    if all(set(judged(option)) == {"enum"} for option in options):
        return {"enum": [value for option in options for value in option["enum"]]}
    if not _of_own_types(options):
        return None
    types = [t for option in options for t in types_of(option)]
    made: dict[str, Any] = {}
    for option in options:
        for key, value in option.items():
            if key in made and key != "type" and key not in ANNOTATIONS:
                return None
            made.setdefault(key, value)
    return {**made, "type": types}


def _of_own_types(options: Sequence[dict[str, Any]]) -> bool:
    """Tells whether no two alternatives allow the same type, and the keywords of each limit its own types only."""
    types = ["number" if t == "integer" else t for option in options for t in types_of(option)]
    return len(types) == len({*types}) and all(
        key == "type" or key in ANNOTATIONS or key in MARKS or set(_OF_TYPES.get(key, ())) & {*types_of(option)}
        for option in options
        for key in option
    )


def _disjoint(options: Sequence[Schema]) -> bool:
    """Proves that no value is accepted by two of several schemas; False if that is not certain."""
    try:
        sets = [canonical(option) for option in options]
        return all(one.intersect(other).satisfiability() == Satisfiability.NO for one, other in combinations(sets, 2))
    except ValueError:
        return False


def canonical(schema: Schema) -> CanonicalSchema:
    """Returns the set of values that a normal form accepts, to compare it with others.

    Calling it, or comparing what it returns, raises ValueError if a keyword cannot be compared or there are too many
    alternatives, whose comparison would take too long.
    """
    if _alternatives(schema) > MOST_ALTERNATIVES:
        raise ValueError("too many alternatives")
    return _canonical(_text(judged(schema)))


def _alternatives(schema: Schema) -> int:
    """Estimates how many alternatives there are once those of all parts are multiplied out."""
    found = 1 + ("if" in schema)
    found <<= min(sum(len(schema.get(key, ())) for key in ("dependentSchemas", "dependentRequired")), 64)
    for key in ("anyOf", "oneOf"):
        found *= sum(map(_alternatives, schema.get(key, ()))) or 1
    found *= prod(map(_alternatives, schema.get("allOf", ())))
    nested = [child for key in _NAMED for child in schema.get(key, {}).values()]
    nested += [*schema.get("prefixItems", ()), *(schema[key] for key in _ONE if key in schema)]
    return found * max(map(_alternatives, nested), default=1)


@lru_cache(maxsize=256)
def _canonical(schema: str) -> CanonicalSchema:
    # jsonschema-rs calls this part of it experimental. Nothing but `spec diff` needs it.
    return canonicalize(json.loads(schema), draft=Draft202012, validate_formats=True, pattern_options=ENGINE)


def _simplified(schema: dict[str, Any]) -> dict[str, Any]:
    """Drops keywords without effect."""
    made = {k: v for k, v in schema.items() if k not in _WITHOUT_EFFECT or v != _WITHOUT_EFFECT[k]}
    if "enum" in made:
        types = types_of(made)
        fitting = [v for v in made["enum"] if _is_of(v, types)]
        made["enum"] = [json.loads(text) for text in sorted({_text(value) for value in fitting})]
        made.pop("type", None)
        if not made["enum"]:
            return dict(_NOTHING)
        return made
    if made.get("type") == "integer":
        for key, twin, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
            if isinstance(limit := made.get(key), int):
                del made[key]
                made[twin] = (max if step > 0 else min)(made.get(twin, limit + step), limit + step)
    if "type" in made:
        types = tuple(sorted({*types_of(made)}))
        if not types:
            return dict(_NOTHING)
        made = {k: v for k, v in made.items() if any(t in _OF_TYPES.get(k, TYPES) for t in types)}
        made["type"] = types[0] if len(types) == 1 else list(types)
    if len(made.get("required", ())) >= made.get("minProperties", 0):
        made.pop("minProperties", None)
    if "required" in made:
        made["required"] = sorted(made["required"])
    return made


def _is_of(value: Any, types: Sequence[str]) -> bool:
    type_ = json_type(value)
    return type_ in types or (type_ == "number" and "integer" in types and float(value).is_integer())


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def children(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yields the schemas of members and items, each with a step of a JSON Pointer."""
    yield from schema.get("properties", {}).items()
    if "items" in schema:
        yield "*", schema["items"]
