"""A change of the schemas has the right answer for each party, and each break a message that shows it."""

import json
import time
from dataclasses import replace

import pytest

from beckn_conformance.commands.spec import diff
from beckn_conformance.commands.spec.diff.inclusion import within
from beckn_conformance.commands.spec.diff.normal import normal
from beckn_conformance.process.limits import limited
from beckn_conformance.specification.loading import load
from beckn_conformance.specification.pointer import member, parts_of
from beckn_conformance.specification.validators import BASE, compile_schema

OLD = load()
GB = 1 << 30
FILES = json.dumps(dict(OLD.files))
GONE = object()
SAME, NONE, GATEWAYS, PROVIDERS, EACH = "same", "none", "gateways", "providers", "both"
"""Nothing changed; nobody, the gateways, the providers or both are broken."""
PROVIDERS_PERHAPS = "providers?"


def put(file, pointer, value):
    """Sets a value, or takes it away."""

    def edit(files):
        *path, last = parts_of(pointer)
        node = files[f"{file}.json"]
        for part in path:
            node = node[int(part) if isinstance(node, list) else part]
        if value is GONE:
            del node[last]
        elif last == "-":
            node.append(value)
        else:
            node[int(last) if isinstance(node, list) else last] = value

    return edit


def part(pointer, value):
    return put("common", f"/$defs/{pointer}", value)


def several(*edits):
    def edit(files):
        for one in edits:
            one(files)

    return edit


def moved(pointer, change):
    """Replaces a part of common.json by what a function makes of it."""
    return lambda files: part(pointer, change(member(files["common.json"], f"/$defs/{pointer}")))(files)


def without(value, *keys):
    return {key: child for key, child in value.items() if key not in keys}


def renamed(holder, old, new):
    def change(value):
        properties = {new if name == old else name: child for name, child in value["properties"].items()}
        return {**value, "properties": properties, "required": [new if n == old else n for n in value["required"]]}

    return moved(holder, change)


PHONE = "^\\+[0-9]{1,3}-[0-9]{7,12}(-[0-9]{1,6})?$"
COMPANY = "^[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}$"
TEXT = {"type": "string"}
REPLY = {
    "additionalProperties": False,
    "unevaluatedProperties": False,
    "propertyNames": {"pattern": "^[a-z_]+$"},
    "patternProperties": {"^x_": {"type": "number"}},
    "maxProperties": 9,
    "minProperties": 8,
    "dependentRequired": {"documents": ["session"]},
    "dependentSchemas": {"documents": {"required": ["session"]}},
    "if": {"properties": {"registration": {"properties": {"status": {"const": "VERIFIED"}}}}},
    "not": {"required": ["error"]},
}
"""Keywords that narrow a reply."""

