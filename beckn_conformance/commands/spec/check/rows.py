"""Checks the YAML files: rows of operations, requirements, readings, and what they cite."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ....errors import SpecificationError, nearest
from ....specification.pointer import below, walk
from ....specification.soundness import KINDS
from ....specification.validators import compile_schema
from ..page.expected import file_of, key_of
from ..page.facts import considered, is_stale
from ..page.sentences import fingerprint
from .folder import Folder, Problem, places

ENDINGS: Final = ("ENDPOINT", "ACK", "BODY")
"""Requirements that every operation has."""
EVERY: Final = ("common.json", "header.request.json", "header.reply.json", "catalogue.json")
"""Files of JSON that every folder has."""
FILES: Final = ("operations", "requirements", "readings", "page", "description")
ALONE: Final = (
    ("operations.yaml", "key"),
    ("operations.yaml", "action"),
    ("operations.yaml", "prefix"),
    ("operations.yaml", "section"),
    ("requirements.yaml", "id"),
    ("readings.yaml", "number"),
)
"""File and member: no two rows have the same value there."""
OPERATION, READING, MEMBER = "an operation", "a reading", "a member of a request"
COVER, FORMAT = "a requirement or a reading", "a format that is listed under formats"
CITATIONS: Final = (
    ("requirements.yaml", "reading", READING),
    ("requirements.yaml", "operations", OPERATION),
    ("page.yaml", "reading", READING),
    ("page.yaml", "operations", OPERATION),
    ("page.yaml", "titles", OPERATION),
    ("page.yaml", "description", OPERATION),
    ("page.yaml", "covered_by", COVER),
    ("page.yaml", "rows", MEMBER),
    ("page.yaml", "format", FORMAT),
    ("description.yaml", "calls", OPERATION),
)
"""File and member, and what the texts in its value, or the names in it, refer to."""


def problems(folder: Folder) -> Iterator[Problem]:
    """Yields breaches of the catalogue's schema; if there are none, rows that do not fit each other."""
    schema = folder.contents["catalogue.json"]
    if not isinstance(schema, dict):
        yield Problem("catalogue.json", 1, "is not an object", "copy the kit's own")
        return
    found = [problem for name in FILES for problem in _form(folder, name, schema.get("$defs", {}))]
    yield from found
    if not found:
        yield from _repeated(folder)
        yield from _endings(folder)
        yield from _sections(folder)


def missing(folder: Folder) -> Iterator[Problem]:
    """Yields the files that every folder has, and those of the operations, that are not there."""
    for name in (*EVERY, *(f"{row}.yaml" for row in FILES)):
        if name not in folder.contents:
            yield Problem(name, 1, "is missing", "copy the kit's own")
    for name, index in messages(folder).items():
        if name not in folder.contents:
            yield folder.problem("operations.yaml", f"/{index}", f"{name} is missing", "write it")


def messages(folder: Folder) -> dict[str, int]:
    """The files of the messages of all operations, each with the index of its operation."""
    rows = folder.contents.get("operations.yaml")
    keys = [row.get("key") if isinstance(row, dict) else None for row in (rows if isinstance(rows, list) else ())]
    return {f"{key}.{kind}.json": index for index, key in enumerate(keys) if isinstance(key, str) for kind in KINDS}


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


def _repeated(folder: Folder) -> Iterator[Problem]:
    """Yields values that stand in two rows although they have to be unique."""
    for file, name in ALONE:
        seen: set[str] = set()
        for pointer, key, value in walk(folder.contents[file]):
            if key == name and value in seen:
                yield folder.problem(
                    file, pointer, f"another one has the {name} {value}, too", "give it one of its own"
                )
            seen |= {value} if key == name else set()


def _endings(folder: Folder) -> Iterator[Problem]:
    """Yields requirements that every operation needs and that one lacks."""
    ids = {row["id"] for row in folder.contents["requirements.yaml"]}
    for index, row in enumerate(folder.contents["operations.yaml"]):
        for id_ in (f"{row['prefix']}-{ending}" for ending in ENDINGS):
            if id_ not in ids:
                message = f"requirements.yaml has no {id_}"
                yield folder.problem("operations.yaml", f"/{index}", message, "add it; every operation has one")


def _sections(folder: Folder) -> Iterator[Problem]:
    for index, row in enumerate(folder.contents["requirements.yaml"]):
        if fault := _fault_of_section(folder, row["section"]):
            message = f"{row['id']} is of {fault}"
            yield folder.problem("requirements.yaml", f"/{index}/section", message, "name a section of the page")


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
    """The headings and labels of the page's layout, and the parts of the keys in its tables."""
    page = folder.contents["page.yaml"]
    titles = (str(value) for _, key, value in walk(page.get("layout")) if key in ("heading", "label"))
    names = (name for row in page.get("rows", ()) for name in (row, *row.split(".")))
    return frozenset((*titles, *names))


# What refers to something else. The files themselves must be sound.


def of_citations(folder: Folder) -> Iterator[Problem]:
    """Yields names of what does not exist."""
    numbers = [row["number"] for row in folder.contents["readings.yaml"]["readings"]]
    sent = {pointer for key in keys(folder) for pointer in places(folder, f"{key}.request.json")}
    known: Mapping[str, Collection[str]] = {
        OPERATION: keys(folder),
        READING: numbers,
        COVER: [*numbers, *(row["id"] for row in folder.contents["requirements.yaml"])],
        MEMBER: {*map(key_of, sent)},
        FORMAT: folder.contents["page.yaml"].get("formats", {}),
    }
    for file, name, what in CITATIONS:
        for pointer, key, value in walk(folder.contents[file]):
            for place, cited in _cited(pointer, value) if key == name else ():
                if cited not in known[what]:
                    message = f"{cited} is not {what}{nearest(cited, known[what])}"
                    yield folder.problem(file, place, message, "name one that is there, or add it")


def _cited(pointer: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yields the texts of a value, each with its pointer: a text alone, items of a list, or names of members."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        yield from ((below(pointer, name), name) for name in value)
    else:
        yield from ((f"{pointer}/{index}", item) for index, item in enumerate(value))


def of_page(folder: Folder) -> Iterator[Problem]:
    """Yields what page.yaml lacks, and what it says of members that do not exist."""
    page = folder.contents["page.yaml"]
    for key in keys(folder):
        if key not in page.get("layout", {}).get("titles", {}):
            yield folder.problem("page.yaml", "/layout/titles", f"the section of {key} has no title", "write it there")
    for pointer, sentence in considered(page):
        if is_stale(sentence):
            remedy = f"consider what covers it, and write {fingerprint(sentence['text'])} as its fingerprint"
            message = "its coverage was considered for other words"
            yield folder.problem("page.yaml", below(pointer, "fingerprint"), message, remedy)
    for part in ("shown", "settled"):
        for index, row in enumerate(page.get(part, ())):
            yield from _places(folder, f"/{part}/{index}", row)


def _places(folder: Folder, here: str, row: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields pointers of a row of the page that lead to no member of the messages."""
    known = {
        pointer
        for part in row.get("parts", ())
        for key in row.get("operations", keys(folder))
        for pointer in places(folder, file_of(key, part))
    }
    for index, pointer in enumerate(row.get("pointers", ())):
        if known and pointer not in known:
            message = f"{pointer} is in none of these messages{nearest(pointer, known)}"
            yield folder.problem("page.yaml", f"{here}/pointers/{index}", message, "name a member of the schemas")
