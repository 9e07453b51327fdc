"""Single exchanges: a fair reply brings no finding, an unfair one the right requirement at the right place."""

import copy

import pytest

from beckn_conformance.judging.checks import CHECKS
from beckn_conformance.judging.history import covers
from beckn_conformance.messages.binding import EnvelopeBinding
from beckn_conformance.messages.times import read_time
from tests.exchanges import (
    ACTIONS,
    ADD,
    GET,
    HTTP,
    INFO,
    JSON,
    NOW,
    SIGNUP,
    SPECIFICATION,
    STRANGER,
    UPDATE,
    VERIFIED,
    Story,
    changed,
    configured,
    drop,
    nack,
    page,
    put,
    reply,
)

PREFIX = {SIGNUP: "SIGNUP", GET: "GET", UPDATE: "UPDATE", ADD: "DOCUMENTS"}
BOTH = [HTTP, EnvelopeBinding(), EnvelopeBinding("Header", "Body")]


def begun(**how):
    """A story in which every operation was served once, and the last registration is settled."""
    story = Story(**how)
    story.signup()
    story.wait()
    story.get()
    story.update()
    story.wait()
    story.add()
    story.wait()
    return story


def answered(action, answer, *, change=None, body=None, **how):
    """The findings on one more call: valid unless it is changed, answered as given."""
    story = begun()
    call(story, action, answer, change=change, body=body, **how)
    return story.findings()


def call(story, action, answer, *, change=None, body=None, **how):
    values = story.values
    reference = {"registration": {"id": story.mine.id}} if story.registrations else {}
    bodies = {
        SIGNUP: values.signup(documents=2),
        GET: reference,
        UPDATE: {**reference, "info": values.info()},
        ADD: {**reference, "documents": [values.document(), values.document()]},
    }
    body = bodies[action] if body is None else body
    for each in change if isinstance(change, list | tuple) else [change] if change else []:
        body = changed(body, each)
    return story.call(action, body, answer, **how)


def fair(story, action, **how):
    """A valid call with the fair reply."""
    return {SIGNUP: story.signup, GET: story.get, UPDATE: story.update, ADD: story.add}[action](**how)


def fairly(action, **how):
    story = begun()
    fair(story, action, **how)
    return story.findings()


def test_every_requirement_that_can_be_tested_has_a_check():
    unchecked = [
        requirement.id
        for requirement in SPECIFICATION.requirements.values()
        if not requirement.untestable and not covers(requirement) and not any(fits(requirement) for fits, _ in CHECKS)
    ]

    assert unchecked == []


@pytest.mark.parametrize("binding", BOTH, ids=["http", "header", "Header"])
def test_a_fair_gateway_brings_no_finding(binding):
    story = begun(binding=binding)
    story.signup()
    story.get()

    assert story.findings() == []


def test_what_a_fair_gateway_did_is_exercised():
    story = begun()

    assert {
        "REPLY-JSON",
        "REPLY-ACTION",
        "REPLY-MESSAGE",
        "REPLY-MESSAGE-BLANK",
        "REPLY-MEDIA-TYPE",
        "REPLY-STATUS-ACK",
        "REPLY-NO-CRASH",
        "REPLY-TIME",
        "TOKEN-ACCEPTED",
        "TOKEN-NOT-REPEATED",
        "SIGNUP-EXP-AHEAD",
        *(f"{prefix}-{what}" for prefix in PREFIX.values() for what in ("ENDPOINT", "ACK", "BODY")),
        *(f"{prefix}-ID" for prefix in PREFIX.values()),
    } <= story.met()


@pytest.mark.parametrize("action", [GET, UPDATE])
@pytest.mark.parametrize(("after", "findings"), [(0.5, 0), (60.0, 1)])
def test_a_token_not_visible_yet_may_hide_that_an_id_is_unknown(action, after, findings):
    """A lagging replica refuses the token before it looks at the id (R19)."""
    story = Story()
    story.signup()
    parts = {"info": story.values.info()} if action == UPDATE else {}
    story.wait(after)
    story.call(action, {"registration": {"id": "nobody"}, **parts}, nack())

    assert len([found for found in story.findings() if "-NACK-" in found[0]]) == findings


def test_an_unknown_id_is_blamed_also_while_a_token_may_not_be_visible():
    story = Story()
    story.signup()
    story.call(GET, {"registration": {"id": "nobody"}}, nack({"registration": {"id": "is unknown"}}))

    assert story.findings() == []
    assert "GET-NACK-UNKNOWN" in story.met()


