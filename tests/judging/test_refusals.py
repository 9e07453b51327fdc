"""What is refused, for which reason, and what must not be (T5, H1 to H3, Q1 to Q12, R6, R14 to R18)."""

from dataclasses import replace

import pytest

from beckn_conformance.messages.tokens import with_more_behind, with_more_in_front
from tests.exchanges import ADD, GET, SIGNUP, UPDATE, configured, drop, nack, put, reply
from tests.judging.calls import answered, begun, blame, call, fair

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


@pytest.mark.parametrize(
    ("of", "sent"), [("id", "the registration's id as its token"), (None, 'the token "null"'), ("token", "valid")]
)
def test_a_finding_on_a_token_that_is_no_secret_names_it(of, sent):
    story = begun()
    fair(story, GET, token=getattr(story.mine, of) if of else "null")

    assert [finding.sent for finding in story.told()] == ([f"Provider/get with {sent}"] if of != "token" else [])


@pytest.mark.parametrize(
    ("token", "sent"),
    [
        (with_more_behind, "the registration's token with more behind it"),
        (with_more_in_front, "the registration's token with more in front"),
        ("{} without its end".format, "the registration's token without its end"),
        ("another-{}".format, "a token that no signup gave"),
    ],
)
def test_a_finding_on_a_token_made_of_a_given_one_says_how(token, sent):
    story = begun()
    fair(story, GET, token=token(story.mine.token))

    assert [finding.sent for finding in story.told()] == [f"Provider/get with {sent}"]


def nearly_expired():
    story = begun()
    story.signup(change=put("/auth/exp", str(int(story.now + 120))))
    story.wait()
    return story


@pytest.mark.parametrize("blamed", [None, "/registration/id", "/auth/token"])
def test_a_faulty_request_with_a_token_that_may_have_expired_may_be_refused_for_the_token(blamed):
    story = nearly_expired()
    call(story, UPDATE, nack(blame(UPDATE, blamed) if blamed else {}), change=put("/info/phone", "12"))

    assert story.findings() == []


def test_a_faulty_request_with_a_token_that_may_have_expired_must_not_be_acknowledged():
    story = nearly_expired()
    story.update(info={"phone": "12"})

    assert ("UPDATE-NACK-PHONE", "/info/phone") in story.findings()


@pytest.mark.parametrize("action", [GET, UPDATE])
def test_an_unknown_id_with_a_token_that_may_have_expired_may_be_refused_for_the_token(action):
    story = nearly_expired()
    call(story, action, nack({}), change=put("/registration/id", "r-9"))

    assert story.findings() == []


@pytest.mark.parametrize(
    ("exp", "clock", "age", "fair"),
    [
        ("2026-05-04T11:00:00Z", "", 600, False),
        ("2026-05-04T11:00:00Z", "", 3560, True),
        ("2026-05-04T11:00:00Z", "Mon, 04 May 2026 10:55:00 GMT", 600, True),
        ("2026-05-04T11:00:00", "", 25, False),
        ("2026-05-04T11:00:00", "", 600, True),
        ("2026-05-05T11:00:00", "", 600, False),
        ("in an hour", "", 25, False),
        ("in an hour", "", 600, True),
        ("3600", "", 600, True),
        ("2020-01-01T00:00:00Z", "", 600, True),
    ],
)
def test_a_token_that_is_refused_before_it_can_have_expired_is_a_finding(exp, clock, age, fair):
    story = begun()
    made = story.signup(change=put("/auth/exp", exp))
    dated = replace(made.reply, headers=(*made.reply.headers, *([("Date", clock)] if clock else [])))
    story.exchanges[-1] = replace(made, reply=dated)
    story.wait(age)
    call(story, GET, nack({}, status=401))

    assert (("TOKEN-ACCEPTED", "header:Token") in story.findings()) is not fair


def test_the_token_of_a_provider_who_signed_up_again_may_have_been_replaced():
    story = begun()
    body = story.values.signup()
    story.signup(body=body, id_="r-1", token="first")
    story.signup(body=body, id_="r-1", token="second")
    story.wait()
    call(story, GET, nack({}, status=401), token="first")

    assert story.findings() == []


def test_what_is_acknowledged_is_judged_even_if_the_token_may_have_expired():
    story = nearly_expired()
    story.get(change=put("/info/email", "other@example.com"))

    assert story.findings() == [("GET-ROUND-TRIP", "/info/email")]


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(("action", "prefix"), [(GET, "GET"), (UPDATE, "UPDATE")])
def test_an_unknown_id_may_be_refused_as_a_wrong_token_where_tokens_are_bound(action, prefix, bound):
    story = begun()
    if not bound:
        story.get(token=story.registrations[0].token)
    call(story, action, nack(status=401), change=put("/registration/id", "r-9"))

    found = {(f"{prefix}-NACK-UNKNOWN", "/registration/id")} <= {*story.findings()}
    assert found is not bound
    assert (f"{prefix}-NACK-UNKNOWN" in story.met()) is bound


