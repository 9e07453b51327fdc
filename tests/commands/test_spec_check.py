"""Every mistake in the schemas is told with file and line, in seconds, and never ends in a traceback."""

import json
import time

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.check import Problem, problems
from beckn_conformance.specification.loading import default_folder
from beckn_conformance.specification.pointer import member, put
from beckn_conformance.suite.specification import choose
from tests.changed_schemas import changed, copied

URL = "api/properties/endpoint_url"
GONE = object()


class Edit:
    """A change of a file in a folder."""

    def __init__(self, file, change):
        self.file = file
        self._change = change

    def __call__(self, folder):
        self._change(folder)


def file(name, pointer, value):
    """Sets a value of a JSON file, or takes it away."""

    def change(content):
        parent, _, last = pointer.rpartition("/")
        if value is GONE:
            del member(content, parent)[last]
        else:
            put(content, pointer, value)

    return Edit(f"{name}.json", lambda folder: changed(folder, f"{name}.json", change))


def part(pointer, value):
    return file("common", f"/$defs/{pointer}", value)


def text(name, old, new):
    """Replaces a text of a file once."""

    def edit(folder):
        content = (folder / name).read_text(encoding="utf-8")
        assert old in content
        (folder / name).write_text(content.replace(old, new, 1), encoding="utf-8")

    return Edit(name, edit)


def rows(old, new):
    return text("requirements.yaml", old, new)


def bytes_of(name, content):
    return Edit(name, lambda folder: (folder / name).write_bytes(content))


def without(name):
    return Edit(name, lambda folder: (folder / name).unlink())


def several(*edits):
    return Edit(edits[-1].file, lambda folder: [edit(folder) for edit in edits])


def twice(name):
    """Repeats the first entry of a file at its end."""

    def edit(folder):
        content = (folder / name).read_text(encoding="utf-8")
        first = content[content.index("- key:") : content.index("- key:", content.index("- key:") + 1)]
        (folder / name).write_text(content + "\n" + first, encoding="utf-8")

    return Edit(name, edit)


