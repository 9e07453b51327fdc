"""Replies to requests that cannot be read, to large ones, and to what is no call (T14, T16, Q10)."""

import pytest

from tests.exchanges import ACTIONS, ADD, GET, SIGNUP, UPDATE, nack, page, put, reply
from tests.judging.calls import answered, begun

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
        nack(status=503),
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
