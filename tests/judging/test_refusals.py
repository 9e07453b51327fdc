"""What is refused, for which reason, and what must not be (T5, H1 to H3, Q1 to Q12, R6, R14 to R18)."""

import pytest

from tests.exchanges import (
    ACTIONS,
    ADD,
    GET,
    SIGNUP,
    UPDATE,
    Story,
    changed,
    configured,
    drop,
    nack,
    put,
    reply,
)
from tests.judging.calls import PREFIX, answered, begun, call, fair

# Faulty headers (T5, H1, H3).


@pytest.mark.parametrize("action", [SIGNUP, ADD])
@pytest.mark.parametrize(
    ("name", "value", "requirement"),
    [
        ("Action", None, "HEADER-NACK-ACTION"),
        ("Action", "Provider/close", "HEADER-NACK-ACTION"),
        ("Timestamp", None, "HEADER-NACK-TIMESTAMP"),
        ("Timestamp", "yesterday", "HEADER-NACK-TIMESTAMP"),
        ("Timestamp", "2026-02-30T10:00:00", "HEADER-NACK-TIMESTAMP"),
    ],
)
def test_a_faulty_header_that_is_acknowledged_is_a_finding(action, name, value, requirement):
    story = begun()
    fair(story, action, header_changes={name: value})

    assert story.findings() == [(requirement, f"header:{name}")]


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize(
    ("token", "requirement"),
    [
        (None, "TOKEN-NACK-ABSENT"),
        ("", "TOKEN-NACK-ABSENT"),
        ("made up", "TOKEN-NACK-UNKNOWN"),
        ("token-of-1000001", "TOKEN-NACK-FOREIGN"),
    ],
)
def test_a_wrong_token_that_is_acknowledged_is_a_finding(action, token, requirement):
    story = begun()
    story.signup()
    story.wait()
    fair(story, action, token=token)

    assert story.findings() == [(requirement, "header:Token")]


@pytest.mark.parametrize("action", [GET, UPDATE])
@pytest.mark.parametrize("body", [{}, {"registration": {"id": "whose?"}}, {"auth": {"token": "bad"}}, []])
def test_the_body_of_a_nack_for_a_wrong_token_is_not_judged(action, body):
    assert answered(action, nack(body, status=401), token="made up") == []
    assert answered(action, nack(content=b"", status=401), token=None) == []


def test_two_registrations_with_one_token_are_a_finding_when_it_works():
    story = begun()
    story.signup(token=story.mine.token)
    story.wait()
    story.get()

    assert story.findings() == [("TOKEN-NACK-FOREIGN", "header:Token")]


# Refusals (Q1, Q2, R14, R15, R16, R18).

FAULTS = [
    (SIGNUP, drop("/info/name"), "SIGNUP-NACK-NAME", "/info/name"),
    (SIGNUP, put("/info/phone", "8023329991"), "SIGNUP-NACK-PHONE", "/info/phone"),
    (SIGNUP, put("/info/email", ""), "SIGNUP-NACK-EMAIL", "/info/email"),
    (SIGNUP, put("/info/company_id", 7), "SIGNUP-NACK-COMPANY-ID", "/info/company_id"),
    (SIGNUP, put("/info/name", ""), "SIGNUP-NACK-EMPTY", "/info/name"),
    (SIGNUP, put("/info", "x"), "SIGNUP-NACK-INFO", "/info"),
    (SIGNUP, put("/documents", "x"), "SIGNUP-NACK-DOCUMENTS", "/documents"),
    (SIGNUP, put("/documents/1", 5), "SIGNUP-NACK-DOCUMENTS", "/documents/1"),
    (SIGNUP, drop("/documents/1/name"), "SIGNUP-NACK-DOCUMENT-NAME", "/documents/1/name"),
    (SIGNUP, put("/documents/0/data", 5), "SIGNUP-NACK-DOCUMENT-DATA", "/documents/0/data"),
    (SIGNUP, drop("/api"), "SIGNUP-NACK-API", "/api"),
    (SIGNUP, drop("/api/endpoint_url"), "SIGNUP-NACK-ENDPOINT-URL", "/api/endpoint_url"),
    (SIGNUP, put("/api/endpoint_url", "not a url"), "SIGNUP-NACK-NOT-URL", "/api/endpoint_url"),
    (GET, drop("/registration"), "GET-NACK-REGISTRATION", "/registration"),
    (GET, put("/registration/id", 5), "GET-NACK-ID", "/registration/id"),
    (GET, put("/registration/id", ""), "GET-NACK-EMPTY", "/registration/id"),
    (GET, put("/registration/id", "r-9"), "GET-NACK-UNKNOWN", "/registration/id"),
    (UPDATE, put("/info/phone", "none"), "UPDATE-NACK-PHONE", "/info/phone"),
    (UPDATE, put("/info", None), "UPDATE-NACK-INFO", "/info"),
    (UPDATE, put("/info", {}), "UPDATE-NACK-NOTHING", "/info"),
    (UPDATE, put("/registration/id", "r-9"), "UPDATE-NACK-UNKNOWN", "/registration/id"),
    (ADD, drop("/documents/1/data"), "DOCUMENTS-NACK-DOCUMENT-DATA", "/documents/1/data"),
    (ADD, put("/documents", 5), "DOCUMENTS-NACK-DOCUMENTS", "/documents"),
    (ADD, put("/registration/id", "r-9"), "DOCUMENTS-NACK-UNKNOWN", "/registration/id"),
]
BLAMED = [f for f in FAULTS if not (f[0] == ADD and f[3].startswith("/registration"))]
ids = [f"{requirement}{pointer}" for _, _, requirement, pointer in FAULTS]


