"""Loads operations, members, requirements and readings from schemas/."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ..errors import SpecificationError
from ..process.limits import SECONDS, limited
from ..untrusted import reading, yaml_text
from . import soundness
from .catalogue import Operation, _check_catalogue, _requirement
from .specification import Specification

LARGEST_FILE: Final = 8 * reading.MB
MOST_FILES: Final = 300


def default_folder() -> Path:
    """Returns schemas/ of the installed package, or of the checkout around it."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "schemas", package.parent / "schemas"):
        if (folder / "requirements.yaml").is_file():
            return folder
    raise SpecificationError(f"schemas/ is found neither in {package} nor beside it; install the package again")


def load(folder: Path | None = None) -> Specification:
    """Reads a changed copy of schemas/, or the kit's own; raises SpecificationError naming the file at fault, and
    UsageError for a copy that takes too much."""
    if folder is None:
        return shipped()
    with limited(f"reading {folder}", SECONDS):
        return _read(folder.resolve())


@lru_cache(maxsize=1)
def shipped() -> Specification:
    """The kit's own data, read once. It also says which form the kit's files have, whichever copy is judged by."""
    return _read(default_folder().resolve())


def misfit(value: Any, reference: str) -> str:
    """Says how a value breaks a schema of the kit's own files, such as ``report.json``; empty if it does not."""
    validator = shipped().schemas.validator(reference)
    try:
        error = None if validator.is_valid(value) else next(validator.iter_errors(value))
    except UnicodeEncodeError:
        # Ids of hostile gateways can hold lone surrogates, which validators reject.
        error = next(iter(validator.iter_errors(_whole(value))), None)
    if error is None:
        return ""
    place = "/".join(map(str, error.instance_path))
    return f"{place[:200]}: {error.message[:200]}" if place else str(error.message)[:200]


def _whole(value: Any) -> Any:
    """Replaces lone surrogates."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(child) for key, child in value.items()}
    return [_whole(child) for child in value] if isinstance(value, list) else value


def paths(folder: Path) -> list[Path]:
    """Lists the files of a copy of schemas/ in order; raises SpecificationError for any other folder."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if Path(entry.name).suffix in (".json", ".yaml"))
    except OSError as error:
        raise SpecificationError(f"{folder} cannot be read: {error.strerror}") from error
    if len(names) > MOST_FILES:
        raise SpecificationError(f"{folder} holds more than {MOST_FILES} files of schemas")
    return [folder / name for name in names]


def parsed(path: Path, content: bytes) -> Any:
    """Parses a file of JSON or YAML; raises SpecificationError with file and line."""
    try:
        if path.suffix == ".json":
            return reading.json_value(content)
        return lines(content.decode("utf-8-sig")).value
    except json.JSONDecodeError as error:
        raise SpecificationError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from error
    except yaml_text.YamlError as error:
        raise SpecificationError(f"{path}, line {error.line}: {error}") from error
    except ValueError as error:
        raise SpecificationError(f"{path}: {error}") from error


@lru_cache(maxsize=64)
def lines(text: str) -> yaml_text.Node:
    """Reads YAML with the lines of its values; raises YamlError. Copies of schemas/ share what is equal in them."""
    return yaml_text.read(text)


def _read(folder: Path) -> Specification:
    digest = hashlib.sha256()
    files: dict[str, Any] = {}
    for path in paths(folder):
        content = reading.content(path, most=LARGEST_FILE, below=folder)
        digest.update(path.name.encode() + b"\0" + content)
        files[path.name] = parsed(path, content)
    if "requirements.yaml" not in files or "common.json" not in files:
        raise SpecificationError(f"{folder} holds no requirements.yaml and common.json")
    _check_catalogue(files)
    operations = tuple(Operation(**row) for row in files["operations.yaml"])
    actions = {operation.key: operation.action for operation in operations}
    if folder != default_folder():
        soundness.check(files, operations)
    rows = [_requirement(row, actions) for row in files["requirements.yaml"]]
    requirements = {row.id: row for row in rows}
    readings = {row["number"]: row for row in files["readings.yaml"]["readings"]}
    for row in rows:
        if unknown := sorted(set(row.reading) - set(readings)):
            raise SpecificationError(
                f"requirements.yaml: {row.id} cites {unknown[0]}, which readings.yaml does not have"
            )
    specification = Specification(folder, files, requirements, readings, operations, digest.hexdigest())
    _check_changes(specification)
    for key, kind in itertools.product(actions, soundness.KINDS) if folder != default_folder() else ():
        # They raise SpecificationError for what makes no validator, and for members of a request without a type.
        members = specification.schemas.members(f"{key}.{kind}.json")
        specification.schemas.validator(f"{key}.{kind}.json")
        _ = [member.type for member in members if kind == "request"]
    return specification


def _check_changes(specification: Specification) -> None:
    """Holds what operations are said to change against their requests; raises SpecificationError."""
    changed: dict[str, str] = {}
    for operation in specification.operations:
        for part, kind in ((operation.replaces, "object"), (operation.adds_to, "array")):
            if not part:
                continue
            if changed.setdefault(part, operation.key) != operation.key or (operation.replaces and operation.adds_to):
                raise SpecificationError(f"operations.yaml: {operation.key}: {part} is changed more than once")
            member = next((m for m in specification.members(operation.action) if m.pointer == part), None)
            if member is None or member.schema.get("type") != kind:
                raise SpecificationError(f"operations.yaml: {operation.key}: {part} is not an {kind} of its request")
