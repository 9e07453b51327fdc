"""The body of an ACK: what it holds, and what it says (R1 to R5, R7, R8, H4, H5)."""

import pytest

from beckn_conformance.messages.times import read_time
from tests.exchanges import (
    ACTIONS,
    ADD,
    GET,
    INFO,
    NOW,
    SIGNUP,
    UPDATE,
    VERIFIED,
    Story,
    configured,
    drop,
    nack,
    put,
    reply,
)
from tests.judging.calls import BOTH, PREFIX, begun, fair, fairly

# The body of an ACK (R1 to R5, R7, R8, H4, H5).

MEMBERS = {
    SIGNUP: {
        "/registration": "SIGNUP-BODY",
        "/registration/id": "SIGNUP-ID",
        "/registration/status": "SIGNUP-STATUS",
        "/auth": "SIGNUP-BODY",
        "/auth/token": "SIGNUP-TOKEN",
        "/auth/exp": "SIGNUP-EXP",
        "/info": "SIGNUP-BODY",
        "/documents": "SIGNUP-BODY",
        "/documents/0/data": "SIGNUP-BODY",
        "/documents/1/status": "SIGNUP-DOCUMENT-STATUS",
        "/api": "SIGNUP-BODY",
        "/api/endpoint_url": "SIGNUP-BODY",
        "/api/status": "SIGNUP-API-STATUS",
        **{f"/info/{name}": "SIGNUP-BODY" for name in INFO},
    },
    GET: {
        "/registration": "GET-BODY",
        "/registration/id": "GET-ID",
        "/registration/status": "GET-BODY",
        "/info/phone": "GET-BODY",
        "/documents": "GET-BODY",
        "/documents/0/name": "GET-BODY",
        "/api/endpoint_url": "GET-BODY",
    },
    UPDATE: {
        "/registration/id": "UPDATE-ID",
        "/registration/status": "UPDATE-STATUS",
        "/info/email": "UPDATE-BODY",
        "/documents/1/status": "UPDATE-DOCUMENT-STATUS",
        "/documents/1/data": "UPDATE-BODY",
        "/api": "UPDATE-BODY",
    },
    ADD: {
        "/registration/id": "DOCUMENTS-ID",
        "/registration/status": "DOCUMENTS-STATUS",
        "/info": "DOCUMENTS-BODY",
        "/documents/0/id": "DOCUMENTS-DOCUMENT-ID",
        "/documents/0/status": "DOCUMENTS-OLD-STATUS",
        "/api/endpoint_url": "DOCUMENTS-BODY",
    },
}
SLOTS = [(action, pointer, name) for action, slots in MEMBERS.items() for pointer, name in slots.items()]


@pytest.mark.parametrize(("action", "pointer", "requirement"), SLOTS)
def test_a_member_of_the_example_that_is_missing_is_one_finding(action, pointer, requirement):
    assert fairly(action, change=drop(pointer)) == [(requirement, pointer)]


@pytest.mark.parametrize(("action", "pointer", "requirement"), SLOTS)
@pytest.mark.parametrize("value", [None, 5.5])
def test_a_member_of_the_example_of_another_type_is_one_finding(action, pointer, requirement, value):
    assert fairly(action, change=put(pointer, value)) == [(requirement, pointer)]


def test_a_faulty_value_that_was_acknowledged_is_no_other_finding_where_it_is_shown():
    story = begun()
    story.update({**story.values.info(), "name": 5})
    story.add([{**story.values.document(), "name": ["a.pdf"]}])
    story.look()
    story.get(change=put("/info/name", 6))

    assert [finding for finding in story.findings() if "-BODY" in finding[0]] == [("GET-BODY", "/info/name")]
    assert {"UPDATE-NACK-NAME", "DOCUMENTS-NACK-DOCUMENT-NAME"} <= {name for name, _ in story.findings()}


@pytest.mark.parametrize(
    ("action", "pointer"),
    [(SIGNUP, p) for p in ("/registration/id", "/registration/status", "/auth/token", "/auth/exp")]
    + [(GET, "/registration/status"), (GET, "/registration/id"), (ADD, "/documents/0/id")],
)
@pytest.mark.parametrize("blank", ["", "   "])
def test_a_blank_text_where_something_is_to_be_said_is_a_finding(action, pointer, blank):
    found = fairly(action, change=put(pointer, blank))

    assert {at for _, at in found} == {pointer}
    assert MEMBERS[action][pointer] in {requirement for requirement, _ in found}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("body", [None, [], "text", 5, {}, [[]]])