def blame(action, pointer, text="is wrong"):
    """The body of a NACK with one message, in full length for lists."""
    body = {"registration": {"status": "UPDATE-FAIL"}} if action == UPDATE else {}
    parts = pointer.split("/")[1:]
    if parts[0] == "documents" and len(parts) > 1:
        items = [{}, {}]
        items[int(parts[1])] = {parts[2]: text} if len(parts) == 3 else text
        return {**body, "documents": items}
    if len(parts) == 1:
        return {**body, parts[0]: text}
    body[parts[0]] = {**body.get(parts[0], {}), parts[1]: text}
    return body


@pytest.mark.parametrize(("action", "fault", "requirement", "pointer"), FAULTS, ids=ids)
def test_a_faulty_body_that_is_acknowledged_is_one_finding(action, fault, requirement, pointer):
    found = answered(action, reply(body={"registration": {"id": "5"}}), change=fault)

    assert found == [(requirement, pointer)]


@pytest.mark.parametrize(("action", "fault", "requirement", "pointer"), FAULTS, ids=ids)
def test_a_faulty_body_that_is_blamed_at_its_place_is_none(action, fault, requirement, pointer):
    story = begun()
    call(story, action, nack(blame(action, pointer)), change=fault)

    assert story.findings() == []
    assert requirement in story.met()


@pytest.mark.parametrize(("action", "fault", "requirement", "pointer"), BLAMED, ids=[f[2] + f[3] for f in BLAMED])
def test_a_nack_that_blames_nothing_is_a_finding(action, fault, requirement, pointer):
    status = {"registration": {"status": "UPDATE-FAIL"}} if action == UPDATE else {}

    assert answered(action, nack(status), change=fault) == [(requirement, pointer)]


@pytest.mark.parametrize("action", [GET, ADD, UPDATE])
def test_the_body_of_documents_add_is_not_judged_for_an_unknown_registration(action):
    found = answered(action, nack({"note": "?"}), change=put("/registration/id", "r-9"))

    assert (
        found
        == {
            GET: [("GET-NACK-UNKNOWN", "/registration/id")],
            UPDATE: [
                ("UPDATE-NACK-UNKNOWN", "/registration/id"),
                ("UPDATE-FAIL-STATUS-UNKNOWN", "/registration/status"),
            ],
            ADD: [],
        }[action]
    )


@pytest.mark.parametrize("fault", [drop("/registration"), put("/registration/id", 5)])
@pytest.mark.parametrize("body", [{}, {"documents": [{"name": "bad"}]}, "no", [1]])
def test_the_body_of_documents_add_is_not_judged_for_a_fault_of_the_registration(fault, body):
    assert answered(ADD, nack(body), change=fault) == []


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


def test_a_nack_that_blames_only_a_sound_field_says_where_the_fault_is():
    found = answered(SIGNUP, nack({"info": {"name": "is wrong"}}), change=put("/info/phone", "none"))

    assert sorted(found) == [("NACK-SOUND", "/info/name"), ("SIGNUP-NACK-PHONE", "/info/phone")]