MISTAKES = {
    # Files.
    "no JSON": (bytes_of("get.ack.json", b'{\n"a": }'), "correct it", "get.ack.json:2"),
    "no YAML": (rows("id: REPLY-JSON", "id: ["), "correct it"),
    "Latin-1": (bytes_of("get.ack.json", b'{\n"title": "caf\xe9"}'), "is not UTF-8", "get.ack.json:2"),
    "a JSON key twice": (
        text("get.ack.json", '"type": "object",', '"type": "object",\n  "type": "object",'),
        "'type' is given twice",
        "get.ack.json:6",
    ),
    "a YAML key twice": (rows("  level: MUST\n", "  level: MUST\n  level: MUST\n"), "already", "requirements.yaml:8"),
    "a list for a schema": (bytes_of("get.ack.json", b"[]"), "it is not an object", "get.ack.json:1"),
    "nothing in a file": (bytes_of("get.ack.json", b""), "correct it", "get.ack.json:1"),
    "no requirements": (bytes_of("requirements.yaml", b""), "catalogue.json", "requirements.yaml:1"),
    "no common parts": (without("common.json"), "is missing", "common.json:1"),
    "no page": (without("page.yaml"), "is missing", "page.yaml:1"),
    "no description": (without("description.yaml"), "is missing", "description.yaml:1"),
    "no message": (without("get.nack.json"), "get.nack.json is missing", "operations.yaml:11"),
    "a row for no member": (
        text("page.yaml", "  info.phone:", "  info.fone:"),
        "did you mean 'info.phone'",
        "page.yaml:14",
    ),
    "an entry twice": (twice("operations.yaml"), "stands twice"),
    # Keywords.
    "an empty enum": (part("document_new/properties/status/enum", []), "the enum is empty"),
    "a type that is none": (part("phone/type", "text"), "is not a JSON Schema"),
    "a kit keyword misspelt": (part("phone/x-saef", {}), "did you mean 'x-safe'?"),
    "a keyword misspelt": (part("phone/maxlength", 3), "did you mean 'maxLength'?"),
    "a keyword misspelt in x-safe": (
        part("phone/x-safe/maxlength", 3),
        "maxlength is not a keyword of JSON Schema; did you mean 'maxLength'?",
    ),
    "a keyword misspelt in a reply": (part("auth/requird", []), "requird is not a keyword of JSON Schema"),
    "required in allOf": (part("info/allOf", [{"required": ["fax"]}]), "allOf is not judged"),
    "if in a request": (part("info/if", {"required": ["fax"]}), "if is not judged in a request"),
    "extra members refused": (
        part("info/additionalProperties", False),
        "additionalProperties is not judged in a request of object",
    ),
    "allOf in an ACK": (part("auth/allOf", []), "is not a JSON Schema"),
    "members of an ACK in allOf": (part("auth/allOf", [{"properties": {"more": {}}}]), "allOf is not judged in an ACK"),
    "a pattern in a NACK": (part("error/pattern", "a"), "pattern is not judged in a NACK"),
    "length of a list": (part("documents/anyOf/0/maxItems", 3), "maxItems is not judged"),
    "length of a number": (
        several(part("company_id/type", "integer"), part("company_id/maxLength", 3)),
        "maxLength is not judged in a request of integer",
    ),
    "faulty numbers": (
        several(part("company_id/type", "integer"), part("company_id/x-malformed", {"a": 1})),
        "x-malformed of a number is never sent",
    ),
    "anyOf of two types": (
        part("info/properties/phone", {"anyOf": [{"type": "string"}, {"type": "number"}]}),
        "anyOf in a request can only say that a value may be null",
    ),
    "a list of types": (part("phone/type", ["string", "null"]), "needs one type"),
    "no type": (part("phone/type", GONE), "needs one type"),
    "x-known as a text": (
        part("registration_reference/properties/id/x-known", "true"),
        "the value of x-known has another form; write true",
    ),
    "variants as a list": (part("phone/x-variants", ["^a"]), "write patterns, each with a name"),
    "x-unheld without a reason": (part("phone/x-unheld", ""), "write the reason"),
    "x-safe that is not a schema": (part("phone/x-safe", {"maxLength": "3"}), "is not a JSON Schema"),
    "an unknown format": (part("phone/format", "phone"), "the format phone is not known"),
    "an unknown format in x-safe": (part("phone/x-safe/format", "known-fone"), "did you mean 'known-phone'?"),
    "a bad pattern": (part("phone/pattern", "("), "the pattern cannot be used"),
    "a bad pattern in x-safe": (part("phone/x-safe/pattern", "[a"), "the pattern cannot be used"),
    "a bad pattern of a kind": (part("phone/x-variants/odd", "(?=a)"), "odd"),
    "a bad pattern in a reply": (part("auth/properties/exp/pattern", "(?<=a)b"), "the pattern cannot be used"),
    "a member that is not a schema": (part("info/properties/phone", 3), "is not a JSON Schema"),
    "a member that is anything": (part("info/properties/phone", True), "is not of type"),
    "items that are anything": (
        file("get.ack", "/properties/more", {"type": "array", "items": True}),
        "is not of type",
    ),
    "another $id": (file("get.ack", "/$id", "get.json"), "its $id is not"),
    # References.
    "a reference to nothing": (
        part("info/properties/phone", {"$ref": "#/$defs/telephone"}),
        "$ref #/$defs/telephone leads nowhere",
    ),
    "a part that nothing refers to": (part("fax", {"type": "string"}), "nothing refers to fax"),
    "a circle": (part("info_kept", {"$ref": "#/$defs/info_kept"}), "leads back to itself"),
    "a circle in a request": (part("info", {"$ref": "#/$defs/info"}), "leads back to itself"),
    "a part within itself": (part("info/properties/phone", {"$ref": "#/$defs/info"}), "leads back to itself"),
    "a list of itself": (
        part("document_kept/properties/status", {"type": "array", "items": {"$ref": "#/$defs/document_kept"}}),
        "leads back to itself",
    ),
    # Values.
    "an invalid example": (part("phone/examples", ["80233"]), "is not valid under its own schema"),
    "a faulty value that is valid": (part("phone/x-malformed/no dash", "+91-8023329991"), "no dash"),
    "a kind that is none": (part("phone/x-variants/of Mars", "^[+]999-"), "'of Mars'"),
    "lengths that contradict": (
        several(part(f"{URL}/minLength", 300)),
        "minLength 300 and maxLength 200 allow no value together",
    ),
    "a contradiction in words": (part(f"{URL}/x-safe/minLength", 3000), "allow no value together"),
    "a pattern against another": (part(f"{URL}/pattern", "^ftp://"), "no value"),
    "repeats within repeats": (
        several(
            part("company_id/x-safe", {"pattern": "^(([a-z]{1,20}){1,20}){1,20}$"}),
            part("company_id/x-variants", {"odd": "^[0-9]$"}),
        ),
        "no value",
    ),
    "an enum that x-safe refuses": (part(f"{URL}/enum", ["x"]), "no value"),
    "a faulty value that nothing sends": (
        part("phone/x-should-malformed", {"no area": "+91-1234567"}),
        "x-should-malformed lists no area, which is never sent",
    ),
    # The catalogue.
    "an unknown reading": (rows("reading: [T8]", "reading: [T99]"), "T99 is not a reading", "requirements.yaml:9"),
    "an id twice": (rows("- id: REPLY-ACTION", "- id: REPLY-JSON"), "the id REPLY-JSON, too"),
    "an unknown member": (
        rows("members: [/info/email]", "members: [/info/mail]"),
        "names /info/mail, which its requests do not have; did you mean '/info/email'?",
    ),
    "an unknown member of a reply": (
        rows("owns: [/documents/*/status]", "owns: [/documents/*/state]"),
        "/documents/*/state, which its replies do not have",
    ),
    "an unknown operation": (rows("operations: [get]", "operations: [fetch]"), "is not an operation"),
    "an unknown level": (rows("level: MUST", "level: SHALL"), '"SHALL" is not one of'),
    "an unknown section": (rows("section: §2 Responses", "section: §7 Responses"), "§7, which is no"),
    "an unknown heading": (rows("§2 API Endpoint", "§2 API Endpiont"), "did you mean 'API Endpoint'?"),
    "no ENDPOINT": (
        rows("- id: GET-ENDPOINT", "- id: GET-ENTRY"),
        "requirements.yaml has no GET-ENDPOINT",
        "operations.yaml:",
    ),
    "no check": (rows("- id: REPLY-JSON", "- id: REPLY-JASON"), "no check judges REPLY-JASON", "requirements.yaml:5"),
    "an equal prefix": (text("operations.yaml", "prefix: GET", "prefix: SIGNUP"), "the prefix SIGNUP, too"),
    "an equal key": (text("operations.yaml", "key: get", "key: signup"), "the key signup, too"),
    "another Action": (
        text("operations.yaml", "action: Provider/get", "action: Provider/fetch"),
        "it lists other operations",
        "header.request.json:",
    ),
    "a third answer": (
        file("header.reply", "/properties/action/enum", ["ACK", "NACK", "WAIT"]),
        "action has to be one of ACK and NACK",
    ),
    "no Token": (file("header.request", "/required", ["Action", "Timestamp"]), "the header has to have Token"),
    "an Action that is a number": (file("header.request", "/properties/Action/enum/2", 3), "it lists other operations"),
    "a reference that is a number": (file("get.nack", "/properties/registration/$ref", 3), "is not a JSON Schema"),
    "a catalogue that describes nothing": (file("catalogue", "/$defs/page/type", "x"), "is not a JSON Schema"),
    "a reading twice": (text("readings.yaml", "number: T2", "number: T1"), "the number T1, too"),
    "a reading that binds nobody": (
        text("readings.yaml", "level: [R]", "level: [M]"),
        "binds, and no requirement cites it",
    ),
    # The page.
    "no title": (
        text("page.yaml", "    get: 2. Get Registration Details of a BP\n", ""),
        "the section of get has no title",
    ),
    "a sentence that was reworded": (
        text("page.yaml", "less than 24 hours", "less than 12 hours"),
        "its coverage was considered for other words",
    ),
    "a sentence covered by nothing that exists": (
        text("page.yaml", "covered_by: [X2]", "covered_by: [X9]"),
        "X9 is not a requirement or a reading",
    ),
    "an unknown format of a row": (
        text("page.yaml", "format: Valid email address format", "format: Mail"),
        "Mail is not a format",
    ),
    "an unknown pointer of the page": (
        text("page.yaml", "pointers: [/info/company_id]", "pointers: [/info/company]"),
        "/info/company is in none of these messages; did you mean '/info/company_id'?",
    ),
    "an unknown reading of the page": (text("page.yaml", "reading: Q12", "reading: Q99"), "Q99 is not a reading"),
    # The description.
    "a call of no operation": (text("description.yaml", "\n  get:\n", "\n  fetch:\n"), "fetch is not an operation"),
    "a wrong example": (text("description.yaml", 'phone: "+91-8023329991"', "phone: 8023329991"), "metro"),
    "an example that not all accept": (
        text(
            "description.yaml",
            "api: {endpoint_url: https://bus.example.org/beckn}",
            "api: {endpoint_url: 'http://bus'}",
        ),
        "at /api/endpoint_url that x-safe does not allow",
    ),
    "a faulty time that is no text": (
        file("header.request", "/properties/Timestamp/x-malformed/a word", 3),
        "Timestamp needs x-malformed with texts",
    ),
    "a message that may be a number": (
        file("header.reply", "/properties/message/type", "number"),
        "message has to be a string",
    ),
    "a stale example of an ACK": (
        text(
            "description.yaml",
            'auth: {token: 3f9a1c5e7b2d4860, exp: "2019-10-13T14:31:54Z"}',
            "auth: {token: 3f9a1c5e7b2d4860}",
        ),
        "the example acknowledged: is not a valid signup.ack.json",
    ),
    "a member that the schemas no longer have": (
        text(
            "description.yaml",
            "registration: {id: reg-8f14e45fceea167a, status: VERIFIED}",
            "registration: {id: r, status: V, since: 1}",
        ),
        "/registration/since is not a member of get.ack.json",
    ),
}
"""An edit, what is said of it, and where, if that is more exact than the file or elsewhere."""