# The form of replies (T6 to T10, T14, T15).


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", [201, 299])
def test_an_ack_may_have_any_status_of_success(action, status):
    story = begun()
    made = fair(story, action)
    story.exchanges.pop()
    fair_body = made.received.body
    story.call(action, made.sent.body, reply("ACK", fair_body, status=status))

    assert story.findings() == []


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_an_ack_with_another_status_is_a_finding(status):
    story = begun()
    story.get(answer=reply("ACK", story.mine.shown(), status=status))

    assert story.findings() == [("REPLY-STATUS-ACK", "")]


@pytest.mark.parametrize("status", [200, 202, 400, 401, 404, 422, 429, 451])
@pytest.mark.parametrize("action", [SIGNUP, UPDATE])
def test_a_nack_may_have_any_status_of_success_or_of_the_client(action, status):
    assert answered(action, nack(status=status), header_changes={"Action": "nonsense"}) == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_nack_with_the_status_of_a_server_error_is_a_finding(status):
    found = answered(GET, nack(status=status), header_changes={"Action": "nonsense"})

    assert found == [("REPLY-STATUS-NACK", "")]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", [500, 501, 597])
def test_a_server_error_without_an_answer_is_a_finding(action, status):
    assert answered(action, page(status)) == [("REPLY-NO-CRASH", "")]


@pytest.mark.parametrize("action", [SIGNUP, ADD])
@pytest.mark.parametrize(
    "answer",
    [
        page(502),
        page(503),
        page(504),
        page(403),
        page(429),
        page(302, b""),
        page(503, b'{"error": "overloaded"}', "application/json"),
        page(429, b'{"error": "slow down"}', "application/json"),
    ],
    ids=lambda answer: f"{answer.status}-{answer.content[:2]}",
)
def test_what_stands_in_front_of_the_gateway_is_not_held_against_it(action, answer):
    assert answered(action, answer) == []


def test_a_403_in_json_to_a_faulty_request_is_the_gateways_own():
    answer = page(403, b'{"error": "forbidden"}', "application/json")
    found = answered(GET, answer, header_changes={"Action": "nonsense"})

    assert found == [("REPLY-ACTION", "header:action")]


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8; v=1",
        "application/problem+json",
        "application/vnd.beckn.v1+json; profile=x",
        " application/json ",
    ],
)
def test_a_reply_may_be_labelled_with_any_json_media_type(media):
    headers = (("action", "ACK"), ("message", "ok"), ("Content-Type", media))
    story = begun()
    story.get(answer=reply(body=story.mine.shown(), headers=headers))

    assert story.findings() == []


@pytest.mark.parametrize("media", [None, "text/html", "text/json", "application/jsonp", "", "application/xml"])
def test_a_reply_with_another_label_is_a_finding(media):
    headers = [("action", "ACK"), ("message", "ok")]
    if media is not None:
        headers.append(("Content-Type", media))
    story = begun()
    story.get(answer=reply(body=story.mine.shown(), headers=headers))

    assert story.findings() == [("REPLY-MEDIA-TYPE", "")]


@pytest.mark.parametrize("binding", BOTH, ids=["http", "header", "Header"])
def test_a_byte_order_mark_is_forgiven(binding):
    story = begun(binding=binding)
    plain = reply(body=story.mine.shown(), binding=binding)
    story.get(answer=reply(content=b"\xef\xbb\xbf" + plain.content, binding=binding))

    assert story.findings() == []
    assert story.exchanges[-1].received.notes


@pytest.mark.parametrize(
    "content", [b"", b"  ", b"{", b"<ok/>", b'{"a": NaN}', b"{'a': 1}", b"\xff\xfe{}", b'{"a": 1,}', b"{} {}"]
)
def test_an_ack_whose_body_is_no_json_is_one_finding(content):
    story = begun()
    story.get(answer=reply(content=content))

    assert story.findings() == [("REPLY-JSON", "")]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_nack_whose_body_is_no_json_is_one_finding(action):
    faulty = put("/info/phone", "x") if action in (SIGNUP, UPDATE) else None
    faulty = faulty or (put("/registration", "x") if action == GET else put("/documents/0/name", 5))
    found = answered(action, nack(content=b"no"), change=faulty)

    assert ("REPLY-JSON", "") in found
    assert {requirement for requirement, _ in found} <= {"REPLY-JSON", "UPDATE-FAIL-STATUS"}