@pytest.mark.parametrize("status", [200, 400, 404])
def test_an_unknown_id_is_blamed_where_the_refusal_does_not_speak_of_rights(status):
    found = answered(GET, nack(status=status), change=put("/registration/id", "r-9"))

    assert found == [("GET-NACK-UNKNOWN", "/registration/id")]


@pytest.mark.parametrize("action", [GET, UPDATE])
@pytest.mark.parametrize("body", [{}, {"registration": {"id": "whose?"}}, {"auth": {"token": "bad"}}, []])
def test_the_body_of_a_nack_for_a_wrong_token_is_not_judged(action, body):
    assert answered(action, nack(body, status=401), token="made up") == []
    assert answered(action, nack(content=b"", status=401), token=None) == []


@pytest.mark.parametrize(("closed", "findings"), [(True, [("TOKEN-NACK-FOREIGN", "/auth/token")]), (False, [])])
def test_two_registrations_with_one_token_are_a_single_finding(closed, findings):
    story = begun()
    story.signup(token=story.mine.token)
    story.look()
    story.update()

    told = [j.finding for j in story.judgements(closed=closed) if j.finding]
    assert [(finding.requirement, finding.pointer) for finding in told] == findings


def test_a_registration_that_shares_its_token_is_judged_like_any_other():
    story = begun()
    story.signup(token=story.mine.token)
    story.look(change=put("/api/endpoint_url", "https://another.example/"))

    assert ("GET-ROUND-TRIP", "/api/endpoint_url") in story.findings()


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


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (put("/info", "x"), {"info": {"name": "is missing", "phone": "is missing"}}),
        (drop("/info"), {"info": {"name": "is missing"}}),
        (drop("/api"), {"api": {"endpoint_url": "is missing"}}),
        (put("/documents", "x"), {"documents": [{"name": "bad", "data": "bad"}]}),
        (put("/documents", "x"), {"documents": "is no list"}),
        (put("/documents/1", "x"), {"documents": [{}, {"name": "is missing", "data": "is missing"}]}),
        (put("/documents/1", "x"), {"documents": [{}, "is not an object"]}),
        (put("/documents/1", "x"), {"documents": "one is no object"}),
        (put("/documents/1", None), {"documents": [{"name": "is missing"}]}),
    ],
)
def test_a_whole_object_may_be_blamed_at_it_or_anywhere_beneath(fault, body):
    assert answered(SIGNUP, nack(body), change=fault) == []


@pytest.mark.parametrize("action", [SIGNUP, ADD])
@pytest.mark.parametrize("member", ["name", "data"])
def test_errors_of_documents_under_their_index_in_an_object_are_a_finding(action, member):
    spoil = drop(f"/documents/1/{member}")
    errors = {"1": {member: "is missing"}}
    requirement = f"{'SIGNUP' if action == SIGNUP else 'DOCUMENTS'}-NACK-DOCUMENT-{member.upper()}"

    assert answered(action, nack({"documents": errors}), change=spoil) == [(requirement, "/documents")]
    assert answered(action, nack({"documents": [{}, errors["1"]]}), change=spoil) == []
    assert answered(action, nack({"documents": [errors["1"]]}), change=spoil) == []


@pytest.mark.parametrize("errors", [{}, {"1": {}}, {"0": None}, None, ""])
def test_a_list_without_a_fault_may_stand_as_an_empty_object(errors):
    body = {"info": {"phone": "is missing"}, "documents": errors}

    assert answered(SIGNUP, nack(body), change=drop("/info/phone")) == []


def test_of_several_faults_each_is_to_be_blamed():
    faults = [put("/info/phone", "none"), put("/info/email", "none"), put("/documents/1/name", 5)]
    whole = {"info": {"phone": "a", "email": "b"}, "documents": [{}, {"name": "c"}]}

    assert answered(SIGNUP, nack(whole), change=faults) == []
    assert answered(SIGNUP, nack({"info": {"phone": "a"}}), change=faults) == [("NACK-ALL", "")]
    assert len(answered(SIGNUP, nack({}), change=faults)) == 1


def test_a_faulty_value_that_was_refused_before_excuses_no_silence_about_others():
    faults = [put("/info/phone", "none"), put("/documents/1/name", 5)]
    story = begun()
    call(story, SIGNUP, nack({"info": {"phone": "a"}}), change=faults[0])
    call(story, SIGNUP, nack({"info": {"phone": "a"}}), change=faults)

    assert story.findings() == [("NACK-ALL", "")]


def test_a_fault_of_the_registration_may_be_blamed_alone():
    faults = [put("/registration/id", 5), put("/info/phone", "none")]
    body = {"registration": {"id": "is no text", "status": "UPDATE-FAIL"}}

    assert answered(UPDATE, nack(body), change=faults) == []


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