@pytest.fixture(autouse=True)
def kept():
    yield
    choose(None)


def told_of(folder):
    return list(problems(folder))


LATE = (
    ("an invalid example", "a faulty value that is valid", "a pattern against another", "an unknown member"),
    ("a faulty value that nothing sends", "an unknown member of a reply", "a reading that binds nobody"),
    ("a kind that is none", "an enum that x-safe refuses", "no check"),
    ("a wrong example", "a stale example of an ACK", "an example that not all accept"),
)
"""Mistakes that are found once all else is sound, which takes ten times as long: several to a copy."""
TOGETHER = [*LATE, *((name,) for name in MISTAKES if not any(name in names for names in LATE))]


@pytest.mark.parametrize("names", TOGETHER, ids=" and ".join)
def test_mistakes_are_told_with_their_lines_and_soon(tmp_path, names):
    folder = copied(tmp_path / "schemas")
    for name in names:
        MISTAKES[name][0](folder)
    began = time.process_time()

    found = told_of(folder)

    assert time.process_time() - began < 8
    told = [str(problem) for problem in found]
    for edit, message, *where in (MISTAKES[name] for name in names):
        (where,) = where or (f"{edit.file}:",)
        assert any(line.startswith(where) and message in line for line in told), told[:12]
    assert all(problem.remedy and problem.line > 0 for problem in found)


