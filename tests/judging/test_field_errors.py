"""The messages of a NACK stand where they belong, and blame nothing else (R14, R15, R18)."""

import pytest

from beckn_conformance.judging.checks import field_errors
from beckn_conformance.judging.tally import Tally
from tests.exchanges import ACTIONS, ADD, SIGNUP, UPDATE, Story, changed, drop, nack, put
from tests.judging.calls import answered, begun, call


@pytest.mark.parametrize("quiet", [None, "", "  ", {}, []])
@pytest.mark.parametrize("pointer", ["/info/name", "/info/email", "/api/endpoint_url", "/api", "/documents"])
def test_an_empty_slot_of_a_sound_field_is_no_blame(quiet, pointer):
    body = {"info": {"phone": "is wrong"}, "api": {}}

    found = answered(SIGNUP, nack(changed(body, put(pointer, quiet))), change=put("/info/phone", "none"))

    assert found == []


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/info/name", "is wrong"),
        ("/info/email", "is wrong"),
        ("/info/company_id", ["is wrong"]),
        ("/api/endpoint_url", "is wrong"),
        ("/documents", [{"name": "is wrong"}]),
        ("/documents", [{}, {"data": "is wrong"}]),
    ],
)
def test_a_nack_that_blames_a_sound_field_is_a_finding(pointer, value):
    body = changed({"info": {"phone": "is wrong"}, "api": {}}, put(pointer, value))

    found = answered(SIGNUP, nack(body), change=put("/info/phone", "none"))

    assert [requirement for requirement, _ in found] == ["NACK-SOUND"]
    assert found[0][1].startswith(pointer)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"info": {"phone": "is wrong", "name": "OK", "email": "OK"}}, "/info"),
        ({"info": {"phone": "is wrong", "name": "OK"}, "api": {"endpoint_url": "OK"}}, ""),
        ({"info": {"phone": "is wrong"}, "documents": [{"name": "OK", "data": "OK"}]}, "/documents/0"),
    ],
)
def test_sound_fields_that_are_blamed_together_are_one_finding_at_what_holds_them(body, place):
    found = answered(SIGNUP, nack(body), change=put("/info/phone", "none"))

    assert {*found} == {("NACK-SOUND", place)}


def test_a_nack_that_blames_only_a_sound_field_says_where_the_fault_is():
    found = answered(SIGNUP, nack({"info": {"name": "is wrong"}}), change=put("/info/phone", "none"))

    assert sorted(found) == [("NACK-SOUND", "/info/name"), ("SIGNUP-NACK-PHONE", "/info/phone")]


def test_a_registration_that_is_unknown_all_at_once_is_one_finding():
    story = begun()
    unknown = nack({"registration": {"id": "is unknown", "status": "UPDATE-FAIL"}})
    call(story, UPDATE, unknown, change=put("/info/phone", "none"))
    call(story, UPDATE, unknown)
    tally = Tally()
    for judgement in story.judgements():
        tally.add(judgement)

    left = [r.finding for records in tally.found.values() for r in records.values() if not tally.follows(r)]
    assert [(finding.requirement, finding.pointer) for finding in left] == [("UPDATE-ACK", "/registration/id")]


@pytest.mark.parametrize("extra", [{"code": 5}, {"errors": ["x"]}, {"info": {"phone": "x", "hint": "y"}}])
def test_extra_members_of_a_nack_are_no_blame(extra):
    body = {"info": {"phone": "is wrong"}, **extra}

    assert answered(SIGNUP, nack(body), change=put("/info/phone", "none")) == []


@pytest.mark.parametrize(
    "errors",
    [
        [{}, {"name": "is wrong"}],
        [None, {"name": "is wrong"}],
        ["", {"name": "is wrong", "data": ""}],
        [{"name": "", "data": None}, {"name": "is wrong"}],
        [{"name": "is wrong"}],
    ],
)
def test_document_errors_may_stand_at_their_index_or_in_a_shorter_list(errors):
    story = begun()
    call(story, ADD, nack({"documents": errors}), change=put("/documents/1/name", 5))

    assert story.findings() == []
    assert "NACK-INDEX" in story.met()


