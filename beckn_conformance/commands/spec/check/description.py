"""Checks the examples in description.yaml: they are what the schemas say, and every gateway accepts the requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....specification.pointer import MISSING, below, pattern_of, walk
from ....specification.pointer import places as values_at
from ....specification.soundness import KINDS
from ....specification.specification import Specification
from ..openapi import FILE
from .folder import Folder, Problem, places


def problems(folder: Folder, specification: Specification) -> Iterator[Problem]:
    """Yields what is wrong with each example."""
    actions = {operation.key: operation.action for operation in specification.operations}
    for key, call in folder.contents[FILE]["calls"].items():
        for kind in KINDS:
            for name, example in call.get(kind, {}).items():
                value, file = example["value"], f"{key}.{kind}.json"
                found = dict(_faults(folder, specification, value, file))
                if kind == "request" and not found:
                    found = dict(_unsafe(specification, value, actions[key]))
                for pointer, fault in found.items():
                    place = f"{below('/calls', key, kind, name)}/value{pointer}"
                    yield folder.problem(FILE, place, f"the example {name}: {fault}", "fix the example, or the schema")


def _faults(folder: Folder, specification: Specification, value: Any, file: str) -> Iterator[tuple[str, str]]:
    """Yields where and how a value breaks a schema or has an unknown member."""
    for error in specification.schemas.validator(file).iter_errors(value):
        yield below("", *error.instance_path), f"is not a valid {file}: {error.message[:200]}"
    known = places(folder, file)
    for pointer, _, _ in walk(value):
        if pattern_of(pointer) not in known:
            yield pointer, f"{pattern_of(pointer)} is not a member of {file}"


def _unsafe(specification: Specification, body: Any, action: str) -> Iterator[tuple[str, str]]:
    """Yields values of a request that not every gateway accepts."""
    for member in specification.members(action):
        for pointer, value in values_at(body, member.pointer) if member.scalar else ():
            if value != MISSING and value is not None and not member.borders.safe(value):
                yield pointer, f"has a value at {pointer} that x-safe does not allow"