def test_the_shipped_schemas_have_no_problem():
    assert told_of(default_folder()) == []


def test_a_catalogue_page_that_is_out_of_date_is_told(tmp_path):
    folder = copied(tmp_path / "schemas")
    page = (default_folder() / "README.md").read_text(encoding="utf-8")
    (folder / "README.md").write_text(
        page.replace("**REPLY-JSON** The body", "**REPLY-JSON** A body"), encoding="utf-8"
    )

    (problem,) = told_of(folder)

    assert isinstance(problem, Problem)
    assert (problem.file, problem.message) == ("README.md", "the catalogue is out of date")
    assert "REPLY-JSON" in page.splitlines()[problem.line - 1]


def test_values_in_the_style_of_a_url_are_drawn_at_once(tmp_path):
    folder = copied(tmp_path / "schemas")
    pattern = "^https://([a-z0-9]+(-[a-z0-9]+)*\\.)+[a-z]{2,}(/[A-Za-z0-9_-]+)+$"
    several(
        part("company_id/x-safe", {"maxLength": 200, "pattern": pattern}),
        part("company_id/x-variants", {"several segments": "^https://[^/]+/[^/]+/.+$"}),
        part("company_id/examples", ["https://example.com/a"]),
    )(folder)
    began = time.process_time()

    told = [str(problem) for problem in told_of(folder) if "company_id:" in str(problem)]

    assert told == []
    assert time.process_time() - began < 8


def test_the_command_counts_problems(tmp_path, capsys):
    folder = copied(tmp_path / "schemas")
    part("phone/x-saef", {})(folder)

    assert main(["spec", "check", "--spec", str(folder), "--json"]) == 1

    told = json.loads(capsys.readouterr().out)
    assert [problem["file"] for problem in told["problems"]] == ["common.json"]
