"""Checks the YAML files: rows of operations, requirements, readings, and what they cite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ....errors import SpecificationError, nearest
from ....specification.pointer import below
from ....specification.soundness import KINDS
from ....specification.validators import compile_schema
from ..page.expected import key_of
from ..page.facts import considered, is_stale
from ..page.sentences import fingerprint
from .folder import Folder, Problem, places

ENDINGS: Final = ("ENDPOINT", "ACK", "BODY")
"""Requirements that every operation has."""
EVERY: Final = (
    "common.json",
    "header.request.json",
    "header.reply.json",
    "envelope.json",
    "catalogue.json",
)
"""Files of JSON that every folder has."""
FILES: Final = ("operations", "requirements", "readings", "page", "description")


def problems(folder: Folder) -> Iterator[Problem]:
    """Yields breaches of the catalogue's schema; if there are none, rows that do not fit each other."""
    schema = folder.contents["catalogue.json"]
    if not isinstance(schema, dict):
        yield Problem("catalogue.json", 1, "is not an object", "copy the kit's own")
        return
    found = [problem for name in FILES for problem in _form(folder, name, schema.get("$defs", {}))]
    yield from found
    if not found:
        yield from _operations(folder)
        yield from _requirements(folder)


def missing(folder: Folder) -> Iterator[Problem]:
    """Yields the files that every folder has, and those of the operations, that are not there."""
    for name in (*EVERY, *(f"{row}.yaml" for row in FILES)):
        if name not in folder.contents:
            yield Problem(name, 1, "is missing", "copy the kit's own")
    operations = folder.contents.get("operations.yaml")
    for index, row in enumerate(operations if isinstance(operations, list) else ()):
        key = row.get("key") if isinstance(row, dict) else None
        for name in (f"{key}.{kind}.json" for kind in KINDS):
            if isinstance(key, str) and name not in folder.contents:
                yield folder.problem("operations.yaml", f"/{index}", f"{name} is missing", "write it")


def keys(folder: Folder) -> list[str]:
    """Lists the names of the operations' files."""
    return [row["key"] for row in folder.contents["operations.yaml"]]


def _form(folder: Folder, name: str, definitions: Any) -> Iterator[Problem]:
    file = f"{name}.yaml"
    if name not in definitions:
        yield folder.problem("catalogue.json", "/$defs", f"it does not describe {file}", "copy the kit's own")
        return
    try:
        validator = compile_schema({"$ref": f"#/$defs/{name}", "$defs": definitions})
    except SpecificationError as unusable:
        yield folder.problem("catalogue.json", f"/$defs/{name}", str(unusable), "copy the kit's own")
        return
    rows = folder.contents[file]
    if isinstance(rows, list) and (twice := next((n for n, row in enumerate(rows) if row in rows[:n]), None)):
        yield folder.problem(file, f"/{twice}", "this entry stands twice", "delete one")
        return
    for error in validator.iter_errors(rows):
        pointer = below("", *error.instance_path)
        yield folder.problem(file, pointer, error.message[:300], f"see $defs/{name} of catalogue.json")


def _operations(folder: Folder) -> Iterator[Problem]:
    file, rows = "operations.yaml", folder.contents["operations.yaml"]
    ids = {row["id"] for row in folder.contents["requirements.yaml"]}
    for index, row in enumerate(rows):
        here = f"/{index}"
        for name in ("key", "action", "prefix", "section"):
            if any(row[name] == other[name] for other in rows[:index]):
                message = f"another operation has the {name} {row[name]}, too"
                yield folder.problem(file, f"{here}/{name}", message, "give it one of its own")
        for ending in ENDINGS:
            if (id_ := f"{row['prefix']}-{ending}") not in ids:
                remedy = "add it; every operation has one"
                yield folder.problem(file, here, f"requirements.yaml has no {id_}", remedy)


def _requirements(folder: Folder) -> Iterator[Problem]:
    file = "requirements.yaml"
    known = keys(folder)
    numbers = [row["number"] for row in folder.contents["readings.yaml"]["readings"]]
    for index, number in enumerate(numbers):
        if number in numbers[:index]:
            message = f"{number} is there twice"
            yield folder.problem("readings.yaml", f"/readings/{index}", message, "give it another number")
    seen: set[str] = set()
    for index, row in enumerate(folder.contents[file]):
        id_ = row["id"]
        if id_ in seen:
            yield folder.problem(file, f"/{index}", f"{id_} is there twice", "give it another id")
        seen.add(id_)
        for place, number in enumerate(row["reading"]):
            if number not in numbers:
                message = f"{id_} cites {number}, which is not a reading{nearest(number, numbers)}"
                remedy = "cite one of readings.yaml, or write it there"
                yield folder.problem(file, f"/{index}/reading/{place}", message, remedy)
        for place, key in enumerate(row["operations"]):
            if key not in known:
                message = f"{id_} is of {key}, which is not an operation{nearest(key, known)}"
                remedy = "name one of operations.yaml, or add it there"
                yield folder.problem(file, f"/{index}/operations/{place}", message, remedy)
        if fault := _fault_of_section(folder, row["section"]):
            yield folder.problem(file, f"/{index}/section", f"{id_} is of {fault}", "name a section of the page")