@pytest.mark.parametrize(
    ("place", "value", "body"),
    [
        ("/info/name", "Metro\u0007", {"info": {"name": "is wrong"}}),
        ("/documents", [{"name": "a.pdf", "data": "JVBERi0="}] * 6, {"documents": "are too many"}),
    ],
)
def test_a_gateway_may_stop_at_a_member_on_which_readers_differ(place, value, body):
    spoiled = [put(place, value), put("/info/phone", "none")]

    assert answered(SIGNUP, nack(body), change=spoiled) == []
    assert answered(SIGNUP, nack({"api": {}}), change=spoiled) == [("SIGNUP-NACK-PHONE", "/info/phone")]


def test_a_gateway_may_stop_at_a_member_that_the_page_does_not_know():
    spoiled = [put("/info/colour", "red"), put("/info/phone", "none")]

    assert answered(SIGNUP, nack({}), change=spoiled) == []
    assert answered(SIGNUP, nack({}), change=spoiled[1:]) == [("SIGNUP-NACK-PHONE", "/info/phone")]


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
    assert answered(ADD, nack({"documents": errors}), change=put("/documents/1/name", 5)) == []


def test_a_document_error_at_the_index_of_another_document_is_a_finding():
    found = answered(ADD, nack({"documents": [{"name": "is wrong"}, {}]}), change=put("/documents/1/name", 5))

    assert found == [("NACK-INDEX", "/documents/1/name")]


def test_a_document_error_at_the_other_member_is_a_finding():
    found = answered(ADD, nack({"documents": [{}, {"data": "bad"}]}), change=put("/documents/1/name", 5))

    assert ("DOCUMENTS-NACK-DOCUMENT-NAME", "/documents/1/name") in found


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (put("/info", "x"), {"info": {"name": "is missing", "phone": "is missing"}}),
        (drop("/info"), {"info": {"name": "is missing"}}),
        (drop("/api"), {"api": {"endpoint_url": "is missing"}}),
        (put("/documents", "x"), {"documents": [{"name": "bad", "data": "bad"}]}),
        (put("/documents", "x"), {"documents": "is no list"}),
        (put("/documents/1", "x"), {"documents": [{}, {"name": "is missing", "data": "is missing"}]}),
        (put("/documents/1", "x"), {"documents": [{}, "is no object"]}),
        (put("/documents/1", "x"), {"documents": "one is no object"}),
        (put("/documents/1", None), {"documents": [{"name": "is missing"}]}),
    ],
)
def test_a_whole_object_may_be_blamed_at_it_or_anywhere_beneath(fault, body):
    assert answered(SIGNUP, nack(body), change=fault) == []


def test_of_several_faults_each_is_to_be_blamed():
    faults = [put("/info/phone", "none"), put("/info/email", "none"), put("/documents/1/name", 5)]
    whole = {"info": {"phone": "a", "email": "b"}, "documents": [{}, {"name": "c"}]}

    assert answered(SIGNUP, nack(whole), change=faults) == []
    assert answered(SIGNUP, nack({"info": {"phone": "a"}}), change=faults) == [("NACK-ALL", "/info/email")]
    assert len(answered(SIGNUP, nack({}), change=faults)) == 1


def test_a_fault_of_the_registration_may_be_blamed_alone():
    faults = [put("/registration/id", 5), put("/info/phone", "none")]
    body = {"registration": {"id": "is no text", "status": "UPDATE-FAIL"}}

    assert answered(UPDATE, nack(body), change=faults) == []


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


# Refused updates (R6).


@pytest.mark.parametrize("status", [None, "UPDATE-PENDING", "update-fail", "", 5])
def test_a_refused_update_without_its_status_is_a_finding(status):
    body = {"info": {"phone": "is wrong"}, "registration": {} if status is None else {"status": status}}

    found = answered(UPDATE, nack(body), change=put("/info/phone", "none"))

    assert found == [("UPDATE-FAIL-STATUS", "/registration/status")]


def test_a_refused_update_may_name_its_registration():
    story = begun()
    body = {"registration": {"id": story.mine.id, "status": "UPDATE-FAIL"}, "info": {"phone": "is wrong"}}
    call(story, UPDATE, nack(body), change=put("/info/phone", "none"))

    # The id is the registration's and no message (R6, R14); the page shows a message there.
    assert {requirement for requirement, _ in story.findings()} <= {"NACK-ECHO"}