CASES = {
    SAME: {
        "title": part("phone/title", "Telephone"),
        "comment": put("signup.request", "/$comment", "Some words"),
        "minLength 0": part("auth/properties/token/minLength", 0),
        "minItems 0": put("signup.ack", "/properties/documents/minItems", 0),
        "uniqueItems false": put("signup.ack", "/properties/documents/uniqueItems", False),
        "additionalProperties true": put("get.ack", "/additionalProperties", True),
        "order of required": part("info/required", ["company_id", "email", "phone", "name"]),
        "order of an enum": part("api_new/properties/status/enum", ["VERIFIED", "PENDING-VERIFICATION"]),
        "const as an enum": part("failed_registration/properties/status", {"type": "string", "enum": ["UPDATE-FAIL"]}),
        "type beside an enum": part("api_new/properties/status/type", "string"),
        "anyOf to oneOf": moved("info_errors", lambda v: without(v, "anyOf") | {"oneOf": v["anyOf"]}),
        "anyOf with null as a type": part("api_kept/properties/status", {"anyOf": [TEXT, {"type": "null"}]}),
        "members moved into allOf": moved(
            "info_kept", lambda v: without(v, "properties", "required") | {"allOf": [without(v, "title", "type")]}
        ),
        "one member moved into allOf": moved(
            "auth",
            lambda v: {
                **v,
                "required": ["token"],
                "properties": {"token": v["properties"]["token"]},
                "allOf": [{"required": ["exp"], "properties": {"exp": v["properties"]["exp"]}}],
            },
        ),
        "a schema inlined": part("info/properties/email", OLD.files["common.json"]["$defs"]["email"]),
        "an own definition": several(
            part("telephone", OLD.files["common.json"]["$defs"]["phone"]), part("phone", {"$ref": "#/$defs/telephone"})
        ),
        "anyOf of one": part("auth/properties/token", {"anyOf": [{"type": "string", "pattern": "\\S"}]}),
        "double anyOf": part("auth/properties/token", {"anyOf": [{"type": "string", "pattern": "\\S"}] * 2}),
        "empty x-should": part("auth/properties/token/x-should", {}),
        "length of a number": put("get.ack", "/properties/info/maxLength", 3),
        "minLength that x-safe implies": part("phone/minLength", 0),
        "if alone": part("info/if", {"properties": {"phone": {"pattern": "^[+]1-"}}}),
    },
    NONE: {
        "examples": part("phone/examples", ["+91-8023329990"]),
        "description": part("phone/description", "A number"),
        "one more faulty value": part("phone/x-malformed/more", "12"),
        "one more kind": part("phone/x-variants/more", "1$"),
        "x-should goes": part("name/x-should", GONE),
        "x-should comes": part("phone/x-should", {"maxLength": 30}),
        "x-safe-should grows": part("name/x-safe-should/maxLength", 80),
        "x-safe pattern in other words": part("company_id/x-safe/pattern", COMPANY.replace("[0-9]", "\\d")),
        "x-safe pattern with a group": part("company_id/x-safe/pattern", COMPANY.replace("[LU]", "(L|U)")),
        "minLength that a pattern implies": part("auth/properties/token/minLength", 1),
        "maxLength beside an enum": part("api_new/properties/status/maxLength", 50),
        "not of another type": part("auth/properties/token/not", {"type": "number"}),
        "pattern goes": part("phone/pattern", GONE),
        "pattern widens": part("email/pattern", '@|["<>]'),
        "member that may be missing no longer": several(
            part("api/required", []), part("api/x-safe", {"required": ["endpoint_url"]})
        ),
        "null allowed": part("info/properties/name", {"anyOf": [{"$ref": "#/$defs/name"}, {"type": "null"}]}),
        "an optional member of a reply without a type": part("api_kept/properties/since", {}),
    },
    GATEWAYS: {
        "pattern narrows beyond x-safe": part("email/pattern", "^[^@\\s]+@[^@\\s]+$"),
        "maxLength beyond x-safe": part("document/properties/name/maxLength", 100),
        "minLength beyond x-safe": part("company_id/minLength", 3),
        "a format": part("email/format", "email"),
        "one more type": part("company_id/type", ["string", "integer"]),
        "required member": put("signup.request", "/required/-", "documents"),
        "member that may be missing now": part("api/required", []),
        "member that may be missing": put("signup.request", "/x-safe", GONE),
        "null refused": part("documents/anyOf", [{"type": "array", "items": {"$ref": "#/$defs/document"}}]),
        "minProperties": part("info_change/minProperties", 1),
        "maxItems beyond x-safe": part("documents/anyOf/0/maxItems", 9),
        "extra members refused": put("signup.request", "/additionalProperties", False),
        "extra members of info refused": part("info/additionalProperties", False),
        "unevaluated members refused": part("info/unevaluatedProperties", False),
        "extra members of a type": part("info/additionalProperties", TEXT),
        "names of members": part("info/propertyNames", {"maxLength": 20}),
        "members by pattern": part("info/patternProperties", {"^x": {"type": "number"}}),
        "not in a request": part("info/not", {"required": ["fax"]}),
        "dependent members": part("info/dependentRequired", {"fax": ["phone2"]}),
        "x-safe grows": part("phone/x-safe/pattern", PHONE.replace("1,6", "1,8")),
        "x-safe goes": part("email/x-safe", GONE),
        "x-safe of a list grows": part("documents/x-safe/maxItems", 9),
        "x-safe length grows": part("email/x-safe/maxLength", 100),
        "x-safe of URLs with a port": moved(
            "api/properties/endpoint_url/x-safe",
            lambda v: {**v, "pattern": v["pattern"].replace("(/[A", "(:[0-9]+)?(/[A")},
        ),
        "x-safe format goes": part("phone/x-safe/format", GONE),
        "x-unique goes": part("company_id/x-unique", GONE),
        "x-known goes": part("registration_reference/properties/id/x-known", GONE),
        "a new optional member of a request": part(
            "info/properties/website", {**TEXT, "examples": ["https://example.com"]}
        ),
        "a new member of a reply": several(
            part("api_kept/properties/since", TEXT), part("api_kept/required/-", "since")
        ),
        "a new optional member of a reply": part("api_kept/properties/since", TEXT),
        "one literal less": part("document_numbered/properties/status/enum", ["VERIFIED"]),
        "maxLength of a reply": part("auth/properties/token/maxLength", 64),
        "minLength of a reply": part("auth/properties/token/minLength", 16),
        "pattern of a reply": part("auth/properties/token/pattern", "^\\S+$"),
        "format of a reply": part("auth/properties/exp/format", "date-time"),
        "minItems of a reply": put("get.ack", "/properties/documents/minItems", 1),
        "maxItems of a reply": put("get.ack", "/properties/documents/maxItems", 40),
        "uniqueItems of a reply": put("get.ack", "/properties/documents/uniqueItems", True),
        "an error that has to be a text": part("error/type", "string"),
        "a whole error no longer a text": moved("info_errors", lambda v: {**v, "anyOf": [v["anyOf"][1]]}),
        "a required error": put("get.nack", "/required", ["registration"]),
        "a new part of a failure body": put("get.nack", "/properties/auth", {"$ref": "common.json#/$defs/error"}),
        "a Timestamp with a zone": put("header.request", "/properties/Timestamp/pattern", "^[0-9T:-]{19}Z?$"),
        "a Token that may be missing": put("header.request", "/required", ["Action", "Timestamp"]),
        "a message that is not blank": put("header.reply", "/properties/message/pattern", "\\S"),
        **{
            f"{keyword} of a reply": several(
                put("get.ack", f"/{keyword}", value),
                put("get.ack", "/then", {"required": ["session"]}) if keyword == "if" else several(),
            )
            for keyword, value in REPLY.items()
        },
    },
    PROVIDERS: {
        "x-safe shrinks": part("name/x-safe/maxLength", 32),
        "x-safe pattern shrinks": part("phone/x-safe/pattern", PHONE.replace("(-[0-9]{1,6})?", "")),
        "x-safe pattern shrinks a little": part("company_id/x-safe/pattern", COMPANY.replace("[LU]", "[L]")),
        "x-safe comes": part("info/x-safe", {"maxProperties": 3}),
        "x-safe of a list shrinks": part("documents/x-safe/maxItems", 3),
        "x-safe length of data shrinks": part("document/properties/data/x-safe/maxLength", 16384),
        "x-safe under one domain less": moved(
            "email", lambda v: {**v, "x-safe": {**v["x-safe"], "pattern": v["x-safe"]["pattern"].replace("|net", "")}}
        ),
        "x-unique comes": part("email/x-unique", True),
        "a member of a reply that may be missing": part("auth/required", ["token"]),
        "a member of a reply that is gone": several(
            part("auth/properties/exp", GONE), part("auth/required", ["token"])
        ),
        "an optional member of a reply that is gone": part("document_kept/properties/status", GONE),
        "one more literal": part(
            "document_numbered/properties/status/enum", ["PENDING-VERIFICATION", "VERIFIED", "REJECTED"]
        ),
        "a reply that may be null": part("auth/properties/exp/type", ["string", "null"]),
        "a reply that may be a number": part("registration/properties/id/type", ["string", "number"]),
        "blank texts allowed": part("auth/properties/token/pattern", GONE),
        "an error that may be a list": part(
            "api_errors/anyOf/1/properties/endpoint_url", {"type": ["string", "null", "array"]}
        ),
        "an Action less": put(
            "header.request", "/properties/Action/enum", ["Provider/signup", "Provider/get", "Provider/info/update"]
        ),
        "a longer Token": put("header.request", "/properties/Token/minLength", 8),
        "a new header member": several(
            put("header.request", "/properties/Region", TEXT),
            put("header.request", "/required", ["Action", "Token", "Timestamp", "Region"]),
        ),
        "a third answer": put("header.reply", "/properties/action/enum", ["ACK", "NACK", "WAIT"]),
        "a message that may be missing": put("header.reply", "/required", ["action"]),
    },
    PROVIDERS_PERHAPS: {"x-safe format comes": part("email/x-safe/format", "email")},
    EACH: {
        "pattern narrows into x-safe": part("email/pattern", "^[^@\\s]+@[^@\\s]+\\.com$"),
        "maxLength into x-safe": part("document/properties/name/maxLength", 40),
        "an enum in a request": part("company_id/enum", ["U72900KA2019PTC123456"]),
        "a const in a request": part("api/properties/endpoint_url/const", "https://a.example.com/x"),
        "another type": part("company_id/type", "integer"),
        "maxItems into x-safe": part("documents/anyOf/0/maxItems", 3),
        "uniqueItems": part("documents/anyOf/0/uniqueItems", True),
        "contains": part("documents/anyOf/0/contains", {"required": ["kind"]}),
        "names of members into x-safe": part("info/propertyNames", {"maxLength": 9}),
        "not of a value": part("company_id/not", {"pattern": "^L"}),
        "if with then": several(
            part("info/if", {"properties": {"phone": {"pattern": "^[+]91-"}}, "required": ["phone"]}),
            part("info/then", {"properties": {"company_id": {"pattern": "^U"}}}),
        ),
        "x-safe pattern moves": part("company_id/x-safe/pattern", COMPANY.replace("[LU]", "[LX]")),
        "a new required member of a request": several(
            part("info/properties/website", TEXT), part("info/required/-", "website")
        ),
        "a member of a request that is gone": several(
            part("info/properties/email", GONE), part("info/required", ["name", "phone", "company_id"])
        ),
        "a member of a request renamed": renamed("info", "phone", "telephone"),
        "a member of a reply renamed": renamed("auth", "exp", "expires"),
        "a member of an error renamed": moved(
            "api_errors/anyOf/1", lambda v: {**v, "properties": {"url": v["properties"]["endpoint_url"]}}
        ),
        "another literal": part("registration_pending/properties/status/const", "UPDATE-QUEUED"),
        "a reply of another type": part("registration/properties/id/type", "number"),
        "oneOf that overlaps": put(
            "get.ack", "/properties/api", {"oneOf": [{"$ref": "common.json#/$defs/api_kept"}, {"type": "object"}]}
        ),
    },
}
"""Changes, by whom they break."""