def _fault_of_section(folder: Folder, section: str) -> str:
    """Says why a section is not on the page; empty if it is."""
    sections = [row["section"] for row in folder.contents["operations.yaml"]]
    for number in re.findall("§[0-9]+", section):
        if number not in sections:
            return f"{number}, which is not a section{nearest(number, sections)}"
    headings = _known_headings(folder)
    words = re.sub("^§[0-9]+(?:(?:–|, )§[0-9]+)* ?", "", section)
    for word in filter(None, words.split(", ")):
        if word not in headings:
            return f"{word}, which is not a heading{nearest(word, headings)}"
    return ""


@lru_cache(maxsize=1)
def _known_headings(folder: Folder) -> frozenset[str]:
    page = folder.contents["page.yaml"]
    names = (name for row in page.get("rows", ()) for name in (row, *row.split(".")))
    return frozenset((*_headings(page.get("layout")), *names))


def _headings(node: Any) -> Iterator[str]:
    """Yields the headings and labels of the page's layout."""
    if isinstance(node, dict):
        yield from (str(node[key]) for key in ("heading", "label") if key in node)
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _headings(child)


# The page.


def of_page(folder: Folder) -> Iterator[Problem]:
    """Yields what page.yaml lacks, or names although it does not exist. The other files must be sound."""
    page = folder.contents["page.yaml"]
    titles = page.get("layout", {}).get("titles", {})
    for key in keys(folder):
        if key not in titles:
            message = f"the section of {key} has no title"
            yield folder.problem("page.yaml", "/layout/titles", message, "write it there")
    for key in titles:
        if key not in keys(folder):
            message = f"{key} is not an operation{nearest(key, keys(folder))}"
            yield folder.problem("page.yaml", below("/layout/titles", key), message, "delete it")
    yield from _sentences(folder, page)
    formats = page.get("formats", {})
    sent = {pointer for key in keys(folder) for pointer in places(folder, f"{key}.request.json")}
    members = set(map(key_of, sent))
    for name, row in page.get("rows", {}).items():
        if name not in members:
            message = f"no request has the member {name}{nearest(name, members)}"
            yield folder.problem("page.yaml", below("/rows", name), message, "name one, or delete the row")
        if row.get("format") not in formats:
            message = f"the format {row.get('format')} is not known{nearest(str(row.get('format')), formats)}"
            yield folder.problem("page.yaml", below("/rows", name, "format"), message, "add it under formats")
    for part in ("shown", "settled"):
        for index, row in enumerate(page.get(part, ())):
            yield from _places(folder, f"/{part}/{index}", row)


def _sentences(folder: Folder, page: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields sentences reworded since their coverage was considered, and coverage by unknown rows."""
    numbers = [reading["number"] for reading in folder.contents["readings.yaml"]["readings"]]
    known = {*numbers, *(row["id"] for row in folder.contents["requirements.yaml"])}
    for pointer, sentence in considered(page):
        if is_stale(sentence):
            remedy = f"consider what covers it, and write {fingerprint(sentence['text'])} as its fingerprint"
            message = "its coverage was considered for other words"
            yield folder.problem("page.yaml", below(pointer, "fingerprint"), message, remedy)
        for index, cited in enumerate(sentence.get("covered_by", ())):
            if cited not in known:
                message = f"{cited} is neither a requirement nor a reading{nearest(cited, known)}"
                yield folder.problem("page.yaml", below(pointer, "covered_by", index), message, "cite what covers it")


def _places(folder: Folder, here: str, row: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields operations, readings and pointers of a row of the page that do not exist."""
    numbers = [reading["number"] for reading in folder.contents["readings.yaml"]["readings"]]
    if (number := row.get("reading", numbers[0])) not in numbers:
        message = f"{number} is not a reading{nearest(number, numbers)}"
        yield folder.problem("page.yaml", f"{here}/reading", message, "cite one of readings.yaml")
    for index, key in enumerate(row.get("operations", ())):
        if key not in keys(folder):
            message = f"{key} is not an operation{nearest(key, keys(folder))}"
            yield folder.problem("page.yaml", f"{here}/operations/{index}", message, "name one of operations.yaml")
    known = {
        pointer
        for part in row.get("parts", ())
        for key in row.get("operations", keys(folder))
        for pointer in places(folder, _file(part, key))
    }
    for index, pointer in enumerate(row.get("pointers", ())):
        if known and pointer not in known:
            message = f"{pointer} is in none of these messages{nearest(pointer, known)}"
            yield folder.problem("page.yaml", f"{here}/pointers/{index}", message, "name a member of the schemas")


def _file(part: str, key: str) -> str:
    if part.endswith(" header"):
        return f"header.{'request' if part.startswith('request') else 'reply'}.json"
    return f"{key}.{'request' if part == 'table' else part}.json"
