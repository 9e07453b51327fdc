"""Checks that the schema files are JSON Schemas, and that every keyword has an effect where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ....errors import SpecificationError, nearest
from ....specification.pointer import below
from ....specification.soundness import BORDERS as _BORDERS
from ....specification.soundness import META, faults
from ....specification.validators import BASE, FORMATS, compile_schema
from ....untrusted.patterns import Pattern, PatternError
from . import rows
from .folder import Folder, Place, Problem, references

OWN: Final = {
    *("gateway-config.json", "report.json", "catalogue.json", "certificate.json", "fleet.json", "fleet-report.json"),
    "payload-log.json",
    "record.json",
}
"""Schemas of the kit's own input and output: any keyword works there, and no message refers to them."""
_WORDS: Final = ("title", "description", "examples", "$comment")
_FILE: Final = ("$schema", "$id", "$defs")
_LIMITS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "boolean": (),
}
_VALUES: Final = ("type", "enum", "const")
_SCALAR: Final = (*_VALUES, *_LIMITS["string"], *_LIMITS["number"])
_NAMED: Final = ("x-malformed", "x-should-malformed", "x-variants", "x-variants-should")
_MARKS: Final = ("x-unique", "x-known")
KEYWORDS: Final = (*_BORDERS, *_NAMED, *_MARKS, "x-unheld")
"""The keywords that the kit adds to those of JSON Schema; schemas/README.md says what they mean."""
_REMEDIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(_BORDERS, "write a schema"),
    **dict.fromkeys(_NAMED[:2], "write faulty values, each with a name"),
    **dict.fromkeys(_NAMED[2:], "write patterns, each with a name"),
    **dict.fromkeys(_MARKS, "write true, or leave it out"),
    "x-unheld": "write the reason",
}
"""What to do if the value of a keyword does not have the form it needs."""
_ARRAY: Final = ("type", "items")
_OBJECT: Final = ("type", "properties", "required")
_REQUEST: Final[Mapping[str, tuple[str, ...]]] = {
    "object": (*_OBJECT, "minProperties", "x-should", "x-safe", "x-unheld"),
    "array": (*_ARRAY, "x-safe", "x-unheld"),
    **{type_: (*_VALUES, *limits, *KEYWORDS) for type_, limits in _LIMITS.items()},
}
"""Keywords that work in a request, by type of the value."""
_BORDER: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "object": {"x-should": ("minProperties",), "x-safe": ("required",)},
    "array": {"x-safe": ("minItems", "maxItems")},
    **{type_: dict.fromkeys(_BORDERS, (*_VALUES, *limits)) for type_, limits in _LIMITS.items()},
}
"""Keywords that work in an ``x-`` border, by type of the value."""
_REFUSAL: Final = ("type", "enum", "const", "items", "properties", "required", "anyOf")
"""Keywords that work in the body of a NACK."""
_ACKNOWLEDGEMENT: Final = (
    *(*_SCALAR, *_ARRAY, *_OBJECT, "anyOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    *("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "patternProperties", "propertyNames"),
    *("dependentRequired", "dependentSchemas", "if", "then", "else", "not", "contains", "minContains", "maxContains"),
    *("prefixItems", "oneOf"),
)
"""Keywords that work in the body of an ACK. Members within ``allOf`` would not be known."""
_KNOWN: Final = (*_ACKNOWLEDGEMENT, "allOf", "$ref", "$anchor", "default", "deprecated", "readOnly", "writeOnly")
_STANDARD_FORMATS: Final = (
    *("date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri"),
    *("uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer"),
    "regex",
)


def problems(folder: Folder) -> Iterator[Problem]:
    """Yields faults of the schemas themselves and of their references."""
    for name, content in folder.schemas():
        if not isinstance(content, dict):
            yield folder.problem(name, "", "is not a JSON Schema: it is not an object", "write an object")
            return
        yield from _form(folder, name, content)
        if content.get("$schema") != META:
            yield folder.problem(name, "/$schema", f"its $schema is not {META}", "write that")
        if content.get("$id") != BASE + name:
            yield folder.problem(name, "/$id", f"its $id is not {BASE}{name}", "write that")
    yield from _references(folder)


