"""The form of replies (T6 to T10, T14, T15), and operations that are not served (T2)."""

import pytest

from beckn_conformance.messages.binding import EnvelopeBinding
from tests.exchanges import ACTIONS, ADD, GET, HTTP, JSON, SIGNUP, UPDATE, Story, nack, page, put, reply
from tests.judging.calls import BOTH, PREFIX, answered, begun, call, fair

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


@pytest.mark.parametrize("status", [500, 502])
def test_a_nack_with_the_status_of_a_server_error_is_a_finding(status):
    found = answered(GET, nack(status=status), header_changes={"Action": "nonsense"})

    assert found == [("REPLY-STATUS-NACK", "")]


@pytest.mark.parametrize(("said", "findings"), [({}, []), ({"phone": "is faulty"}, [("REPLY-STATUS-NACK", "")])])
def test_a_nack_with_503_is_fair_unless_it_gives_a_reason(said, findings):
    story = begun()
    body = {"registration": {"id": story.mine.id}, "info": {**story.values.info(), "phone": "12"}}
    failed = {"registration": {"status": "UPDATE-FAIL"}}
    story.call(UPDATE, body, nack({**failed, "info": said}, status=503))
    story.call(UPDATE, body, nack({**failed, "info": {"phone": "is faulty"}}))

    assert story.findings() == findings


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
        *("application/json", "Application/JSON", "application/json; charset=utf-8"),
        *("application/json;charset=UTF-8; v=1", "application/problem+json"),
        *("application/vnd.beckn.v1+json; profile=x", " application/json "),
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

    assert found == [("REPLY-JSON", "")]


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
    story.look()
    story.signup()
    story.get(answer=page(404))
    story.get(answer=nack({"registration": {"id": "not found"}}))

    assert story.findings() == []


def test_a_refusal_after_the_settling_is_a_finding():
    story = Story()
    story.signup()
    story.look(answer=nack({"registration": {"id": "not found"}}))

    assert [requirement for requirement, _ in story.findings()] == ["GET-ACK"]


def test_an_action_that_stands_there_twice_is_one():
    story = begun()
    twice = reply(body=story.mine.shown(), headers=(("action", "ACK"), ("Action", "ACK"), ("message", "ok"), JSON))
    story.get(answer=twice)

    assert story.findings() == []
