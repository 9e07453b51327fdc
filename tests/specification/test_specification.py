"""The schemas as data: broken ones are noticed, and both validators say the same of every message."""

import json
import shutil
from functools import cache

import jsonschema
import pytest
import yaml
from hypothesis import given
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from beckn_conformance.errors import KitError, SpecificationError, nearest
from beckn_conformance.messages.faults import fault_cases
from beckn_conformance.messages.hostile import MALFORMED
from beckn_conformance.messages.json_text import write_json
from beckn_conformance.specification.loading import default_folder, load
from beckn_conformance.specification.members import Member, json_type
from beckn_conformance.specification.validators import BASE, compile_schema
from tests.exchanges import (
    ACTIONS,
    ADD,
    CONFIG,
    GET,
    QUICK,
    SIGNUP,
    SPECIFICATION,
    UPDATE,
    Story,
    drawn,
    nack,
    valid_bodies,
)
from tests.texts import texts

KEYS = {SIGNUP: "signup", GET: "get", UPDATE: "info-update", ADD: "documents-add"}
REGISTRY = Registry().with_resources(
    (name, DRAFT202012.create_resource(content))
    for name, content in SPECIFICATION.files.items()
    if name.endswith(".json")
)


@cache
def both(name):
    """The two validators of a schema file."""
    return (
        compile_schema({"$ref": BASE + name}, SPECIFICATION.files),
        jsonschema.Draft202012Validator(SPECIFICATION.files[name], registry=REGISTRY),
    )


def agreed(name, value):
    """What both validators say of a value."""
    canonical, other = (bool(validator.is_valid(value)) for validator in both(name))
    assert canonical == other, (name, value)
    return canonical


@pytest.fixture
def folder(tmp_path):
    """A copy of schemas/ to be broken."""
    return shutil.copytree(default_folder(), tmp_path / "schemas")


def rows(folder):
    return yaml.safe_load((folder / "requirements.yaml").read_text(encoding="utf-8"))


def write(folder, requirements):
    (folder / "requirements.yaml").write_text(yaml.safe_dump(requirements, allow_unicode=True), encoding="utf-8")


# Loading.


def test_a_copy_of_the_schemas_is_the_same_specification(folder):
    copy = load(folder)

    assert copy.digest == SPECIFICATION.digest
    assert copy.requirements == SPECIFICATION.requirements


def test_a_changed_copy_has_another_digest(folder):
    changed = rows(folder)
    changed[0]["text"] += " Always."
    write(folder, changed)

    assert load(folder).digest != SPECIFICATION.digest


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SpecificationError, match="nowhere cannot be read"):
        load(tmp_path / "nowhere")


def test_a_package_without_schemas_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr("beckn_conformance.specification.loading.__file__", str(tmp_path / "a" / "specification.py"))

    with pytest.raises(SpecificationError, match="install the package again"):
        default_folder()


@pytest.mark.parametrize("name", ["requirements.yaml", "common.json"])
def test_a_file_that_is_missing_is_an_error(folder, name):
    (folder / name).unlink()

    with pytest.raises(SpecificationError, match="holds no requirements"):
        load(folder)


@pytest.mark.parametrize(("name", "text"), [("common.json", "{"), ("readings.yaml", "a: [1"), ("get.ack.json", "")])
def test_a_file_that_cannot_be_read_is_named(folder, name, text):
    (folder / name).write_text(text)

    with pytest.raises(SpecificationError, match=name.replace(".", r"\.")):
        load(folder)


def test_an_id_that_is_there_twice_is_named(folder):
    broken = rows(folder)
    write(folder, [*broken, broken[3]])

    with pytest.raises(SpecificationError, match=f"more than one entry for {broken[3]['id']}$"):
        load(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.update(operations=["delete"]),
        lambda row: row.update(remark="odd"),
        lambda row: row.pop("level"),
        lambda row: row.pop("operations"),
        lambda row: row.update(operations=5),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(folder, change):
    broken = rows(folder)
    change(broken[2])
    write(folder, broken)

    with pytest.raises(SpecificationError, match=f"requirements.yaml: {broken[2]['id']}"):
        load(folder)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "5",
        "{}",
        "- just text",
        "- {id: A, accepts: 5, operations: [get]}",
        "- {id: A, refuses: {}, operations: [get]}",
    ],
)
def test_a_catalogue_of_another_shape_is_an_error_of_the_specification(folder, content):
    (folder / "requirements.yaml").write_text(content)

    with pytest.raises(SpecificationError):
        load(folder)


def test_every_error_of_the_kit_can_be_caught_as_one():
    assert issubclass(SpecificationError, KitError)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("bindng", ["binding", "method"], "; did you mean 'binding'?"),
        ("zzz", ["b", "a"], "; known are a, b"),
        ("nope", [*"abcdefghijkl", "envelope"], ""),
        ("zzz", [], ""),
    ],
)
def test_a_hint_names_a_close_name_or_all_of_a_few(name, known, hint):
    assert nearest(name, known) == hint


# What the schemas say.


@pytest.mark.parametrize("action", ACTIONS)
def test_members_come_with_parents_before_children(action):
    pointers = [m.pointer for m in SPECIFICATION.members(action)]

    for place, pointer in enumerate(pointers):
        parent = pointer.rpartition("/")[0]
        assert parent == "" or parent in pointers[:place]


def test_a_member_knows_where_it_stands():
    members = {m.pointer: m for m in SPECIFICATION.members(SIGNUP)}
    name = members["/documents/*/name"]

    assert (name.name, name.parent, name.type, name.required, name.nullable) == (
        "name",
        "/documents/*",
        "string",
        True,
        False,
    )
    assert members["/documents"].nullable
    assert not members["/documents"].required