@pytest.mark.parametrize("name", ["action", "Action", "ACTION", "aCtIoN"])
@pytest.mark.parametrize("binding", BOTH, ids=["http", "header", "Header"])
def test_names_in_the_header_may_have_any_case(binding, name):
    story = begun(binding=binding)
    other = "MESSAGE" if name.isupper() else "Message"
    body = story.mine.shown()
    if binding is HTTP:
        answer = reply(body=body, headers=((name, "ACK"), (other, "ok"), JSON))
    else:
        whole = {binding.header.upper(): {name: "ACK", other: "ok"}, binding.body.swapcase(): body}
        answer = reply(content=__import__("json").dumps(whole).encode(), binding=binding)
    story.get(answer=answer)

    assert story.findings() == []


@pytest.mark.parametrize("value", ["ack", "OK", "ACK ", "", "NACK, NACK", None])
@pytest.mark.parametrize("action", [SIGNUP, GET])
def test_an_action_that_is_neither_ack_nor_nack_is_a_finding(action, value):
    assert answered(action, reply(value, {})) == [("REPLY-ACTION", "header:action")]


@pytest.mark.parametrize("value", [True, 1, ["ACK"], {"ACK": 1}, None])
def test_an_action_of_another_type_in_an_envelope_is_a_finding(value):
    story = begun(binding=EnvelopeBinding())
    story.get(answer=reply(value, story.mine.shown(), binding=EnvelopeBinding()))

    assert story.findings() == [("REPLY-ACTION", "header:action")]


def test_a_reply_in_the_other_binding_is_a_finding():
    story = begun()
    story.get(answer=reply(body=story.mine.shown(), binding=EnvelopeBinding()))

    assert story.findings() == [("REPLY-ACTION", "header:action")]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_reply_without_a_message_is_a_finding(action):
    story = begun()
    made = fair(story, action)
    story.exchanges.pop()
    story.call(action, made.sent.body, reply("ACK", made.received.body, message=None))

    assert story.findings() == [("REPLY-MESSAGE", "header:message")]


def test_a_nack_without_a_message_is_a_finding():
    assert answered(GET, nack(message=None), header_changes={"Action": "x"}) == [("REPLY-MESSAGE", "header:message")]


@pytest.mark.parametrize("message", [5, True, ["ok"], {"en": "ok"}])
def test_a_message_that_is_no_string_is_a_finding(message):
    story = begun(binding=EnvelopeBinding())
    story.get(answer=reply(body=story.mine.shown(), message=message, binding=EnvelopeBinding()))

    assert story.findings() == [("REPLY-MESSAGE", "header:message")]


@pytest.mark.parametrize("message", ["", "   "])
def test_a_blank_message_is_less_of_a_finding(message):
    story = begun()
    story.get(answer=reply(body=story.mine.shown(), message=message))

    assert story.findings() == [("REPLY-MESSAGE-BLANK", "header:message")]


@pytest.mark.parametrize("message", ["Erfolgreich", "失败", "0", "x" * 5000])
def test_any_text_will_do_as_a_message(message):
    story = begun()
    story.get(answer=reply(body=story.mine.shown(), message=message))

    assert story.findings() == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_reply_that_is_late_is_a_finding_and_nothing_else(action):
    assert answered(action, None, trouble="timeout: no whole reply within 10 s") == [("REPLY-TIME", "")]


@pytest.mark.parametrize("trouble", ["connection: reset", "patience: asks to wait", "limit: more came back"])
def test_other_trouble_is_no_finding(trouble):
    assert answered(GET, None, trouble=trouble) == []


# Operations that are not served (T2).


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_path_that_is_not_served_is_a_finding(action, status):
    story = Story()
    if action != SIGNUP:
        story.signup()
        story.wait()
    call(story, action, page(status))

    assert story.findings() == [(f"{PREFIX[action]}-ENDPOINT", "")]


def test_a_404_of_a_path_that_was_served_before_is_no_missing_path():
    assert answered(GET, page(404)) == []


def test_a_404_for_a_registration_not_yet_seen_is_no_finding():
    story = Story()
    story.signup()
    story.wait()
    story.get()
    story.signup()
    story.get(answer=page(404))
    story.get(answer=nack({"registration": {"id": "not found"}}))

    assert story.findings() == []


def test_a_refusal_after_the_settling_is_a_finding():
    story = Story()
    story.signup()
    story.wait()
    story.get(answer=nack({"registration": {"id": "not found"}}))

    assert [requirement for requirement, _ in story.findings()] == ["GET-ACK"]


