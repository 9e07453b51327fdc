"""What changes beside the messages is told for both parties: operations, requirements, readings, other files."""

from dataclasses import replace

import pytest

from beckn_conformance.commands.spec import diff
from beckn_conformance.specification.loading import load
from tests.changed_schemas import with_operation

OLD = load()
SHOULD = next(r for r in OLD.requirements.values() if r.level == "SHOULD")
MUST = OLD.requirements["GET-ACK"]
MANY = OLD.requirements["REPLY-JSON"]
REFUSES = OLD.requirements["SIGNUP-NACK-PHONE"]
BREAKING, NOT = "breaking", "not breaking"


def told(new, old=OLD):
    return {(c.effect, c.party, c.operation) for c in diff.compare(old, new).changes}


def with_rows(rows):
    return replace(OLD, requirements=rows, digest="1" * 64)


def with_requirement(id_, **values):
    return with_rows({**OLD.requirements, id_: replace(OLD.requirements[id_], **values)})


@pytest.mark.parametrize(
    ("id_", "values", "gateways", "providers", "text"),
    [
        (SHOULD.id, {"level": "MUST"}, BREAKING, NOT, "MUST, before SHOULD"),
        (SHOULD.id, {"level": "MAY"}, NOT, NOT, "MAY, before SHOULD"),
        (MUST.id, {"level": "SHOULD"}, NOT, BREAKING, f"can no longer be relied on: {MUST.text}"),
        (MANY.id, {"operations": MANY.operations[1:]}, NOT, BREAKING, f"no longer of {MANY.operations[0]}"),
        (REFUSES.id, {"level": "SHOULD"}, NOT, NOT, "SHOULD, before MUST"),
        (MUST.id, {"text": "Other words."}, NOT, NOT, "another text"),
        (MUST.id, {"untestable": "It cannot be seen."}, NOT, BREAKING, "another untestable"),
    ],
)
def test_a_changed_requirement_is_told_to_both(id_, values, gateways, providers, text):
    found = diff.compare(OLD, with_requirement(id_, **values))

    assert (found.answer("gateways"), found.answer("providers")) == (gateways, providers)
    assert {change.operation for change in found.changes} == {f"requirement {id_}"}
    assert any(change.text == text for change in found.changes)


def test_a_must_that_is_gone_can_no_longer_be_relied_on():
    less = with_rows({id_: row for id_, row in OLD.requirements.items() if id_ != MUST.id})

    assert (BREAKING, "providers", f"requirement {MUST.id}") in told(less)
    assert (BREAKING, "gateways", f"requirement {MUST.id}") in told(OLD, less)


@pytest.mark.parametrize("values", [{}, {"title": "another title"}, {"section": "§2 Responses"}])
def test_a_renamed_requirement_breaks_nobody(values):
    rows = {id_: row for id_, row in OLD.requirements.items() if id_ != MUST.id}
    new = with_rows({**rows, "GET-SERVED": replace(MUST, id="GET-SERVED", **values)})

    (change,) = diff.compare(OLD, new).changes

    assert (change.effect, change.operation) == (NOT, "requirement GET-SERVED")
    assert change.text.startswith(f"renamed, before {MUST.id}")


def test_a_changed_reading_is_told():
    readings = {**OLD.readings, "R8": {**OLD.readings["R8"], "level": ["S"], "accepts": "Give ids."}}
    del readings["R9"]

    found = diff.compare(OLD, replace(OLD, readings=readings, digest="4" * 64)).changes

    assert {(c.effect, c.operation, c.text) for c in found} == {
        (NOT, "reading R8", "another accepts; level S, before M S"),
        (NOT, "reading R9", "is gone: order of documents"),
    }


def test_another_file_is_told():
    new = replace(OLD, files={**OLD.files, "page.yaml": {}, "more.json": {}}, digest="5" * 64)

    assert told(new) == {(NOT, "both", "file page.yaml"), (NOT, "both", "file more.json")}


def test_a_new_operation_breaks_gateways_and_one_that_is_gone_breaks_providers(tmp_path):
    new = load(with_operation(tmp_path / "schemas"))

    more, less = diff.compare(OLD, new), diff.compare(new, OLD)

    assert (BREAKING, "gateways") in {(c.effect, c.party) for c in more.changes if c.text == "a new operation"}
    assert (BREAKING, "providers") in {(c.effect, c.party) for c in less.changes if c.text == "no longer an operation"}
    assert not any("Provider/status" in c.text for c in more.changes if c.operation == "requirement REPLY-JSON")
    assert all(c.witness and c.witness.message["registration"] for c in more.changes if c.text == "a new operation")


def _with_operation_row(**values):
    operations = tuple(replace(o, **values) if o.key == "get" else o for o in OLD.operations)
    files = dict(OLD.files)
    if "key" in values:
        for kind in ("request", "ack", "nack"):
            files[f"{values['key']}.{kind}.json"] = files.pop(f"get.{kind}.json")
    return replace(OLD, operations=operations, files=files, digest="6" * 64)


def test_another_key_of_an_operation_breaks_nobody():
    found = diff.compare(OLD, _with_operation_row(key="fetch"))

    assert {change.effect for change in found.changes} == {NOT}
    assert any(change.text == "key fetch, before get" for change in found.changes)


def test_what_an_operation_changes_breaks_those_who_rely_on_it_or_have_to_do_it():
    less = replace(OLD, operations=tuple(replace(o, replaces="") for o in OLD.operations), digest="1" * 64)
    update = "operation Provider/info/update"

    assert told(less) == {(BREAKING, "providers", update), (NOT, "gateways", update)}
    assert told(OLD, less) == {(BREAKING, "gateways", update), (NOT, "providers", update)}


def test_another_action_of_an_operation_breaks_both():
    found = diff.compare(OLD, _with_operation_row(action="Provider/fetch"))

    (change,) = [change for change in found.changes if change.text == "renamed, before Provider/get"]
    assert (change.effect, change.party, change.operation) == (BREAKING, "both", "Provider/fetch")
