"""Replies are judged by the whole of their schema: whatever keyword a changed copy of schemas/ adds is held to."""

import copy
import dataclasses

import pytest

from beckn_conformance.judging.checks.breaches import breaches
from beckn_conformance.judging.finding import Obligation
from beckn_conformance.judging.obligations import obligations
from beckn_conformance.specification.validators import compile_schema
from tests.exchanges import ADD, CONFIG, SIGNUP, SPECIFICATION, UPDATE, Story, configured, nack, put

FAX = {"type": "string", "x-safe": {"pattern": "^[0-9]{6}$"}}


def changed(change, file="common.json"):
    """The specification with one of its files changed."""
    files = copy.deepcopy(dict(SPECIFICATION.files))
    change(files[file])
    return dataclasses.replace(SPECIFICATION, files=files, digest=repr(files), _members={})


def part(name, member, **keywords):
    """A change that adds keywords to a member of a part of replies."""
    return lambda common: common["$defs"][name]["properties"][member].update(keywords)


def told(specification, *, config=CONFIG, act=None):
    story = Story(config, specification=specification)
    story.signup()
    story.wait()
    (act or Story.get)(story)
    return [(f.requirement, f.pointer, f.kind) for f in story.told()]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (part("registration", "status", const="ACTIVE"), ("GET-BODY", "/registration/status", "another-status")),
        (part("registration", "status", enum=["A", "B"]), ("GET-BODY", "/registration/status", "another-status")),
        (part("registration", "id", pattern="^REG-"), ("GET-ID", "/registration/id", "another-form")),
        (part("info_kept", "name", maxLength=1), ("GET-BODY", "/info/name", "too-long")),
        (part("info_kept", "name", minLength=900), ("GET-BODY", "/info/name", "too-short")),
        (part("info_kept", "name", format="date"), ("GET-BODY", "/info/name", "another-format")),
        (part("info_kept", "name", anyOf=[{"type": "null"}, {"maxLength": 1}]), ("GET-BODY", "/info/name", "too-long")),
        (part("info_kept", "name", **{"not": {"minLength": 1}}), ("GET-BODY", "/info/name", "another-form")),
        (lambda common: common["$defs"]["info_kept"]["required"].append("fax"), ("GET-BODY", "/info/fax", "missing")),
        (lambda common: common["$defs"]["info_kept"].update(maxProperties=1), ("GET-BODY", "/info", "too-many")),
    ],
)
def test_any_keyword_of_a_reply_is_judged(change, expected):
    assert expected in told(changed(change))


@pytest.mark.parametrize(
    ("keywords", "kind"),
    [({"minItems": 50}, "too-few"), ({"maxItems": 1}, "too-many"), ({"contains": {"const": 1}}, "another-form")],
)
def test_a_list_of_another_length_is_one_finding_at_the_list(keywords, kind):
    specification = changed(lambda body: body["properties"]["documents"].update(keywords), "get.ack.json")

    assert told(specification) == [("GET-BODY", "/documents", kind)]


@pytest.mark.parametrize("act", [Story.update, Story.add])
def test_a_literal_of_the_schemas_is_what_is_required(act):
    specification = changed(part("registration_pending", "status", const="CHANGE-REQUESTED"))
    prefix = "UPDATE" if act is Story.update else "DOCUMENTS"

    def renamed(story):
        act(story, change=put("/registration/status", "CHANGE-REQUESTED"))

    assert told(specification, act=act) == [(f"{prefix}-STATUS", "/registration/status", "another-status")]
    assert told(specification, act=renamed) == []


def test_the_literal_of_a_refused_update_comes_from_the_schemas():
    specification = changed(part("failed_registration", "status", const="CHANGE-REFUSED"))

    def refused(word):
        def act(story):
            body = {"registration": {"status": word}, "info": {"phone": "is no number"}}
            story.update(story.values.info(phone="none"), answer=nack(body))

        return act

    assert told(specification, act=refused("CHANGE-REFUSED")) == []
    assert ("UPDATE-FAIL-STATUS", "/registration/status", "another-status") in told(
        specification, act=refused("UPDATE-FAIL")
    )


def test_the_first_status_of_an_enum_is_due_until_documents_are_verified():
    def change(common):
        for name in ("document_new", "document_numbered", "api_new"):
            common["$defs"][name]["properties"]["status"]["enum"] = ["WAITING", "CHECKED"]

    def documents(word):
        def act(body):
            for item in (*body["documents"], body["api"]):
                item["status"] = word

        return act

    specification = changed(change)
    immediate = configured(verification="immediate")
    for config, word, due in (
        (CONFIG, "WAITING", True),
        (CONFIG, "CHECKED", False),
        (immediate, "CHECKED", True),
        (immediate, "VERIFIED", False),
    ):
        story = Story(config, specification=specification)
        story.signup(change=documents(word))
        assert (story.findings() == []) == due, word


def test_a_name_that_is_declared_takes_the_place_of_the_literal():
    own = configured(status_names={"UPDATE-PENDING": "CHANGE-REQUESTED"})

    def renamed(story):
        story.update(change=put("/registration/status", "CHANGE-REQUESTED"))

    assert told(SPECIFICATION, config=own, act=renamed) == []
    assert told(SPECIFICATION, config=own, act=Story.update) == [
        ("UPDATE-STATUS", "/registration/status", "another-status")
    ]