def _form(folder: Folder, name: str, content: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields values of another form, and unknown keywords, formats and patterns."""
    for pointer, fault in dict(faults(content)).items():
        key = pointer.rpartition("/")[2]
        if key in _REMEDIES:
            yield folder.problem(name, pointer, f"the value of {key} has another form", _REMEDIES[key])
        # Patterns have messages of their own, below.
        elif key != "pattern" or not isinstance(folder.at(name, pointer), str):
            yield folder.problem(name, pointer, f"is not a JSON Schema: {fault}", "see JSON Schema 2020-12")
    for pointer, key, value in _keywords(content, ""):
        if key in _NAMED[2:]:
            kinds = value.items() if isinstance(value, dict) else ()
            yield from _patterns(folder, name, pointer, [(kind, text) for kind, text in kinds if isinstance(text, str)])
        elif key in KEYWORDS:
            continue
        elif key not in (*_KNOWN, *_WORDS, *_FILE) and name not in OWN and not key.startswith("x-"):
            hint = nearest(key, (*_KNOWN, *_WORDS))
            yield folder.problem(
                name, pointer, f"{key} is not a keyword of JSON Schema{hint}", "use that spelling, or leave it out"
            )
        elif key.startswith("x-"):
            hint = nearest(key, KEYWORDS)
            yield folder.problem(name, pointer, f"{key} is not a keyword of the kit{hint}", "see schemas/README.md")
        elif key == "format" and isinstance(value, str) and value not in (*FORMATS, *_STANDARD_FORMATS):
            hint = nearest(value, (*FORMATS, *_STANDARD_FORMATS))
            yield folder.problem(name, pointer, f"the format {value} is not known{hint}", "write a pattern")
        elif key == "enum" and value == []:
            yield folder.problem(name, pointer, "the enum is empty, so that nothing is allowed", "list values")
        elif key == "pattern" and isinstance(value, str) and name not in OWN and (fault := _fault_of(value)):
            yield folder.problem(name, pointer, f"the pattern cannot be used: {fault}", "write a simpler one")


def _patterns(folder: Folder, name: str, pointer: str, patterns: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for kind, pattern in patterns:
        if fault := _fault_of(pattern):
            message = f"the pattern of {kind} cannot be used: {fault}"
            yield folder.problem(name, below(pointer, kind), message, "write a simpler one")


@lru_cache(maxsize=1024)
def _fault_of(pattern: str) -> str:
    """Says why a pattern cannot be used; empty if it can."""
    try:
        compile_schema({"pattern": pattern})
        Pattern(pattern)
    except PatternError as error:
        return str(error)
    except SpecificationError:
        return "it is not a regular expression, or needs look-around or back-references"
    return ""


def _keywords(node: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    """Yields every keyword of a schema and its parts: pointer, name and value."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _keywords(child, f"{pointer}/{index}")
    if not isinstance(node, dict):
        return
    for key, child in node.items():
        here = below(pointer, key)
        yield here, key, child
        if key in ("properties", "patternProperties", "$defs", "dependentSchemas") and isinstance(child, dict):
            for name, schema in child.items():
                yield from _keywords(schema, below(here, name))
        elif key not in ("examples", "enum", "const", "default", *_NAMED):
            yield from _keywords(child, here)


def _references(folder: Folder) -> Iterator[Problem]:
    used: set[tuple[str, str]] = set()
    files: set[str] = set()
    for name, content in folder.contents.items():
        for pointer, reference in references(content):
            target = folder.target(name, reference)
            if target is None:
                message = f"$ref {reference} leads nowhere"
                yield folder.problem(name, pointer, message, "write what it means, or name what is there")
            else:
                used.add(target)
                files |= {target[0]} - {name}
    for name, content in folder.schemas():
        for part in content.get("$defs", {}) if name == "common.json" else ():
            pointer = below("/$defs", part)
            if (name, pointer) not in used:
                yield folder.problem(name, pointer, f"nothing refers to {part}", "refer to it, or delete it")
        if name not in files and name not in {*OWN, *rows.EVERY, *rows.messages(folder)}:
            yield folder.problem(name, "", "no other file refers to it", "refer to it, or delete it")


# Messages: a keyword that has an effect in one place may have none in another.


def of_messages(folder: Folder, keys: list[str]) -> Iterator[Problem]:
    """Yields keywords that have no effect where they stand, and references in a circle."""
    found: dict[Problem, None] = {}
    for kind in ("request", "ack", "nack"):
        walk = _Walk(folder, kind)
        for key in keys:
            found |= dict.fromkeys(walk.problems(f"{key}.{kind}.json", "", ()))
    yield from found


class _Walk:
    """Goes through the schemas of a message, references followed."""

    def __init__(self, folder: Folder, kind: str) -> None:
        self._folder = folder
        self._reply = {"ack": _ACKNOWLEDGEMENT, "nack": _REFUSAL}.get(kind)
        self._where = {"ack": "in an ACK", "nack": "in a NACK"}.get(kind, "in a request")
        self._seen: set[Place] = set()

    def problems(self, file: str, pointer: str, above: tuple[Place, ...]) -> Iterator[Problem]:
        if (file, pointer) in self._seen:
            return
        self._seen.add((file, pointer))
        node = self._folder.at(file, pointer)
        if "$ref" in node:
            target = self._folder.target(file, node["$ref"])
            if target in above:
                message = f"the reference {node['$ref']} leads back to itself"
                yield self._folder.problem(file, below(pointer, "$ref"), message, "break the circle")
            elif target is not None:
                yield from self.problems(*target, (*above, target))
        yield from self._node(file, pointer, node)
        for name in node.get("properties", ()):
            yield from self.problems(file, below(pointer, "properties", name), above)
        for key in ("items", *(f"anyOf/{index}" for index in range(len(node.get("anyOf", ()))))):
            if key.partition("/")[0] in node:
                yield from self.problems(file, f"{pointer}/{key}", above)

    def _node(self, file: str, pointer: str, node: Mapping[str, Any]) -> Iterator[Problem]:
        if self._reply is not None:
            yield from self._unjudged(file, pointer, node, self._reply)
            return
        types = node.get("type")
        if "anyOf" in node:
            options = [option for option in node["anyOf"] if option != {"type": "null"}]
            if len(options) != 1:
                message = "anyOf in a request can only say that a value may be null"
                yield self._folder.problem(file, below(pointer, "anyOf"), message, "give one schema and null")
            allowed: tuple[str, ...] = ("anyOf", "x-safe", "x-unheld")
            yield from self._borders(file, pointer, node, "array")
        elif "$ref" in node:
            allowed = ("$ref", *KEYWORDS)
        elif types == "null":
            allowed = ("type",)
        elif not isinstance(types, str):
            message = "a member of a request needs one type" + (f", and has {len(types)}" if types else "")
            yield self._folder.problem(file, pointer, message, 'write "type"; for null, anyOf')
            return
        else:
            type_ = "number" if types == "integer" else types
            allowed = _REQUEST[type_]
            yield from self._borders(file, pointer, node, type_)
            yield from self._contradictions(file, pointer, node)
        yield from self._unjudged(file, pointer, node, allowed)

    def _unjudged(
        self, file: str, pointer: str, node: Mapping[str, Any], allowed: tuple[str, ...], where: str = ""
    ) -> Iterator[Problem]:
        of_file = _FILE if not pointer else ()
        for key in node:
            if key not in (*allowed, *_WORDS, *of_file, "$ref"):
                known = [name for name in allowed if name != key]
                type_ = f" of {node['type']}" if isinstance(node.get("type"), str) else ""
                message = f"{key} is not judged {where or self._where}{type_}{nearest(key, known)}"
                yield self._folder.problem(file, below(pointer, key), message, "leave it out, or say it otherwise")

    def _borders(self, file: str, pointer: str, node: Mapping[str, Any], type_: str) -> Iterator[Problem]:
        for border in _BORDERS:
            if border in node:
                known = _BORDER[type_].get(border, ())
                place = below(pointer, border)
                yield from self._unjudged(file, place, node[border], known, f"in {border} of a {type_}")
        if type_ != "string":
            for key in _NAMED:
                if key in node:
                    message = f"{key} of a {type_} is never sent"
                    yield self._folder.problem(file, below(pointer, key), message, "give it to texts only")

    def _contradictions(self, file: str, pointer: str, node: Mapping[str, Any]) -> Iterator[Problem]:
        for border in ("", "x-safe", "x-safe-should"):
            together = [node, node.get("x-should", {}), node.get(border, {})]
            for least, most in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
                low = max((part[least] for part in together if least in part), default=None)
                high = min((part[most] for part in together if most in part), default=None)
                if low is not None and high is not None and low > high:
                    message = f"{least} {low} and {most} {high} allow no value together"
                    yield self._folder.problem(file, f"{pointer}/{border}" if border else pointer, message, "fix one")