def compared(edit):
    files = json.loads(FILES)
    edit(files)
    new = replace(OLD, files=files, digest="0" * 64)
    return new, diff.compare(OLD, new)


def answers(found):
    if not found.changes:
        return SAME
    told = {party: found.answer(party) for party in ("gateways", "providers")}
    broken = [party for party, answer in told.items() if answer == "breaking"]
    unsure = [f"{party}?" for party, answer in told.items() if answer == "cannot tell"]
    return "both" if len(broken) == 2 else ",".join(broken + unsure) or NONE


@pytest.mark.parametrize(("expected", "name"), [(answer, name) for answer, cases in CASES.items() for name in cases])
def test_a_change_has_the_right_answer_for_each_party(expected, name):
    edit = CASES[expected][name]
    began = time.process_time()

    new, found = compared(edit)

    assert answers(found) == expected, [*found.lines()]
    assert time.process_time() - began < 20
    for change in found.changes:
        if change.effect == "breaking" and not change.text.startswith("a value"):
            assert change.witness is not None, change
            assert change.witness.before != change.witness.now
            _shown(change, new)


def _shown(change, new):
    """The validator judges a witness as the change says."""
    key = {o.action: o.key for o in OLD.operations}.get(change.operation, "header")
    kind = {"request header": "request", "reply header": "reply"}.get(change.direction, change.direction)
    verdicts = [
        compile_schema({"$ref": f"{BASE}{key}.{kind}.json"}, s.files).is_valid(change.witness.message)
        for s in (OLD, new)
    ]
    said = [change.witness.before, change.witness.now]
    if "need not be accepted" in said:
        assert True in verdicts
    else:
        assert verdicts == [word in ("allowed", "may be sent", "may be accepted") for word in said]


@pytest.mark.skipif("sys.platform != 'linux'")
def test_no_text_and_no_list_of_a_huge_length_is_made():
    text = {"type": "string", "minLength": 999_999_995, "maxLength": 1_000_000_000}
    edit = several(
        part("auth/properties/token", text),
        put("signup.ack", "/properties/list", {"type": "array", "minItems": 500_000_000, "items": text}),
    )

    with limited("it", seconds=20, memory=GB):
        _, found = compared(edit)

    assert found.answer("gateways") != "not breaking"


def test_multiplied_alternatives_are_given_up_at_once():
    one, other = (
        normal({"type": "string", "allOf": [{"anyOf": [{"pattern": f"{c}{n}"}, {"pattern": "x"}]} for n in range(8)]})
        for c in "ab"
    )
    started = time.process_time()
    assert not within(one, other)
    assert time.process_time() - started < 2
