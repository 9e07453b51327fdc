"""Changed copies of schemas/, as those who maintain the specification make them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from beckn_conformance.commands.spec.additions import operation
from beckn_conformance.specification.loading import default_folder

WEBSITE = {
    "title": "Website",
    "type": "string",
    "pattern": "^https?://",
    "x-should": {"minLength": 1},
    "x-safe": {"maxLength": 80, "pattern": "^https://www\\.[a-z]{3,12}\\.example\\.(com|org)$"},
    "x-malformed": {"no scheme": "www.example.com"},
    "x-variants": {"under .com": "\\.com$", "under .org": "\\.org$"},
    "examples": ["https://www.metro.example.com"],
}
"""A member for ``info``."""
SIZE = {"title": "Vehicles", "type": "integer", "minimum": 1, "maximum": 100000, "examples": [12]}
"""A member for ``info`` that is no text."""
SANDBOX = {"title": "Whether the API is for trials only", "type": "boolean"}
"""A member for ``api``."""
KIND = {"title": "What a document is", "type": "string", "enum": ["permit", "certificate", "insurance"]}
"""A member for documents."""
CONTACT = {
    "title": "Whom to ask",
    "type": "object",
    "required": ["person"],
    "properties": {
        "person": {"title": "Name of a person", "type": "string", "x-safe": {"pattern": "^[A-Z][a-z]{4,9}$"}}
    },
}
"""A part of the body of a signup."""


def copied(folder: Path) -> Path:
    """A copy of the files of schemas/ in a folder that is not there yet."""
    return Path(shutil.copytree(default_folder(), folder, ignore=shutil.ignore_patterns("README.md")))


def changed(folder: Path, name: str, change: Any) -> None:
    """Changes the content of one of the JSON files of a copy, in place."""
    file = folder / name
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def with_requirements(folder: Path, member: str, word: str, *, scalar: bool = True) -> None:
    """Adds the requirements on a member of the requests that have it."""
    rows = ""
    for key, prefix, section in (
        ("signup", "SIGNUP", "§1"),
        ("info-update", "UPDATE", "§3"),
        ("documents-add", "DOCUMENTS", "§4"),
    ):
        if (key == "info-update" and not member.startswith("/info/")) or (
            key == "documents-add" and not member.startswith("/documents/")
        ):
            continue
        if scalar:
            rows += f"""
- id: {prefix}-ACK-{word}
  section: {section} Table of Definitions
  level: MUST
  basis: stated
  reading: [Q1]
  title: valid {member} is accepted
  text: A valid {member} is accepted.
  operations: [{key}]
  accepts: {{members: [{member}], strength: must}}
"""
        rows += f"""
- id: {prefix}-NACK-{word}
  section: {section} Responses, Failure, Body
  level: MUST
  basis: stated
  reading: [Q2, R14]
  title: faulty {member} is refused and blamed
  text: A request whose {member} is faulty is refused with a NACK that has a message at that field.
  operations: [{key}]
  refuses: {{members: [{member}], strength: must}}
"""
    with (folder / "requirements.yaml").open("a", encoding="utf-8") as file:
        file.write(rows)


def with_website(folder: Path) -> Path:
    """A copy in which ``info`` has one member more."""
    copied(folder)
    changed(folder, "common.json", lambda common: _add_to_info(common["$defs"], "website", WEBSITE, {"type": "string"}))
    with_requirements(folder, "/info/website", "WEBSITE")
    return folder


def with_everything(folder: Path) -> Path:
    """A copy in which every part of a signup has one member more, and there is a part more."""
    with_website(folder)

    def change(common: Any) -> None:
        parts = common["$defs"]
        _add_to_info(parts, "size", SIZE, {"type": "integer"})
        _add(parts["api"], "sandbox", SANDBOX)
        for kept in ("api_kept", "api_new"):
            _add(parts[kept], "sandbox", {"type": "boolean"})
        parts["api_errors"]["anyOf"][1]["properties"]["sandbox"] = {"$ref": "#/$defs/error"}
        _add(parts["document"], "kind", KIND)
        for kept in ("document_kept", "document_new", "document_numbered"):
            _add(parts[kept], "kind", {"type": "string"})
        items = parts["documents_errors"]["anyOf"][1]["items"]["anyOf"][1]
        items["properties"]["kind"] = {"$ref": "#/$defs/error"}
        parts["contact"] = CONTACT

    changed(folder, "common.json", change)
    changed(folder, "signup.request.json", lambda body: _add(body, "contact", {"$ref": "common.json#/$defs/contact"}))
    for key in ("signup", "get", "info-update", "documents-add"):
        reply = {"type": "object", "required": ["person"], "properties": {"person": {"type": "string"}}}
        changed(folder, f"{key}.ack.json", lambda body, reply=reply: _add(body, "contact", reply))
    with_requirements(folder, "/contact", "CONTACT", scalar=False)
    for member, word in (
        ("/info/size", "SIZE"),
        ("/api/sandbox", "SANDBOX"),
        ("/documents/*/kind", "KIND"),
        ("/contact/person", "PERSON"),
    ):
        with_requirements(folder, member, word)
    return folder


def with_operation(folder: Path) -> Path:
    """A copy with a fifth operation, Provider/status, which shows the status of a registration and nothing else."""
    copied(folder)
    operation.add(folder, "Provider/status", "get")
    changed(folder, "status.ack.json", _show_registration_only)
    description = folder / "openapi.yaml"
    before, start_of_path, after = description.read_text(encoding="utf-8").partition("  /Provider/status:")
    example = '                acknowledged: {$ref: "#/components/examples/GetAcknowledged"}\n'
    description.write_text(before + start_of_path + after.replace(example, "", 1), encoding="utf-8")
    return folder


def _show_registration_only(body: Any) -> None:
    body["required"] = ["registration"]
    body["properties"] = {"registration": body["properties"]["registration"]}


def _add_to_info(parts: Any, name: str, schema: Any, kept: Any) -> None:
    parts[name] = schema
    _add(parts["info"], name, {"$ref": f"#/$defs/{name}"})
    parts["info_change"]["properties"][name] = {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]}
    _add(parts["info_kept"], name, kept)
    parts["info_errors"]["anyOf"][1]["properties"][name] = {"$ref": "#/$defs/error"}


def _add(holder: Any, name: str, schema: Any) -> None:
    holder["required"].append(name)
    holder["properties"][name] = schema