# Requests that cannot be read, and large ones (T14, Q10).


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "answer",
    [
        nack(),
        nack(status=200),
        page(400),
        page(415),
        page(404, b"", ""),
        nack(content=b"no json", message=None),
    ],
)
def test_an_unreadable_request_may_be_refused_by_anybody(action, answer):
    assert answered(action, answer, purpose="malformed", tags=("a scalar",)) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_an_unreadable_request_that_is_acknowledged_is_a_finding(action):
    assert answered(action, reply(body={}), purpose="malformed") == [("MALFORMED-NACK", "")]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("answer", [page(500), nack(status=500)])
def test_an_unreadable_request_that_brings_a_server_error_is_a_finding(action, answer):
    assert answered(action, answer, purpose="malformed") == [("MALFORMED-NO-CRASH", "")]


@pytest.mark.parametrize("answer", [page(502), page(503), page(504), page(403)])
def test_what_a_proxy_makes_of_an_unreadable_request_is_no_finding(answer):
    assert answered(SIGNUP, answer, purpose="malformed") == []


@pytest.mark.parametrize("action", [SIGNUP, ADD])
@pytest.mark.parametrize("answer", [reply(body={}), nack(content=b"?"), page(413), page(431), page(503)])
def test_a_large_document_may_be_taken_or_refused(action, answer):
    assert answered(action, answer, purpose="large") == []


@pytest.mark.parametrize("action", [SIGNUP, ADD])
def test_a_large_document_that_brings_a_server_error_is_a_finding(action):
    assert answered(action, page(500), purpose="large") == [("LARGE-ANSWERED", "/documents/0/data")]


@pytest.mark.parametrize("action", [SIGNUP, ADD])
def test_a_large_document_that_is_never_answered_is_one_finding(action):
    found = answered(action, None, trouble="timeout: none", purpose="large")

    assert found == [("LARGE-ANSWERED", "/documents/0/data")]


@pytest.mark.parametrize("action", [SIGNUP, ADD])
def test_a_long_list_of_documents_that_brings_a_server_error_is_a_finding_at_the_list(action):
    found = answered(action, page(500), purpose="large", tags=("a thousand documents",))

    assert found == [("LARGE-ANSWERED", "/documents")]


# What is sound or unsound HTTP and no call of the page (T16), and texts about which readers differ (T14).


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("purpose", ["unusual", "broken"])
@pytest.mark.parametrize(
    "answer", [reply(body={}), nack(), page(200), page(400), page(500), page(502), nack(status=500)]
)
def test_nothing_is_said_of_answers_to_what_readers_differ_about(action, purpose, answer):
    assert answered(action, answer, purpose=purpose, tags=("NaN",)) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_text_that_is_never_answered_is_late(action):
    found = answered(action, None, trouble="timeout: none", purpose="unusual", tags=("NaN",))

    assert found == [("REPLY-TIME", "")]


@pytest.mark.parametrize("trouble", ["timeout: none", "connection: closed without a reply"])
def test_nobody_has_to_answer_what_is_no_http(trouble):
    assert answered(GET, None, trouble=trouble, purpose="broken", tags=("no length",)) == []


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "answer",
    [
        *(page(status) for status in (200, 301, 400, 403, 404, 405, 415, 501, 502, 503, 504, 505)),
        *(reply(body={}), nack(), nack(status=500)),
    ],
)
def test_what_is_no_call_of_the_page_may_be_answered_in_any_way(action, answer):
    assert answered(action, answer, purpose="foreign", tags=("another method", "PUT")) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_no_call_of_the_page_must_not_crash(action):
    found = answered(action, page(500), purpose="foreign", tags=("another method", "PUT"))

    assert found == [("ROBUST-NO-CRASH", "")]


@pytest.mark.parametrize("trouble", ["connection: refused", "timeout: none"])
def test_a_gateway_that_is_silent_until_patience_is_over_lives_on_no_more(trouble):
    found = answered(GET, None, trouble=trouble, tags=("long after NaN",))

    assert ("ROBUST-LIVES-ON", "") in found
    assert set(found) <= {("ROBUST-LIVES-ON", ""), ("REPLY-TIME", "")}


@pytest.mark.parametrize("answer", [page(502), page(503), page(504)])
def test_a_proxy_does_not_tell_whether_a_gateway_lives_on(answer):
    assert answered(GET, answer, tags=("long after NaN",)) == []


def test_one_lost_connection_does_not_tell_whether_a_gateway_lives_on():
    assert answered(GET, None, trouble="connection: refused", tags=("after NaN",)) == []