def test_an_ack_of_another_shape_is_a_finding(action, body):
    story = begun()
    fair(story, action, change=lambda _: body, answer=reply(body=body))

    found = story.findings()

    assert found
    assert {requirement.partition("-")[0] for requirement, _ in found} == {PREFIX[action]}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("pointer", ["/note", "/info/fax", "/documents/0/size", "/api/version"])
def test_extra_members_of_an_ack_are_fine(action, pointer):
    assert fairly(action, change=put(pointer, {"any": ["thing"]})) == []


@pytest.mark.parametrize("pointer", ["/documents/0/status", "/documents/0/id", "/api/status"])
def test_a_member_that_may_be_left_out_may_be_null(pointer):
    assert fairly(GET, change=put(pointer, None)) == []
    assert fairly(GET, change=drop(pointer)) == []


@pytest.mark.parametrize(
    ("action", "pointer"), [(SIGNUP, "/documents/0/status"), (SIGNUP, "/api/status"), (ADD, "/documents/2/status")]
)
def test_what_was_just_handed_in_waits_for_verification(action, pointer):
    requirements = {
        "/documents/0/status": "SIGNUP-DOCUMENT-STATUS",
        "/api/status": "SIGNUP-API-STATUS",
        "/documents/2/status": "DOCUMENTS-NEW-STATUS",
    }
    for value in (VERIFIED, "pending-verification", "NEW", ""):
        assert fairly(action, change=put(pointer, value)) == [(requirements[pointer], pointer)]

    story = begun(config=configured(verification="immediate"))
    fair(story, action, change=put(pointer, VERIFIED))
    assert story.findings() == []
    story = begun(config=configured(verification="immediate"))
    fair(story, action, change=put(pointer, "NEW"))
    assert story.findings() == [(requirements[pointer], pointer)]


@pytest.mark.parametrize("status", ["REGISTERED", "pending", "42", "UPDATE-PENDING", "é"])
def test_any_status_will_do_at_signup(status):
    assert fairly(SIGNUP, change=put("/registration/status", status)) == []


@pytest.mark.parametrize("action", [UPDATE, ADD])
@pytest.mark.parametrize("status", ["UPDATED", "update-pending", VERIFIED])
def test_the_reply_to_a_change_says_update_pending(action, status):
    assert fairly(action, change=put("/registration/status", status)) == [
        (MEMBERS[action]["/registration/status"], "/registration/status")
    ]


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_older_documents_wait_or_are_verified(action):
    requirement = {UPDATE: "UPDATE-DOCUMENT-STATUS", ADD: "DOCUMENTS-OLD-STATUS"}[action]

    assert fairly(action, change=put("/documents/0/status", VERIFIED)) == []
    assert fairly(action, change=put("/documents/0/status", "")) == [(requirement, "/documents/0/status")]


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_the_id_of_another_registration_is_a_finding(action):
    assert fairly(action, change=put("/registration/id", "r-9")) == [(f"{PREFIX[action]}-ID", "/registration/id")]


def test_a_number_as_id_is_a_finding_and_the_run_goes_on():
    story = Story()
    story.signup(change=put("/registration/id", 1000001))
    story.look()
    story.get(change=put("/info/name", "another"))

    assert story.findings() == [("SIGNUP-ID", "/registration/id"), ("GET-ROUND-TRIP", "/info/name")]


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize("auth", [{"token": "again", "exp": "x"}, {"token": "again"}])
def test_a_credential_given_again_is_a_finding(action, auth):
    assert fairly(action, change=put("/auth", auth)) == [("TOKEN-NOT-REPEATED", "/auth")]


@pytest.mark.parametrize("binding", BOTH)
def test_a_token_that_is_repeated_anywhere_in_an_ack_is_a_finding(binding):
    story = begun(binding=binding)
    story.get(change=put("/registration/links", [f"/me?token={story.mine.token}"]))
    story.get(answer=reply("ACK", story.mine.shown(), message=f"by {story.mine.token}", binding=binding))

    assert story.findings() == [("TOKEN-NOT-REPEATED", ""), ("TOKEN-NOT-REPEATED", "header:message")]