def test_the_gateways_own_word_for_a_refused_update_is_taken():
    story = begun(config=configured(status_names={"UPDATE-FAIL": "REJECTED"}))
    own = {"registration": {"status": "REJECTED"}, "info": {"phone": "is wrong"}}
    call(story, UPDATE, nack(own), change=put("/info/phone", "none"))
    assert story.findings() == []

    call(story, UPDATE, nack(blame(UPDATE, "/info/phone")), change=put("/info/phone", "none"))
    assert story.findings() == [("UPDATE-FAIL-STATUS", "/registration/status")]


def test_the_status_is_not_asked_for_where_the_header_is_at_fault():
    assert answered(UPDATE, nack({}), header_changes={"Timestamp": None}) == []


# Valid requests refused (Q1 to Q12, H2).


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_a_valid_request_that_is_refused_is_a_finding(action):
    assert answered(action, nack({})) == [(f"{PREFIX[action]}-ACK", "")]


@pytest.mark.parametrize(
    ("action", "pointer", "requirement"),
    [
        (SIGNUP, "/info/name", "SIGNUP-ACK-NAME"),
        (SIGNUP, "/info/phone", "SIGNUP-ACK-PHONE"),
        (SIGNUP, "/info/email", "SIGNUP-ACK-EMAIL"),
        (SIGNUP, "/info/company_id", "SIGNUP-ACK-COMPANY-ID"),
        (SIGNUP, "/documents/1/data", "SIGNUP-ACK-DOCUMENTS"),
        (SIGNUP, "/api/endpoint_url", "SIGNUP-ACK-ENDPOINT-URL"),
        (UPDATE, "/info/phone", "UPDATE-ACK-PHONE"),
        (ADD, "/documents/0/name", "DOCUMENTS-ACK-DOCUMENTS"),
    ],
)
def test_a_valid_value_that_is_blamed_is_a_finding_there(action, pointer, requirement):
    assert answered(action, nack(blame(action, pointer))) == [(requirement, pointer)]


@pytest.mark.parametrize(("owner", "findings"), [(-1, [("UPDATE-ACK", "")]), (-2, [])])
def test_an_update_may_repeat_its_own_company_id_and_no_other(owner, findings):
    story = begun()
    story.signup()
    story.signup()
    story.wait()
    info = {**story.values.info(), "company_id": story.registrations[owner].info["company_id"]}

    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": info}, nack({}))

    assert story.findings() == findings


def test_a_refused_name_with_symbols_is_less_of_a_finding():
    found = answered(SIGNUP, nack(blame(SIGNUP, "/info/name")), change=put("/info/name", "Metro 🚇"))

    assert found == [("SIGNUP-ACK-NAME-SYMBOLS", "/info/name")]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_a_good_token_that_is_refused_is_a_finding(action, status):
    assert answered(action, nack({}, status=status)) == [("TOKEN-ACCEPTED", "header:Token")]


@pytest.mark.parametrize("answer", [nack({}), nack({}, status=401), nack(blame(SIGNUP, "/info/name"), status=403)])
def test_signups_that_never_work_without_an_agreed_token_are_not_judged(answer):
    story = Story()
    call(story, SIGNUP, answer)

    assert story.findings() == []


def test_signups_that_never_work_with_the_agreed_token_are_a_finding():
    story = Story(configured(signup_token="agreed"))
    call(story, SIGNUP, nack({}), token="agreed")

    assert story.findings() == [("SIGNUP-ACK", "")]


def test_a_signup_that_blames_a_valid_member_is_a_finding_at_once():
    story = Story()
    call(story, SIGNUP, nack(blame(SIGNUP, "/info/phone")))

    assert story.findings() == [("SIGNUP-ACK-PHONE", "/info/phone")]


UNUSUAL = [
    put("/info/name", "a" * 65),
    put("/info/phone", " +91-8023329991"),
    put("/info/email", '"x y"@example.com'),
    put("/documents", []),
    drop("/documents"),
    put("/note", "extra"),
]


@pytest.mark.parametrize("answer", [nack({"info": {"name": "no"}, "api": "no"}), nack([])])
@pytest.mark.parametrize("change", UNUSUAL)
def test_nothing_is_due_to_an_unclear_request(change, answer):
    assert answered(SIGNUP, answer, change=change) == []