@pytest.mark.parametrize(
    ("answer", "refused"), [(nack(), True), (page(400), True), (reply(body={}), False), (page(500), False)]
)
@pytest.mark.parametrize("purpose", ["malformed", "unusual", "foreign", "broken"])
def test_what_was_refused_must_have_changed_nothing(purpose, answer, refused):
    story = begun()
    body = {"registration": {"id": story.mine.id}, "info": story.values.info()}
    story.call(UPDATE, body, answer, purpose=purpose, tags=("NaN",), about=story.mine.id)
    before = len(story.findings())
    story.wait()

    story.get(change=put("/info/name", body["info"]["name"]))

    found = story.findings()[before:]
    assert [pointer for _, pointer in found] == ["/info/name"] * refused


def test_what_has_not_come_whole_must_have_changed_nothing():
    story = begun()
    body = {"registration": {"id": story.mine.id}, "info": story.values.info()}
    story.call(UPDATE, body, None, trouble="connection: broken off", purpose="broken", tags=("an end",))
    story.wait()

    story.get(change=put("/info/name", body["info"]["name"]))

    assert [pointer for _, pointer in story.findings()] == ["/info/name"]


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

    assert found == [("SIGNUP-NACK-PHONE", "/info/phone"), ("NACK-SOUND", "/info/name")]


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
    ("action", "pointer"),
    [(SIGNUP, "/documents/0/status"), (SIGNUP, "/api/status"), (ADD, "/documents/3/status")],
)
def test_what_was_just_handed_in_waits_for_verification(action, pointer):
    requirements = {
        "/documents/0/status": "SIGNUP-DOCUMENT-STATUS",
        "/api/status": "SIGNUP-API-STATUS",
        "/documents/3/status": "DOCUMENTS-NEW-STATUS",
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
def test_the_gateways_own_word_for_update_pending_is_taken(action):
    story = Story(config=configured(status_names={"UPDATE-PENDING": "IN-REVIEW"}))
    story.signup()
    story.wait()
    fair(story, action, change=put("/registration/status", "IN-REVIEW"))

    assert story.findings() == []


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_older_documents_wait_or_are_verified(action):
    requirement = {UPDATE: "UPDATE-DOCUMENT-STATUS", ADD: "DOCUMENTS-OLD-STATUS"}[action]

    assert fairly(action, change=put("/documents/0/status", VERIFIED)) == []
    assert fairly(action, change=put("/documents/0/status", "REJECTED")) == [(requirement, "/documents/0/status")]


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_the_id_of_another_registration_is_a_finding(action):
    assert fairly(action, change=put("/registration/id", "r-9")) == [(f"{PREFIX[action]}-ID", "/registration/id")]


def test_a_number_as_id_is_a_finding_and_the_run_goes_on():
    story = Story()
    story.signup(change=put("/registration/id", 1000001))
    story.wait()
    story.get()
    story.get(change=put("/info/name", "another"))

    assert story.findings() == [("SIGNUP-ID", "/registration/id"), ("GET-ROUND-TRIP", "/info/name")]


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize("auth", [{"token": "again", "exp": "x"}, {"token": "again"}])
def test_a_credential_given_again_is_a_finding(action, auth):
    assert fairly(action, change=put("/auth", auth)) == [("TOKEN-NOT-REPEATED", "/auth")]


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize("auth", [None, {}, {"token": None}, {"token": ""}])
def test_an_empty_credential_is_none(action, auth):
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
    "P1D",
    "in an hour",
    "2027-99-99",
    "99999999999999999999",
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


def test_a_finding_reads_like_a_report():
    story = begun()
    call(story, SIGNUP, reply(body={"registration": {"id": "17"}}), change=put("/info/phone", "8023329991"))

    (finding,) = story.told()

    assert finding.operation == SIGNUP
    assert finding.sent == 'Provider/signup with /info/phone = "8023329991" (malformed)'
    assert finding.expected == "NACK, with a message at /info/phone"
    assert finding.observed == 'ACK "text for a person" (registration "17")'
    assert finding.exchange == story.exchanges[-1].id
    assert finding.weight == len(story.exchanges[-1].request.content)


def test_what_a_gateway_says_cannot_steer_a_terminal():
    story = begun()
    story.get(answer=nack({}, message="\x1b[2J\x07\u202e"))

    (finding,) = story.told()

    assert all(c.isprintable() for c in finding.observed)


def test_the_story_of_a_stranger_is_no_story_of_mine():
    story = begun()
    before = copy.deepcopy(story.mine)
    story.get(token=STRANGER.token, answer=nack({}, status=401))

    assert story.findings() == []
    assert story.mine == before
