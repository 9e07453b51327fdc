"""Writes the specification for other people's tools: one OpenAPI file, and one JSON Schema for each message.

No file refers to another one. Every part that two places share stands once in the file, under its own name.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ...specification.pointer import below, parts_of
from ...specification.schemas import followed
from ...specification.soundness import KINDS, META
from ...specification.specification import Specification
from ...specification.validators import BASE
from . import openapi

ENVELOPE = "envelope.json"
LEFT_OUT = ("$schema", "$id", "$defs")
"""Keywords of a file that would change what references in a larger document mean."""
TYPES: Final = ("array", "boolean", "null", "number", "object", "string")


def files(specification: Specification) -> Iterator[tuple[str, Any]]:
    """Name and content of every file of the bundle; raises SpecificationError for a reference that leads nowhere."""
    yield "openapi.json", _description(specification)
    messages = [f"{operation.key}.{kind}" for operation in specification.operations for kind in KINDS]
    contents = {**specification.files, ENVELOPE: _envelope(messages)}
    for name in ("header.request.json", "header.reply.json", ENVELOPE, *(f"{message}.json" for message in messages)):
        yield name, _alone(contents, name)


def texts(specification: Specification) -> dict[str, str]:
    """Returns the files of the bundle as they are written; raises SpecificationError as ``files`` does."""
    return {name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in files(specification)}


def _description(specification: Specification) -> dict[str, Any]:
    parts = _Parts(specification.files, lambda name, pointer: f"#/components/schemas/{_class_name(name, pointer)}")
    made: dict[str, Any] = parts.moved(openapi.document(specification), openapi.FILE)
    schemas = {_class_name(*place): part for place, part in sorted(parts.all().items())}
    made["components"] = {"schemas": {name: _without_list_choice(schema, schemas) for name, schema in schemas.items()}}
    return made


def _without_list_choice(schema: Any, schemas: Mapping[str, Any]) -> Any:
    """Returns a choice between a list and plain types as one schema that allows the same.

    openapi-generator makes Java of such a choice that no compiler takes, and does not know a list among several types.
    """
    choices = [schemas.get(choice.get("$ref", "").rpartition("/")[2], choice) for choice in schema.get("anyOf", ())]
    lists = [choice for choice in choices if choice.get("type") == "array"]
    others = [choice for choice in choices if choice not in lists]
    if len(lists) != 1 or any(choice.keys() - {"type", "title", "description"} for choice in others):
        return schema
    allowed = {"array", *itertools.chain.from_iterable(_types(choice) for choice in others)}
    if allowed <= {"array", "null"} or "integer" in allowed:
        return schema
    rest = {key: value for key, value in lists[0].items() if key != "type"}
    said = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**said, **rest, "not": {"type": [type_ for type_ in TYPES if type_ not in allowed]}}


def _types(schema: Mapping[str, Any]) -> Iterable[str]:
    type_ = schema.get("type", TYPES)
    return (type_,) if isinstance(type_, str) else type_


def _envelope(messages: Iterable[str]) -> dict[str, Any]:
    """The messages of the envelope binding: header and body as one JSON object."""
    parts = {}
    for message in messages:
        kind = message.rpartition(".")[2]
        reply = {"allOf": [{"$ref": "header.reply.json"}], "properties": {"action": {"const": kind.upper()}}}
        header = {"$ref": "header.request.json"} if kind == "request" else reply
        members = {"header": header, "body": {"$ref": f"{message}.json"}}
        parts[f"{message}.envelope"] = {"type": "object", "required": [*members], "properties": members}
    return {"$schema": META, "anyOf": [{"$ref": f"#/$defs/{part}"} for part in parts], "$defs": parts}


def _alone(contents: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A file of schemas with all that it refers to."""
    parts = _Parts(contents, lambda file, pointer: f"#{below('/$defs', _key(file, pointer))}")
    content = contents[name]
    made = {"$schema": content["$schema"], "$id": f"{BASE}bundle/{name}", **parts.moved(content, name)}
    if shared := parts.all():
        made["$defs"] = {_key(*place): part for place, part in sorted(shared.items())}
    return made


class _Parts:
    """The parts of schema files that one document needs, with their references rewritten."""

    def __init__(self, contents: Mapping[str, Any], reference: Callable[[str, str], str]) -> None:
        self._contents = contents
        self._reference = reference
        self._found: dict[tuple[str, str], Any] = {}

    def all(self) -> dict[tuple[str, str], Any]:
        """Every part that has been referred to, those that other parts refer to included, by file and pointer."""
        return self._found

    def moved(self, node: Any, base: str) -> Any:
        """A value of a file as it stands in the document."""
        if isinstance(node, list):
            return [self.moved(item, base) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._moved_reference(value, base) if key == "$ref" else self.moved(value, base)
            for key, value in node.items()
            if key not in LEFT_OUT
        }

    def _moved_reference(self, reference: Any, base: str) -> str:
        file, pointer, part = followed(self._contents, reference, base)
        place = file, pointer
        if place not in self._found:
            # The place is taken before its own references are followed, since they may lead back to it.
            self._found[place] = {}
            self._found[place] = self.moved(part, file)
        return self._reference(*place)


def _key(file: str, pointer: str) -> str:
    """Name of a part within a message's schema."""
    return parts_of(pointer)[-1] if pointer else file.removesuffix(".json")


def _class_name(file: str, pointer: str) -> str:
    """Name of a part in the OpenAPI file, as generators of code name a class, such as ``SignupAck``."""
    words = _key(file, pointer) if pointer.startswith("/$defs/") or not pointer else f"{file} {_key(file, pointer)}"
    for separator in (".json", "_", "-", "."):
        words = words.replace(separator, " ")
    return "".join(word[:1].upper() + word[1:] for word in words.split())
