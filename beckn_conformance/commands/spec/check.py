"""Checks a folder of schemas/ after an edit: each problem with file, line and what to do."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from ...errors import SpecificationError, nearest
from ...judging.obligations import checks_of
from ...messages.samples import Samples
from ...specification.loading import LARGEST_FILE, load, paths
from ...specification.members import Member
from ...specification.pointer import below, escaped, parts_of
from ...specification.specification import Specification
from ...specification.validators import BASE, compile_schema
from ...untrusted import reading, yaml_text
from ...untrusted.patterns import Pattern, PatternError

KEYWORDS = (
    *("x-safe", "x-safe-should", "x-should", "x-malformed", "x-should-malformed", "x-variants", "x-variants-should"),
    *("x-unique", "x-known", "x-unheld"),
)
"""The keywords that the kit adds to those of JSON Schema; common.json says what they mean."""
OWN = {
    *("gateway-config.json", "report.json", "catalogue.json", "certificate.json", "fleet.json", "fleet-report.json"),
    "record.json",
    "envelope.json",
}
"""Schemas that no message of an operation refers to."""
ENDINGS = ("ENDPOINT", "ACK", "BODY")
"""Requirements that every operation has."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}; {self.remedy}"


class Folder:
    """The files of a folder as they are, whether they can be used or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.texts = {file.name: reading.text(file, most=LARGEST_FILE, below=path) for file in paths(path)}
        self.contents: dict[str, Any] = {}
        self._nodes: dict[str, yaml_text.Node] = {}
        self.broken: list[Problem] = []
        for name, text in self.texts.items():
            self._read(name, text)

    def _read(self, name: str, text: str) -> None:
        try:
            # JSON is the YAML that it is, so that all of it has lines.
            value = reading.json_value(text) if name.endswith(".json") else None
            self._nodes[name] = yaml_text.read(text)
            self.contents[name] = self._nodes[name].value if value is None else value
        except json.JSONDecodeError as error:
            self.broken.append(Problem(name, error.lineno, error.msg, "make it JSON"))
        except yaml_text.YamlError as error:
            self.broken.append(Problem(name, error.line, str(error), "make it YAML that is read"))
        except ValueError as error:
            self.broken.append(Problem(name, 1, str(error), "mend it"))

    def problem(self, file: str, pointer: str, message: str, remedy: str) -> Problem:
        """A problem at the value that a JSON Pointer names."""
        return Problem(file, self._nodes[file].at(parts_of(pointer)).line, message, remedy)

    def schemas(self) -> Iterator[tuple[str, Any]]:
        yield from ((name, content) for name, content in self.contents.items() if name.endswith(".json"))

    def target(self, file: str, reference: str) -> tuple[str, str] | None:
        """File and pointer that a reference in a file means; None where nothing is there."""
        name, _, pointer = reference.partition("#")
        name = name or file
        node = self.contents.get(name, None)
        if name not in self.contents:
            return None
        for key in parts_of(pointer):
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
                node = node[int(key)]
            else:
                return None
        return name, pointer


def problems(path: Path) -> Iterator[Problem]:
    """All problems of a folder; checks that depend on a broken file are skipped.

    Raises SpecificationError for a folder that holds no schemas at all.
    """
    if not (path / "requirements.yaml").is_file():
        raise SpecificationError(f"{path} holds no requirements.yaml")
    folder = Folder(path)
    yield from folder.broken
    if folder.broken:
        return
    found = [*_of_schemas(folder), *_of_references(folder), *_of_catalogue(folder)]
    yield from found
    if found:
        return
    try:
        specification = load(path)
        yield from _of_members(folder, specification)
        yield from _of_requirements(folder, specification)
    except (SpecificationError, KeyError, TypeError, ValueError) as error:
        yield Problem("common.json", 1, f"cannot be used: {error}", "compare it with the kit's own")
        return
    yield from _of_description(folder, specification)


# Schemas.


def _of_schemas(folder: Folder) -> Iterator[Problem]:
    meta = jsonschema_rs.Draft202012Validator(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}, validate_formats=True
    )
    for name, content in folder.schemas():
        for error in meta.iter_errors(content):
            pointer = below("", *error.instance_path)
            yield folder.problem(name, pointer, f"is no JSON Schema: {error.message[:200]}", "see JSON Schema 2020-12")
        for pointer, key in _keywords(content, ""):
            yield folder.problem(
                name, pointer, f"{key} is no keyword of the kit{nearest(key, KEYWORDS)}", "spell it as common.json does"
            )


def _keywords(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, child in node.items():
            here = below(pointer, key)
            if key.startswith("x-") and key not in KEYWORDS:
                yield here, key
            yield from _keywords(child, here)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _keywords(child, f"{pointer}/{index}")


def _references(node: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, child in node.items():
            here = below(pointer, key)
            if key == "$ref" and isinstance(child, str):
                yield here, child
            else:
                yield from _references(child, here)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _references(child, f"{pointer}/{index}")


def _of_references(folder: Folder) -> Iterator[Problem]:
    used: set[tuple[str, str]] = set()
    files: set[str] = set()
    for name, content in folder.contents.items():
        for pointer, reference in _references(content):
            target = folder.target(name, reference)
            if target is None:
                yield folder.problem(
                    name, pointer, f"$ref {reference} leads nowhere", "write what it means, or name what is there"
                )
            else:
                used.add(target)
                if target[0] != name:
                    files.add(target[0])
    for name, content in folder.schemas():
        for part in content.get("$defs", {}) if name == "common.json" else ():
            pointer = below("/$defs", part)
            if (name, pointer) not in used:
                yield folder.problem(name, pointer, f"nothing refers to {part}", "refer to it, or delete it")
        if name not in files and name not in OWN:
            yield folder.problem(name, "", "no other file refers to it", "refer to it in openapi.yaml, or delete it")


# Catalogue.


def _of_catalogue(folder: Folder) -> Iterator[Problem]:
    schema = folder.contents.get("catalogue.json")
    if not isinstance(schema, dict):
        yield Problem("catalogue.json", 1, "is missing", "copy the kit's own")
        return
    for name in ("operations", "requirements", "readings", "page"):
        file = f"{name}.yaml"
        if file not in folder.contents:
            yield Problem(file, 1, "is missing", "copy the kit's own")
            continue
        validator = compile_schema({"$ref": f"#/$defs/{name}", "$defs": schema.get("$defs")})
        for error in validator.iter_errors(folder.contents[file]):
            pointer = below("", *error.instance_path)
            yield folder.problem(file, pointer, error.message[:300], f"see $defs/{name} of catalogue.json")
    rows, operations = folder.contents.get("requirements.yaml"), folder.contents.get("operations.yaml")
    readings = folder.contents.get("readings.yaml")
    if not (isinstance(rows, list) and isinstance(operations, list) and isinstance(readings, dict)):
        return
    yield from _of_rows(folder, rows, operations, readings)


def _of_rows(folder: Folder, rows: list[Any], operations: list[Any], readings: Mapping[str, Any]) -> Iterator[Problem]:
    keys = [row.get("key") for row in operations if isinstance(row, dict)]
    numbers = [row.get("number") for row in readings.get("readings", ()) if isinstance(row, dict)]
    seen: set[Any] = set()
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        if (id_ := row.get("id")) in seen:
            yield folder.problem("requirements.yaml", f"/{index}", f"{id_} is there twice", "give it another id")
        seen.add(id_)
        for place, number in enumerate(row.get("reading", ())):
            if number not in numbers:
                yield folder.problem(
                    "requirements.yaml",
                    f"/{index}/reading/{place}",
                    f"{id_} cites {number}, which is no reading{nearest(str(number), map(str, numbers))}",
                    "cite one of readings.yaml, or write it there",
                )
        for place, key in enumerate(row.get("operations", ())):
            if key not in keys:
                yield folder.problem(
                    "requirements.yaml",
                    f"/{index}/operations/{place}",
                    f"{id_} is of {key}, which is no operation{nearest(str(key), map(str, keys))}",
                    "name one of operations.yaml, or add it there",
                )
    for index, row in enumerate(operations):
        for kind in ("request", "ack", "nack"):
            if (name := f"{row.get('key')}.{kind}.json") not in folder.contents:
                yield folder.problem("operations.yaml", f"/{index}", f"{name} is missing", "write it")
        for ending in ENDINGS:
            if (id_ := f"{row.get('prefix')}-{ending}") not in seen:
                yield folder.problem(
                    "operations.yaml", f"/{index}", f"requirements.yaml has no {id_}", "add it; every operation has one"
                )
    actions = folder.contents.get("header.request.json", {}).get("properties", {}).get("Action", {}).get("enum", [])
    if sorted(actions) != sorted(str(row.get("action")) for row in operations):
        yield folder.problem(
            "header.request.json",
            "/properties/Action/enum",
            "it lists other operations than operations.yaml",
            "list the same",
        )


# Members of requests.


def _origin(folder: Folder, file: str, pointer: str) -> tuple[str, str]:
    """File and JSON Pointer of the schema of a member of a request body, references followed."""
    here = (file, "")

    def content(place: tuple[str, str]) -> Any:
        node = folder.contents[place[0]]
        for key in parts_of(place[1]):
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def resolved(place: tuple[str, str]) -> tuple[str, str]:
        while True:
            node = content(place)
            if "$ref" in node and (target := folder.target(place[0], node["$ref"])) is not None:
                place = target
            elif "anyOf" in node:
                number = next(n for n, choice in enumerate(node["anyOf"]) if choice.get("type") != "null")
                place = (place[0], f"{place[1]}/anyOf/{number}")
            else:
                return place

    for part in parts_of(pointer):
        here = resolved(here)
        here = (here[0], f"{here[1]}/items" if part == "*" else below(here[1], "properties", part))
    return resolved(here)


def _of_members(folder: Folder, specification: Specification) -> Iterator[Problem]:
    told: set[Problem] = set()
    for operation in specification.operations:
        for member in specification.members(operation.action):
            place = _origin(folder, f"{operation.key}.request.json", member.pointer)
            for under, message, remedy in (*_of_values(specification, member), *_of_borders(member)):
                problem = folder.problem(place[0], f"{place[1]}{under}", f"{member.pointer}: {message}", remedy)
                if problem not in told:
                    told.add(problem)
                    yield problem
            for message, remedy in _unheld(specification, operation.action, member):
                yield folder.problem(*place, f"{operation.action} {member.pointer}: {message}", remedy)


def _of_values(specification: Specification, member: Member) -> Iterator[tuple[str, str, str]]:
    """Invalid examples, and kinds of values that match no valid value."""
    for index, example in enumerate(member.schema.get("examples", ())):
        if not member.tolerates(example):
            yield f"/examples/{index}", f"its example {example!r} is not valid under its own schema", "mend one of them"
    if not member.scalar:
        return
    samples = Samples(random.Random(1), lambda: "Wabi")
    from ...config.gateway import GatewayConfig
    from ...messages.values import Values

    values = Values(specification, GatewayConfig(""), seed=1, nonce=1)
    for keyword, strength in (("x-variants", "must"), ("x-variants-should", "should")):
        for name in ("", *member.variants(strength)):
            try:
                with contextlib.suppress(KeyError, StopIteration):
                    if member.pointer.startswith(("/info/", "/api/")):
                        values.value(member.pointer, name)
                        continue
                if member.parent != "/documents/*" or member.name not in ("name", "data"):
                    samples.draw(member, name)
            except SpecificationError as error:
                yield f"/{keyword}" if name else "", str(error).partition(": ")[2], "widen x-safe, or narrow the kind"


def _of_borders(member: Member) -> Iterator[tuple[str, str, str]]:
    """Values listed as faulty that are valid."""
    for name, value in member.malformed("must").items():
        if member.tolerates(value):
            yield (
                below("/x-malformed", name),
                f"{value!r} is to be refused ({name}), but the schema proper allows it",
                "narrow the schema, or list it under x-should-malformed",
            )
    for name, value in member.malformed("should").items():
        if not member.tolerates(value):
            yield (
                below("/x-should-malformed", name),
                f"{value!r} should be refused ({name}), but by the schema proper it must be",
                "list it under x-malformed",
            )
    for keyword in ("x-variants", "x-variants-should"):
        for name, pattern in member.schema.get(keyword, {}).items():
            try:
                Pattern(pattern)
            except PatternError as error:
                yield f"/{keyword}/{escaped(name)}", f"the pattern of {name} is none: {error}", "mend it"


def _unheld(specification: Specification, action: str, member: Member) -> Iterator[tuple[str, str]]:
    """Requirements that a member lacks."""
    if "x-unheld" in member.schema:
        return
    about = [
        (what, strength)
        for requirement in specification.requirements.values()
        if action in requirement.operations
        for what, selector in (("refuses", requirement.refuses), ("accepts", requirement.accepts))
        if selector is not None and member.pointer in selector.members
        for strength in [selector.strength]
    ]
    reason = "or say under x-unheld why there is none"
    if ("refuses", "must") not in about:
        yield "no requirement says that it is refused where it is faulty", f"add one with refuses, {reason}"
    if member.scalar and "x-known" not in member.schema and ("accepts", "must") not in about:
        yield "no requirement says that it is accepted where it is valid", f"add one with accepts, {reason}"


# Requirements.


def _of_requirements(folder: Folder, specification: Specification) -> Iterator[Problem]:
    import reference_server

    from ...suite.specification import choose
    from .trial import items

    choose(specification)

    defects = {defect.requirement for defect in reference_server.of_specification(specification.folder).values()}
    exercised = {requirement for item in items() for requirement in item.requirements}
    for index, requirement in enumerate(specification.requirements.values()):
        pointer = f"/{index}"
        for what, selector in (("refuses", requirement.refuses), ("accepts", requirement.accepts)):
            for place, named in enumerate(selector.members if selector else ()):
                known = {m.pointer for action in requirement.operations for m in specification.members(action)}
                if named not in known:
                    yield folder.problem(
                        "requirements.yaml",
                        f"{pointer}/{what}/members/{place}",
                        f"{requirement.id} names {named}, which its requests do not have{nearest(named, known)}",
                        "name a member of the schemas",
                    )
        if requirement.untestable:
            continue
        for missing, what, remedy in (
            (
                not checks_of(requirement, specification),
                "check judges",
                "write one in beckn_conformance/judging/checks or judging/history",
            ),
            (requirement.id not in exercised, "test exercises", "let one in beckn_conformance/suite exercise it"),
            (requirement.id not in defects, "defect breaks", "plant one in reference_server/defects"),
        ):
            if missing:
                yield folder.problem("requirements.yaml", pointer, f"no {what} {requirement.id}", remedy)
    cited = {number for requirement in specification.requirements.values() for number in requirement.reading}
    for index, (number, settled) in enumerate(specification.readings.items()):
        if {"M", "S"} & set(settled["level"]) and number not in cited:
            yield folder.problem(
                "readings.yaml",
                f"/readings/{index}",
                f"{number} binds, and no requirement cites it",
                "cite it, or make it R",
            )


# The OpenAPI description.


def _of_description(folder: Folder, specification: Specification) -> Iterator[Problem]:
    file = "openapi.yaml"
    if file not in folder.contents:
        yield Problem(file, 1, "is missing", "copy the kit's own")
        return
    from openapi_spec_validator import OpenAPIV31SpecValidator

    content = folder.contents[file]
    for error in OpenAPIV31SpecValidator(content, base_uri=(folder.path / file).resolve().as_uri()).iter_errors():
        pointer = below("", *error.absolute_path)
        yield folder.problem(file, pointer, f"is no OpenAPI 3.1: {error.message[:200]}", "mend it")
    paths = content.get("paths", {})
    for operation in specification.operations:
        if operation.path not in paths:
            yield folder.problem(file, "/paths", f"{operation.path} is missing", "describe the operation")
    for path, item in paths.items():
        here = below("/paths", path)
        described = next((o for o in specification.operations if o.path == path), None)
        if described is None:
            yield folder.problem(file, here, f"{path} is no path of operations.yaml", "add the operation there")
        else:
            yield from _of_call(folder, f"{here}/post", item.get("post", {}), described.key)


def _of_call(folder: Folder, here: str, call: Mapping[str, Any], key: str) -> Iterator[Problem]:
    contents = [(f"{here}/requestBody", call.get("requestBody", {}), {f"{key}.request.json"})]
    for status, reply in call.get("responses", {}).items():
        kinds = {f"{key}.nack.json"} | ({f"{key}.ack.json"} if status == "200" else set())
        contents.append((f"{here}/responses/{status}", reply, kinds))
    for pointer, holder, expected in contents:
        media = holder.get("content", {}).get("application/json", {})
        schema = media.get("schema", {})
        if {reference for _, reference in _references(schema)} != expected:
            yield folder.problem(
                "openapi.yaml",
                f"{pointer}/content",
                f"its schema is not {' or '.join(sorted(expected))}",
                "refer to that",
            )
            continue
        resources = dict(folder.schemas())
        validator = compile_schema(_rebased(schema), resources)
        likeliest = compile_schema({"$ref": BASE + min(expected)}, resources)
        for name, example in media.get("examples", {}).items():
            place = below(pointer, "content", "application/json", "examples", name)
            if "$ref" in example:
                target = folder.target("openapi.yaml", example["$ref"])
                assert target is not None
                place = target[1]
                example = _at(folder.contents["openapi.yaml"], place)
            value = example.get("value")
            if not validator.is_valid(value):
                error = next(likeliest.iter_errors(value))
                where = below("", *error.instance_path)
                yield folder.problem(
                    "openapi.yaml",
                    f"{place}/value{where}",
                    f"the example {name} is not valid under {min(expected)}: {error.message[:200]}",
                    "mend the example, or the schema",
                )


def _at(node: Any, pointer: str) -> Any:
    for part in parts_of(pointer):
        node = node[part]
    return node


def _rebased(schema: Any) -> Any:
    """A schema of the description with its references as those of the schema files are."""
    if isinstance(schema, dict):
        return {k: BASE + v if k == "$ref" else _rebased(v) for k, v in schema.items()}
    return [_rebased(item) for item in schema] if isinstance(schema, list) else schema