def test_members_of_an_update_may_be_left_out_and_those_of_a_signup_may_not():
    for pointer in ("/info/name", "/info/company_id"):
        (update,) = (m for m in SPECIFICATION.members(UPDATE) if m.pointer == pointer)
        (signup,) = (m for m in SPECIFICATION.members(SIGNUP) if m.pointer == pointer)
        assert (update.required, update.nullable) == (False, True)
        assert (signup.required, signup.nullable) == (True, False)


def test_every_value_has_one_json_type():
    values = ["", 1, 1.5, True, [], {}, None]

    assert [json_type(v) for v in values] == ["string", "number", "number", "boolean", "array", "object", "null"]


def text_members():
    for action in ACTIONS:
        for member in SPECIFICATION.members(action):
            if member.type == "string":
                yield pytest.param(member, id=f"{action}{member.pointer}")


@pytest.mark.parametrize("member", list(text_members()))
def test_what_must_be_accepted_is_not_to_be_refused(member):
    for example in member.schema["examples"]:
        assert member.borders.safe(example)
        assert member.borders.nearly_safe(example)
        assert member.borders.approves(example)
        assert member.borders.tolerates(example)


@pytest.mark.parametrize("member", list(text_members()))
def test_what_is_called_malformed_is_to_be_refused(member):
    for value in member.malformed("must").values():
        assert not member.borders.tolerates(value)
        assert not member.borders.safe(value)
    for value in member.malformed("should").values():
        assert member.borders.tolerates(value)
        assert not member.borders.approves(value)
        assert not member.borders.safe(value)


def test_a_line_break_at_the_end_is_seen():
    for member in SPECIFICATION.members(SIGNUP):
        if member.type == "string":
            assert not member.borders.safe(member.schema["examples"][0] + "\n")


@given(texts(max_size=30))
@QUICK
def test_a_text_of_any_kind_can_be_held_against_the_schemas(text):
    for member in SPECIFICATION.members(SIGNUP):
        if member.type == "string":
            assert not (member.borders.safe(text) and not member.borders.tolerates(text))
            assert member.borders.nearly_safe(text) or not member.borders.safe(text)


def test_each_operation_has_a_prefix():
    assert [SPECIFICATION.operation(action).prefix for action in ACTIONS] == ["SIGNUP", "GET", "UPDATE", "DOCUMENTS"]


def test_a_schema_without_type_cannot_be_a_member():
    with pytest.raises(SpecificationError, match="one type"):
        _ = Member("/a", {}, True, False).type


# Both validators.


@pytest.mark.parametrize("action", ACTIONS)
def test_both_validators_take_every_valid_request(action):
    for seed in range(10):
        assert agreed(f"{KEYS[action]}.request.json", valid_bodies(drawn(seed=seed))[action])


@pytest.mark.parametrize("action", ACTIONS)
def test_both_validators_agree_on_every_request_with_one_fault(action):
    body = valid_bodies()[action]
    for case in fault_cases(action, SPECIFICATION, CONFIG):
        must = SPECIFICATION.requirements[case.requirement].level == "MUST"

        assert agreed(f"{KEYS[action]}.request.json", case.spoil(body)) != must, case.id


def test_both_validators_agree_on_every_reply_of_a_fair_gateway():
    story = Story()
    story.signup()
    story.get()
    story.update()
    story.add()
    for made in story.exchanges:
        key = KEYS[made.action]
        assert agreed(f"{key}.ack.json", made.received.body)
        for pointer in made.received.body:
            without = {k: v for k, v in made.received.body.items() if k != pointer}
            assert not agreed(f"{key}.ack.json", without)


@pytest.mark.parametrize("text", ["", " ", "\n", "\u00a0", "\u2003", "\ufeff", "\x1f", "a", "\u180e", "\x85"])
def test_both_validators_agree_on_what_is_blank(text):
    body = {"registration": {"id": text, "status": "UPDATE-FAIL"}}

    agreed("info-update.nack.json", body)
    agreed("get.nack.json", body)


PHONES = [
    "+91-8023329991\n",
    "\n+91-8023329991",
    "+91-٣٤٥٦٧٨٩",
    "+91-80233²9991",
    "+91\u00a0-802332",
    "+-1",
    "+1-2-3-4",
]
EMAILS = ["a@b\n", "\na@b", "a\u00a0b@c", "ä@ö", "a@b@c", '"a b"@c', "a\u2028b@c", "a@b\x1f", "\ufeffa@b"]


@pytest.mark.parametrize(("name", "value"), [*(("phone", p) for p in PHONES), *(("email", e) for e in EMAILS)])
def test_both_validators_agree_on_odd_phones_and_addresses(name, value):
    body = valid_bodies()[SIGNUP]
    agreed("signup.request.json", {**body, "info": {**body["info"], name: value}})


def test_both_validators_agree_on_nacks():
    for body in ({}, {"info": "no"}, {"info": {"phone": 5}}, {"documents": [None, {"name": "x"}]}, {"info": []}, []):
        content = json.loads(nack(body).content)
        agreed("signup.nack.json", content)


@pytest.mark.parametrize("text", MALFORMED.values(), ids=list(MALFORMED))
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_sent_as_unreadable_is_no_object(action, text):
    try:
        value = json.loads(text(write_json(valid_bodies()[action])))
    except ValueError:
        return
    assert not isinstance(value, dict)
