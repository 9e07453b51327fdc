"""Adds an operation that is like another one, with its messages and requirements."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ....errors import UsageError, nearest
from ....judging.obligations import is_general
from ....specification.catalogue import Operation, Requirement
from ....specification.loading import load
from ....specification.pointer import at_or_below
from ....specification.soundness import KINDS
from ....specification.specification import Specification
from . import Added, requirements
from .editing import append, block, change, insert, line_of, text_of, write


def add(path: Path, action: str, like: str) -> Added:
    """Adds an operation such as ``Provider/status``, like the one with a key; raises UsageError if that cannot be."""
    specification = load(path)
    operations = {operation.key: operation for operation in specification.operations}
    if like not in operations:
        raise UsageError(f"--like {like} is not an operation{nearest(like, operations)}")
    model = operations[like]
    if not re.fullmatch("[A-Za-z]+(/[A-Za-z]+)+", action):
        raise UsageError(f"{action}: write the Action of the operation, such as Provider/status")
    words = [word.lower() for word in action.split("/")[1:]]
    section = f"§{max(int(o.section[1:]) for o in specification.operations) + 1}"
    part = f"/{words[-2]}" if model.part and len(words) > 1 else ""
    if part[1:] not in specification.names("", specification.operations[0].action):
        part = ""
    replaces, adds_to = (part if how else "" for how in (model.replaces, model.adds_to))
    new = Operation("-".join(words), action, "".join(words).upper(), section, replaces, adds_to)
    if new.key in operations or any(o.action == action or o.prefix == new.prefix for o in operations.values()):
        raise UsageError(f"{action} exists already")
    if part and (other := next((o for o in operations.values() if o.part == part), None)) is not None:
        raise UsageError(
            f"{action}: {other.action} changes {part} already, and the kit follows one operation for each part"
        )
    _messages(path, specification, model, new)
    fields = asdict(new).items()
    append(path, "operations.yaml", "- " + "\n  ".join(f"{name}: {value}" for name, value in fields if value))
    ids = _requirements(path, specification, model, new)
    title = f"{section[1:]}. {action}"
    insert(path, "page.yaml", "  titles:", f"    {new.key}: {title}\n")
    written = [f"{new.key}.{kind}.json: as {model.key}.{kind}.json" for kind in KINDS]
    written += ["operations.yaml, header.request.json, page.yaml: the operation"]
    written += [f"requirements.yaml: {', '.join(ids)}, and the requirements on all operations"]
    left = [
        f"{new.key}.request.json, {new.key}.ack.json, {new.key}.nack.json: the members",
        f"requirements.yaml: what {', '.join(ids)} say; one for each member, if they differ",
        f"page.yaml: the title {title!r}, and a description; description.yaml: words and examples",
        "operations.yaml: replaces or adds_to, the part of a registration that it changes, if it changes one",
    ]
    return Added(written, left)


def _messages(path: Path, specification: Specification, model: Operation, new: Operation) -> None:
    for kind in KINDS:
        text = text_of(path, f"{model.key}.{kind}.json").replace(model.action, new.action)
        write(path, f"{new.key}.{kind}.json", text.replace(f"/{model.key}.{kind}.json", f"/{new.key}.{kind}.json"))
    if new.part:
        signup = f"{specification.operations[0].key}.{{}}.json"
        for kind in ("request", "nack"):
            like = specification.files[signup.format(kind)]["properties"].get(new.part[1:])
            change(path, f"{new.key}.{kind}.json", partial(_renamed, model.part[1:], new.part[1:], like))
    change(path, "header.request.json", lambda content: content["properties"]["Action"]["enum"].append(new.action))


def _renamed(old: str, new: str, schema: Any, body: Any) -> None:
    """Puts another member in the place of one; its schema is that of a signup, if that has the member."""
    body["required"] = [new if name == old else name for name in body.get("required", ())]
    body["properties"] = {
        new if name == old else name: schema or its if name == old else its for name, its in body["properties"].items()
    }


def _requirements(path: Path, specification: Specification, model: Operation, new: Operation) -> list[str]:
    """Adds the operation to the requirements on all, and those that every operation has; returns their ids."""
    file = "requirements.yaml"
    text = text_of(path, file)
    lines = text.splitlines(keepends=True)
    prefixes = tuple(f"{operation.prefix}-" for operation in specification.operations)
    rows, ids = [], []
    added = load(path)
    whole = all(member.required for member in added.children(new.action, new.part))
    for index, row in enumerate(specification.requirements.values()):
        if model.action in row.operations and not row.id.startswith(prefixes):
            place = line_of(text, index, "operations") - 1
            lines[place] = lines[place].replace("]", f", {new.key}]", 1)
        elif row.id.startswith(f"{model.prefix}-") and _is_general(row, model, new):
            if row.id.endswith("-PARTIAL-KEPT") and whole:
                continue
            copy = block(text, line_of(text, index)).replace(f"- id: {model.prefix}-", f"- id: {new.prefix}-")
            copy = re.sub("(?m)^  section: .*?(?=[ \n])", f"  section: {new.section}", copy, count=1)
            copy = re.sub(rf"(?m)^(  operations: .*)\b{model.key}\b", rf"\g<1>{new.key}", copy)
            if new.part:
                copy = re.sub(rf"\b{model.part[1:]}\b(?!-)", new.part[1:], copy)
            rows.append(copy.replace(model.action, new.action).strip())
            ids.append(f"{new.prefix}-{row.id.removeprefix(f'{model.prefix}-')}")
    for top in added.children(new.action, ""):
        members = [m for m in added.members(new.action) if at_or_below(m.pointer, top.pointer)]
        sent = [m.pointer for m in members if m.scalar and "x-known" not in m.schema]
        word = re.sub("[^A-Z]+", "-", top.name.upper())
        scope = (new.section, new.key, top.name)
        if sent:
            ids.append(f"{new.prefix}-ACK-{word}")
            rows.append(requirements.accepted(ids[-1], *scope, sent))
        ids.append(f"{new.prefix}-NACK-{word}")
        rows.append(requirements.refused(ids[-1], *scope, [m.pointer for m in members]))
    write(path, file, "".join(lines))
    append(path, file, "\n\n".join(rows))
    return ids


def _is_general(row: Requirement, model: Operation, new: Operation) -> bool:
    """Tells whether the checks of a requirement work for the new operation."""
    general = bool(row.owns) or is_general(row.id.removeprefix(f"{model.prefix}-"), new)
    return general and row.refuses is None and row.accepts is None