@pytest.mark.parametrize("extra", [{"index": 1, "code": 422}, {"meta": {"codes": [422], "at": {"index": 1}}}])
def test_a_number_beside_the_message_about_a_document_is_no_message(extra):
    errors = [{}, {"name": "is not an object", **extra}]

    assert answered(ADD, nack({"documents": errors}), change=put("/documents/1", "text")) == []


def test_a_document_error_at_the_index_of_another_document_is_a_finding():
    found = answered(ADD, nack({"documents": [{"name": "is wrong"}, {}]}), change=put("/documents/1/name", 5))

    assert found == [("NACK-INDEX", "/documents")]


def test_a_document_error_one_place_too_far_is_a_finding():
    errors = [{}, {}, {"name": "is wrong"}]

    assert answered(ADD, nack({"documents": errors}), change=put("/documents/1/name", 5)) == [
        ("NACK-INDEX", "/documents")
    ]


def test_a_list_of_one_error_each_has_no_places():
    errors = [{"name": "is wrong"}, {"name": "is short"}, {"name": "is no text"}]

    assert answered(ADD, nack({"documents": errors}), change=put("/documents/1/name", 5)) == []


def test_a_document_error_at_the_other_member_is_a_finding():
    found = answered(ADD, nack({"documents": [{}, {"data": "bad"}]}), change=put("/documents/1/name", 5))

    assert ("DOCUMENTS-NACK-DOCUMENT-NAME", "/documents/1/name") in found


@pytest.mark.parametrize("value", [["is wrong"], {"code": 7}, 5, True, [{"msg": "x"}]])
def test_a_message_that_is_no_text_is_a_finding(value):
    found = answered(SIGNUP, nack({"info": {"phone": value}}), change=put("/info/phone", "none"))

    assert [requirement for requirement, _ in found] == ["NACK-TEXT"]
    assert found[0][1].startswith("/info/phone")


def test_the_value_sent_in_place_of_a_message_is_a_finding():
    found = answered(SIGNUP, nack({"info": {"phone": "none"}}), change=put("/info/phone", "none"))

    assert found == [("NACK-ECHO", "/info/phone")]


@pytest.mark.parametrize("body", [[], "no", 5, None, [[[{}]]], {"info": [[["x"]]]}, {"documents": {"0": "x"}}])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_nack_of_any_shape_is_no_more_than_a_finding(action, body):
    found = answered(action, nack(body), change=drop("/registration") if action != SIGNUP else drop("/info"))

    assert len(found) == len(set(found)) <= 3


def test_a_deeply_nested_nack_is_read():
    deep = {}
    for _ in range(150):
        deep = {"info": deep}
    deep["info"]["phone"] = "is wrong"

    assert answered(SIGNUP, nack(deep), change=put("/info/phone", "none")) == []


@pytest.mark.parametrize("place", ["/info/phone", "/info", "/documents", "/api"])
def test_messages_at_places_of_a_gateways_own_making_are_one_finding_whatever_they_are_called(place):
    found = set()
    for key in ("one", "another", "a/b"):
        info = {"phone": {key: {key: 5}}, key: [5]}
        body = {"info": info, "documents": {key: 5}, "api": {"endpoint_url": [{key: 1}]}}
        found |= {f for f in answered(SIGNUP, nack(body), change=drop(place)) if f[0].startswith("NACK-")}

    assert {pointer for _, pointer in found} <= {"/info", "/info/phone", "/documents", "/api", "/api/endpoint_url"}


def test_a_nack_of_many_messages_is_judged_by_some_of_them():
    body = {"documents": [{"name": "x"}] * 20_000, "info": {"phone": "is wrong"}}
    story = Story()
    broken = story.values.signup(documents=2)
    broken["info"]["phone"] = "none"
    story.signup(broken, answer=nack(body))

    assert {requirement for requirement, _ in story.findings()} <= {"NACK-SOUND", "SIGNUP-NACK-PHONE"}
    assert len(story.judgements()) < 3000


def test_the_schema_of_a_nack_is_applied_once_for_all_its_messages(monkeypatch):
    applied = []

    def breaches(*arguments):
        applied.append(arguments)
        return real(*arguments)

    real = field_errors.breaches
    monkeypatch.setattr(field_errors, "breaches", breaches)
    body = {"documents": [{"name": "is missing"}] * 50}

    found = answered(ADD, nack(body), change=drop("/documents/0/name"))

    assert found == []
    assert len(applied) == 1