@pytest.mark.parametrize(
    ("sent", "findings"), [("another", [("TOKEN-NOT-REPEATED", "header:message")]), ("{}", []), ("{}-more", [])]
)
def test_a_nack_may_repeat_the_token_that_was_sent_and_no_other(sent, findings):
    story = begun()
    answer = reply("NACK", {}, message=f"{story.mine.token} is needed")
    story.get(answer=answer, token=sent.format(story.mine.token))

    assert [one for one in story.findings() if one[0] == "TOKEN-NOT-REPEATED"] == findings


@pytest.mark.parametrize(("shared", "findings"), [(True, [("TOKEN-NOT-REPEATED", "")]), (False, [])])
def test_a_refused_signup_shows_no_token_of_whom_it_is_taken_for(shared, findings):
    story = begun()
    body = story.values.signup()
    if shared:
        body["info"]["phone"] = story.mine.info["phone"]
    story.signup(body, answer=nack({"info": {"phone": f"is taken by {story.mine.token}"}}))

    assert [one for one in story.findings() if one[0] == "TOKEN-NOT-REPEATED"] == findings


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize("auth", [None, {}, {"token": None}, {"token": ""}, {"token": "********1a2b"}])
def test_an_empty_credential_or_a_mask_is_none(action, auth):
    assert fairly(action, change=put("/auth", auth)) == []


AHEAD = [
    "2027-01-01T00:00:00Z",
    "2027-01-01T00:00:00+05:30",
    "2027-01-01 00:00:00",
    "20270101T000000Z",
    "2026-05-04T10:00:01Z",
    "2026-05-04T00:00:00",
    "2026-05-03T20:00:01",
    "2026-05-04",
    str(int(NOW) + 60),
    str((int(NOW) + 60) * 1000),
    f"{NOW + 60:.3f}",
]
UNREADABLE = [
    "never",
    "3600",
    "86400",
    "999999999",
    "1209600000",
    "P1D",
    "in an hour",
    "2027-99-99",
    "99999999999999999999",
    "202712312359",
]
PAST = [
    "2019-09-13T14:31:54Z",
    "2026-05-04T09:59:59Z",
    "2026-05-04T15:29:59+05:30",
    "2026-05-03T19:59:59",
    "2026-05-02",
    str(int(NOW) - 60),
    str((int(NOW) - 60) * 1000),
]


@pytest.mark.parametrize("exp", AHEAD + UNREADABLE)
def test_an_expiry_that_lies_ahead_or_is_no_time_is_fine(exp):
    assert fair_at_once(exp) == []


@pytest.mark.parametrize("exp", PAST)
def test_an_expiry_that_has_passed_is_a_finding(exp):
    assert fair_at_once(exp) == [("SIGNUP-EXP-AHEAD", "/auth/exp")]


def test_an_expiry_is_judged_by_the_clock_of_the_gateway_where_it_says_the_time():
    """The clock of the kit is an hour ahead, and a token of the gateway is valid for half of that."""
    body = {"registration": {"id": "1", "status": "REGISTERED"}, "auth": {"token": "t", "exp": "2026-05-04T09:30:00Z"}}
    fields = [("action", "ACK"), ("message", "received"), ("Content-Type", "application/json")]
    found = {}
    for date in ("Mon, 04 May 2026 09:00:00 GMT", "Mon, 04 May 2026 10:00:00 GMT", "Fri, 99 May", "x"):
        story = Story()
        story.signup(answer=reply(body=body, headers=[*fields, ("Date", date)]), at=NOW)
        found[date] = ("SIGNUP-EXP-AHEAD", "/auth/exp") in story.findings()

    assert list(found.values()) == [False, True, True, True]


def fair_at_once(exp):
    story = Story()
    story.signup(change=put("/auth/exp", exp), at=NOW)
    return story.findings()


@pytest.mark.parametrize("text", AHEAD + PAST)
def test_a_time_is_read_in_any_form(text):
    assert read_time(text) is not None


@pytest.mark.parametrize("text", UNREADABLE)
def test_other_texts_are_no_times(text):
    assert read_time(text) is None


@pytest.mark.parametrize("trouble", [None, "", "connection: closed before a reply came"])
def test_who_signs_up_again_may_be_shown_what_was_verified_since(trouble):
    story = begun()
    body = story.values.signup()
    if trouble is not None:
        story.signup(body=body, id_="r-1", token="first", trouble=trouble)
    story.signup(body=body, id_="r-1", token="second", change=put("/api/status", "DONE"))

    assert (("SIGNUP-API-STATUS", "/api/status") in story.findings()) is (trouble is None)
