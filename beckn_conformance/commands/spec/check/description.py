"""Checks openapi.yaml: its form, and that it and its examples say what the schemas say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ....specification.pointer import MISSING, below, pattern_of, walk
from ....specification.pointer import places as values_at
from ....specification.soundness import META
from ....specification.specification import Specification
from ....specification.validators import BASE, compile_schema
from .folder import Folder, Problem, places, references

FILE = "openapi.yaml"


def problems(folder: Folder, specification: Specification) -> Iterator[Problem]:
    """Yields faults of the description, and of each example against the schema of its message."""
    content = folder.contents[FILE]
    found = list(_form(folder, content))
    yield from found
    if found:
        return
    paths = content.get("paths", {})
    for operation in specification.operations:
        if operation.path not in paths:
            yield folder.problem(FILE, "/paths", f"{operation.path} is missing", "describe the operation")
    keys = {operation.path: operation.key for operation in specification.operations}
    for path, item in paths.items():
        here = below("/paths", path)
        if path not in keys:
            message = f"{path} is not a path of operations.yaml"
            yield folder.problem(FILE, here, message, "add the operation there")
        elif "post" not in item:
            yield folder.problem(FILE, here, f"{path} has no post", "describe the call as a POST")
        else:
            yield from _call(folder, specification, f"{here}/post", item["post"], keys[path])
            yield from _action(folder, f"{here}/post", item["post"], path.strip("/"))
            yield from _unsafe(folder, specification, f"{here}/post", path.strip("/"))
    yield from _links(folder, content)


def _form(folder: Folder, content: Any) -> Iterator[Problem]:
    """Yields what is no OpenAPI. Nothing is fetched, and no pattern of the description is matched."""
    for error in _openapi().iter_errors(content):
        pointer = below("", *error.instance_path)
        yield folder.problem(FILE, pointer, f"is not OpenAPI 3.1: {error.message[:200]}", "fix it")


@lru_cache(maxsize=1)
def _openapi() -> Any:
    """The validator of descriptions, which holds the schemas in them to JSON Schema."""
    from openapi_spec_validator.schemas import schema_v31

    schemas = {"schemas": {"$dynamicAnchor": "meta", "$ref": META}}
    return compile_schema({"$id": BASE, "$ref": FILE, "$defs": schemas}, {FILE: dict(schema_v31)})


def _links(folder: Folder, content: Mapping[str, Any]) -> Iterator[Problem]:
    for name, link in content.get("components", {}).get("links", {}).items():
        if not isinstance(link.get("requestBody", ""), str):
            pointer = below("/components/links", name, "requestBody")
            message = f"the request body of the link {name} is not text, and generators refuse that"
            yield folder.problem(FILE, pointer, message, "write the JSON as a text")


def _action(folder: Folder, here: str, call: Mapping[str, Any], action: str) -> Iterator[Problem]:
    for index, parameter in enumerate(call.get("parameters", ())):
        pointer = f"{here}/parameters/{index}/schema/const"
        if parameter.get("name") == "Action" and folder.at(FILE, pointer) not in (MISSING, action):
            yield folder.problem(FILE, pointer, f"the Action of the call is not {action}", "write that")


def _unsafe(folder: Folder, specification: Specification, here: str, action: str) -> Iterator[Problem]:
    """Yields example values of requests that not every gateway accepts."""
    media = f"{here}/requestBody/content/application~1json/examples"
    examples = folder.at(FILE, media)
    for name, example in examples.items() if isinstance(examples, dict) else ():
        target = folder.target(FILE, example["$ref"]) if "$ref" in example else (FILE, below(media, name))
        if target is None:
            continue
        body = folder.at(target[0], f"{target[1]}/value")
        for member in filter(lambda member: member.scalar, specification.members(action)):
            for pointer, value in values_at(body, member.pointer):
                if value != MISSING and value is not None and not member.borders.safe(value):
                    message = f"the example {name} has a value at {pointer} that x-safe does not allow"
                    yield folder.problem(FILE, f"{target[1]}/value{pointer}", message, "choose another value")


def _call(
    folder: Folder, specification: Specification, here: str, call: Mapping[str, Any], key: str
) -> Iterator[Problem]:
    contents = [(f"{here}/requestBody", call.get("requestBody", {}), [f"{key}.request.json"])]
    for status, reply in call.get("responses", {}).items():
        names = [f"{key}.ack.json"] * (status == "200") + [f"{key}.nack.json"]
        contents.append((f"{here}/responses/{status}", reply, names))
    for pointer, holder, names in contents:
        media = holder.get("content", {}).get("application/json", {})
        if {reference for _, reference in references(media.get("schema", {}))} != {*names}:
            message = f"its schema is not {' or '.join(names)}"
            yield folder.problem(FILE, f"{pointer}/content", message, "refer to that")
            continue
        for name, example in media.get("examples", {}).items():
            place = below(pointer, "content", "application/json", "examples", name)
            target = folder.target(FILE, example["$ref"]) if "$ref" in example else (FILE, place)
            if target is not None:
                yield from _example(folder, specification, target[1], name, names)


def _example(
    folder: Folder, specification: Specification, place: str, name: str, names: list[str]
) -> Iterator[Problem]:
    """Yields a problem for an example that is none of the messages it may be."""
    value = folder.at(FILE, f"{place}/value")
    faults = [_fault(folder, specification, value, file) for file in names]
    if all(faults):
        # Of an ACK and a NACK, the one that it has more members of is meant.
        known = [len(_members(value).keys() & places(folder, file).keys()) for file in names]
        at = known.index(max(known))
        where, said = faults[at] or ("", "")
        message = f"the example {name} is not a valid {names[at]}: {said}"
        yield folder.problem(FILE, f"{place}/value{where}", message, "fix the example, or the schema")


def _fault(folder: Folder, specification: Specification, value: Any, file: str) -> tuple[str, str] | None:
    """Returns where and how an example breaks a schema or adds an unknown member; None if it does neither."""
    for error in specification.schemas.validator(file).iter_errors(value):
        return below("", *error.instance_path), error.message[:200]
    known = places(folder, file)
    for pattern, place in _members(value).items():
        if pattern not in known:
            return place, f"{pattern} is not a member of it"
    return None


def _members(value: Any) -> dict[str, str]:
    """Maps each member of a value, with ``*`` for any index, to a pointer to one."""
    return {pattern_of(pointer): pointer for pointer, _, _ in walk(value)}
