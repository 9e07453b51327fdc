"""Changed copies of schemas/, as those who maintain the specification make them."""

import json
import shutil
from pathlib import Path

from beckn_conformance.commands.spec.additions import member, operation, requirements
from beckn_conformance.commands.spec.additions.editing import append
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
    "title": "Whom to reach, and how",
    "type": "object",
    "required": ["person", "desk"],
    "properties": {
        "person": {"title": "Name of a person", "type": "string", "x-safe": {"pattern": "^[A-Z][a-z]{4,9}$"}},
        "desk": {"title": "Number of a desk", "type": "integer", "minimum": 1, "maximum": 99999, "examples": [12]},
    },
}
"""A part of the body of a signup."""


def copied(folder):
    """A copy of the files of schemas/ in a folder that is not there yet."""
    return Path(shutil.copytree(default_folder(), folder, ignore=shutil.ignore_patterns("README.md", "bundle")))


def changed(folder, name, change):
    """Changes the content of one of the JSON files of a copy, in place."""
    file = folder / name
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def with_member(folder, pointer, schema):
    """Adds a member to requests and replies of a copy, as ``spec add member`` does, and gives it a schema."""
    member.add(folder, pointer, schema["type"], optional=False)
    name = pointer.rpartition("/")[2]
    changed(folder, "common.json", lambda common: common["$defs"].update({name: schema}))


def with_website(folder):
    """A copy in which ``info`` has one member more."""
    copied(folder)
    with_member(folder, "/info/website", WEBSITE)
    return folder


def with_operation(folder):
    """A copy with a fifth operation, Provider/status, which shows the status of a registration and nothing else."""
    _add_status(copied(folder))
    return folder


def with_members(folder):
    """A copy in which every part of a signup has one member more, and there is a part more."""
    with_website(folder)
    with_member(folder, "/info/size", SIZE)
    with_member(folder, "/api/sandbox", SANDBOX)
    with_member(folder, "/documents/*/kind", KIND)
    _add_contact(folder)
    return folder


def with_everything(folder):
    """A copy with all these members, an operation that changes some of them, and one that changes nothing."""
    with_members(folder)
    operation.add(folder, "Provider/contact/update", "info-update")
    _add_status(folder)
    return folder


def _add_status(folder):
    operation.add(folder, "Provider/status", "get")
    changed(folder, "status.ack.json", _show_registration_only)


def _add_contact(folder):
    known = {"person": {"type": "string"}, "desk": {"type": "integer"}}
    reply = {"type": "object", "required": [*known], "properties": known}
    error = {"$ref": "common.json#/$defs/error"}
    errors = {"anyOf": [error, {"type": "object", "properties": dict.fromkeys(known, error)}]}
    changed(folder, "common.json", lambda common: common["$defs"].update(contact=CONTACT))
    contact = {"$ref": "common.json#/$defs/contact"}
    changed(folder, "signup.request.json", lambda body: _add(body, "contact", contact))
    for key in ("signup", "get", "info-update", "documents-add"):
        changed(folder, f"{key}.ack.json", lambda body: _add(body, "contact", reply))
    changed(folder, "signup.nack.json", lambda body: body["properties"].update(contact=errors))
    members = ["/contact/person", "/contact/desk"]
    append(folder, "requirements.yaml", requirements.accepted("SIGNUP-ACK-REACHED", "§1", "signup", "contact", members))
    refused = requirements.refused("SIGNUP-NACK-REACHED", "§1", "signup", "contact", ["/contact", *members])
    append(folder, "requirements.yaml", refused)


def _show_registration_only(body):
    body["required"] = ["registration"]
    body["properties"] = {"registration": body["properties"]["registration"]}


def _add(holder, name, schema):
    holder["required"].append(name)
    holder["properties"][name] = schema
