"""Checks the headers, whose members the kit knows by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ....specification.pointer import MISSING
from .folder import Folder, Problem

REQUEST, REPLY = "header.request.json", "header.reply.json"
MEMBERS: Final = {REQUEST: ("Action", "Token", "Timestamp"), REPLY: ("action", "message")}
ANSWERS: Final = ["ACK", "NACK"]


def problems(folder: Folder, operations: list[dict[str, Any]]) -> Iterator[Problem]:
    """Yields missing or changed members of headers."""
    for file, names in MEMBERS.items():
        for name in names:
            if folder.at(file, f"/properties/{name}") == MISSING or name not in folder.contents[file].get(
                "required", ()
            ):
                yield folder.problem(file, "/required", f"the header has to have {name}", "add it, and require it")
    actions = folder.at(REQUEST, "/properties/Action/enum")
    due = [operation["action"] for operation in operations]
    if not isinstance(actions, list) or sorted(map(str, actions)) != sorted(due):
        message = "it lists other operations than operations.yaml"
        yield folder.problem(REQUEST, "/properties/Action/enum", message, "list the same")
    malformed = folder.at(REQUEST, "/properties/Timestamp/x-malformed")
    if not isinstance(malformed, dict) or not all(isinstance(value, str) for value in malformed.values()):
        message = "Timestamp needs x-malformed with texts, of which each is sent"
        yield folder.problem(
            REQUEST, "/properties/Timestamp/x-malformed", message, "list faulty times, each with a name"
        )
    if folder.at(REPLY, "/properties/message/type") != "string":
        yield folder.problem(REPLY, "/properties/message", "message has to be a string", 'write "type": "string"')
    if folder.at(REPLY, "/properties/action/enum") != ANSWERS:
        message = f"action has to be one of {' and '.join(ANSWERS)}"
        yield folder.problem(REPLY, "/properties/action/enum", message, f"list {ANSWERS}")