@pytest.mark.parametrize("change", [put("/info/fax", None), put("/info/else", 1), put("/more", {"a": []})])
def test_null_for_an_optional_member_and_extra_members_are_fair(change):
    specification = changed(lambda common: common["$defs"]["info_kept"]["properties"].update(fax={"type": "string"}))

    assert told(specification, act=lambda story: story.get(change=change)) == []


def test_a_message_of_a_nack_is_held_to_its_schema():
    specification = changed(lambda common: common["$defs"]["error"].update(maxLength=5))

    def refused(text):
        return lambda story: story.signup(story.values.signup(phone="none"), answer=nack({"info": {"phone": text}}))

    assert told(specification, act=refused("wrong")) == []
    assert told(specification, act=refused("is no phone number")) == [("NACK-TEXT", "/info/phone", "too-long")]


def test_a_part_of_a_reply_may_have_several_forms():
    def change(common):
        other = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string", "maxLength": 9}}}
        common["$defs"]["api_kept"] = {"anyOf": [common["$defs"]["api_kept"], other]}

    specification = changed(change)

    assert told(specification) == []
    assert told(specification, act=lambda s: s.get(change=put("/api", {"url": "short"}))) == []
    assert told(specification, act=lambda s: s.get(change=put("/api", {}))) == [("GET-BODY", "/api", "another-form")]


def test_the_message_of_every_reply_is_held_to_the_schema_of_its_header():
    specification = changed(
        lambda header: header["properties"]["message"].update(maxLength=9, pattern="^[a-z]"), "header.reply.json"
    )

    found = set(told(specification))

    assert found == {("REPLY-MESSAGE", "header:message", "too-long")}


# Optional members of a request.


@pytest.fixture
def with_fax():
    def change(common):
        for name in ("info", "info_change"):
            common["$defs"][name]["properties"]["fax"] = FAX

    return changed(change)


def test_a_request_without_an_optional_member_is_valid(with_fax):
    story = Story(specification=with_fax)
    story.signup()
    story.update()

    judgements = story.judgements()

    assert [j.finding for j in judgements if j.finding] == []
    met = {(j.requirement, j.obligation) for j in judgements}
    assert {("SIGNUP-ACK", Obligation(SIGNUP, "/info/fax", "left out")), ("SIGNUP-ACK", Obligation(SIGNUP))} <= met
    assert ("UPDATE-ACK", Obligation(UPDATE, "/info/fax", "left out")) in met


@pytest.mark.parametrize(
    "answer",
    [nack({"info": {"fax": "is needed"}}), nack({}), nack({"info": "lacks a fax"})],
    ids=["place", "", "whole"],
)
def test_a_refusal_without_an_optional_member_names_it(with_fax, answer):
    story = Story(specification=with_fax)
    story.signup(answer=answer)
    story.signup()
    story.signup(answer=answer)

    (finding, *_) = [f for f in story.told() if f.exchange == story.exchanges[-1].id]

    assert (finding.requirement, finding.pointer, finding.kind) == ("SIGNUP-ACK", "/info/fax", "refused-without")
    assert finding.sent == "Provider/signup, valid, with no /info/fax"
    assert finding.expected == "ACK to a request without /info/fax"


def test_an_optional_member_with_a_requirement_of_its_own_has_to_be_left_out_once(with_fax):
    row = SPECIFICATION.requirements["SIGNUP-ACK-NAME"]
    own = dataclasses.replace(
        row, id="SIGNUP-ACK-FAX", accepts=dataclasses.replace(row.accepts, members=("/info/fax",))
    )
    specification = dataclasses.replace(with_fax, requirements={**with_fax.requirements, own.id: own}, digest="own row")

    assert Obligation(SIGNUP, "/info/fax", "left out") in obligations(specification, CONFIG)[own.id]


def test_what_a_signup_needs_may_be_asked_for_later():
    omissible = {
        action: [m.pointer for m in SPECIFICATION.members(action) if m.omissible] for action in (SIGNUP, UPDATE, ADD)
    }

    assert omissible == {SIGNUP: [], UPDATE: [], ADD: []}


# Breaches.


def kinds(schema, value):
    return [(b.pointer, b.kind) for b in breaches(compile_schema(schema), value)]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "string", "const": "A"}, 5, [("", "another-type")]),
        ({"enum": ["A", 1]}, "B", [("", "another-value")]),
        ({"exclusiveMinimum": 3}, 3, [("", "too-small")]),
        ({"multipleOf": 2}, 3, [("", "no-multiple")]),
        ({"uniqueItems": True}, [1, 1], [("", "repeated")]),
        ({"properties": {"a": {"pattern": r"\S"}}}, {"a": " "}, [("/a", "blank")]),
        ({"properties": {"a": {"pattern": "^b"}}}, {"a": " "}, [("/a", "another-form")]),
        ({"properties": {"a": False}}, {"a": 1}, [("/a", "not-allowed")]),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, [("", "extra")]),
        ({"anyOf": [{"type": "null"}, {"properties": {"a": {"maximum": 1}}}]}, {"a": 2}, [("/a", "too-large")]),
        ({"oneOf": [{"minLength": 9}, {"maxLength": 1}]}, "abc", [("", "another-form")]),
        ({"items": {"type": "string"}}, ["a", None], [("/1", "another-type")]),
        ({"type": "object"}, "\ud800", [("", "another-type")]),
    ],
)
def test_a_breach_is_told_as_what_it_is(schema, value, expected):
    assert kinds(schema, value) == expected
