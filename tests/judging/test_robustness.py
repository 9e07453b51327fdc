"""Whatever a gateway replies is judged: a hostile one must not crash the kit."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beckn_conformance.judging.finding import Judgement
from beckn_conformance.messages.binding import EnvelopeBinding
from beckn_conformance.messages.exchange import Reply
from tests.exchanges import (
    ACTIONS,
    ADD,
    GET,
    HTTP,
    INFO,
    JSON,
    NOW,
    QUICK,
    SIGNUP,
    SPECIFICATION,
    UPDATE,
    Story,
    changed,
    configured,
    diagnose,
    nack,
    put,
    reply,
    valid_bodies,
)
from tests.texts import texts

THOROUGH = settings(QUICK, max_examples=20)
WORDS = st.sampled_from(
    [
        *("ACK", "NACK", "UPDATE-PENDING", "UPDATE-FAIL", "VERIFIED", "PENDING-VERIFICATION", "1000001"),
        *("token-of-1000001", "\0missing", "0", "²", "٣", "9" * 16, "1e308", "2026-01-01", "9999-12-31", "0001-01-01"),
        *("9999-12-31T23:59:59+00:01", "0001-01-01T00:00:00-14:00"),
    ]
)
TEXTS = texts(max_size=6) | WORDS
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.just(10**400)
    | TEXTS
)
KEYS = (
    st.sampled_from(["registration", "id", "status", "auth", "token", "exp", "info", *INFO])
    | st.sampled_from(["documents", "data", "api", "endpoint_url", "0", "/", "~", "header", "body", "action"])
    | texts(max_size=3)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=16
)
PLACES = [
    *("/registration", "/registration/id", "/registration/status", "/auth", "/auth/token", "/auth/exp", "/info"),
    *(f"/info/{name}" for name in INFO),
    *("/documents", "/documents/0", *(f"/documents/1/{name}" for name in ("name", "data", "status", "id"))),
    *("/api", "/api/endpoint_url", "/api/status"),
]
BINDINGS = st.sampled_from([HTTP, EnvelopeBinding()])
STATUSES = st.integers(100, 599)
HEADERS = st.lists(st.tuples(st.sampled_from(["action", "Message", "content-type", "X"]), TEXTS), max_size=5)


def place(body, pointer, value):
    """The body with a value at a pointer, where the pointer leads anywhere."""
    try:
        return changed(body, put(pointer, value))
    except (KeyError, TypeError, IndexError):
        return body


def judged(story):
    judgements = story.judgements()
    assert all(isinstance(j, Judgement) and j.requirement in SPECIFICATION.requirements for j in judgements)
    for judgement in judgements:
        if judgement.finding is not None:
            assert judgement.finding.requirement == judgement.requirement
            assert judgement.finding.operation in ACTIONS
            assert judgement.finding.id
    return judgements


def called(story, action, body, answer):
    body = body if body is not None else valid_bodies(story.values)[action]
    if action != SIGNUP and isinstance(body, dict) and isinstance(body.get("registration"), dict):
        body["registration"]["id"] = story.mine.id
    return story.call(action, body, answer)


@given(st.sampled_from(ACTIONS), st.sampled_from(["ACK", "NACK"]), VALUES, STATUSES, BINDINGS)
@THOROUGH
def test_a_reply_with_any_body_is_judged(action, said, body, status, binding):
    story = Story(binding=binding)
    story.signup()
    called(story, action, None, reply(said, body, status=status, binding=binding))
    story.get()

    judged(story)


@given(st.data())
@THOROUGH
def test_a_fair_reply_with_any_value_in_any_place_is_judged(data):
    story = Story(configured(documents_echo=data.draw(st.sampled_from(["full", "redacted"]))))
    for number in range(data.draw(st.integers(2, 6))):
        pointer, value = data.draw(st.sampled_from(["", *PLACES])), data.draw(VALUES)

        def change(body, pointer=pointer, value=value):
            return place(body, pointer, value) if pointer else body

        call = data.draw(st.sampled_from([story.get, story.update, story.add])) if number else story.signup
        call(change=change)
        if data.draw(st.booleans()):
            story.wait()

    judged(story)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(ACTIONS),
            st.sampled_from(["ACK", "NACK", None]),
            VALUES,
            STATUSES,
            st.sampled_from(PLACES),
            VALUES,
            st.floats(0, 30),
            st.floats(0, 30),
        ),
        max_size=5,
    ),
    st.sampled_from(["immediate", "deferred"]),
)
@THOROUGH
def test_calls_side_by_side_about_anything_are_judged(calls, updates):
    story = Story(configured(updates=updates))
    story.signup()
    for action, said, answered, status, pointer, value, start, seconds in calls:
        body = place(valid_bodies(story.values)[action], pointer, value)
        if action != SIGNUP and pointer != "/registration":
            body = place(body, "/registration/id", story.mine.id)
        story.call(action, body, reply(said, answered, status=status), at=NOW + start, seconds=seconds)
    story.get()

    judged(story)


@given(st.sampled_from(ACTIONS), STATUSES, HEADERS, st.binary(max_size=40), BINDINGS)
@THOROUGH
def test_a_reply_of_any_bytes_is_judged(action, status, headers, content, binding):
    story = Story(binding=binding)
    story.signup()
    called(story, action, None, Reply(status, tuple(headers), content))

    judged(story)


@given(st.sampled_from(ACTIONS), VALUES, VALUES, VALUES)
@THOROUGH
def test_an_envelope_with_any_header_is_judged(action, header, said, body):
    binding = EnvelopeBinding()
    for head in (header, {"action": said, "message": header}, {"Action": "ACK", "MESSAGE": said}):
        story = Story(binding=binding)
        story.signup()
        called(story, action, None, reply(content=json.dumps({"header": head, "body": body}).encode()))

        judged(story)


@given(st.sampled_from(ACTIONS), st.sampled_from(["", "malformed", "large"]), VALUES, VALUES, STATUSES)
@THOROUGH
def test_a_request_of_any_body_with_any_answer_is_judged(action, purpose, body, answered, status):
    for said in ("ACK", "NACK"):
        story = Story()
        story.signup()
        story.call(action, body, reply(said, answered, status=status), purpose=purpose)
        story.get()

        judged(story)


@pytest.mark.parametrize(
    ("action", "pointer"), [(SIGNUP, "/info/name"), (SIGNUP, "/documents/0/data"), (UPDATE, "/info/phone")]
)
def test_a_request_with_a_lone_surrogate_is_diagnosed(action, pointer):
    assert diagnose(action, changed(valid_bodies()[action], put(pointer, "lone \ud800"))) is not None


@pytest.mark.parametrize("said", ["ACK", "NACK"])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("pointer", ["/info/name", "/documents/0/name", "/registration/status", "/registration/id"])
def test_a_reply_with_a_lone_surrogate_is_judged(action, pointer, said):
    story = Story()
    story.signup()
    calls = {SIGNUP: story.signup, GET: story.get, UPDATE: story.update, ADD: story.add}
    body = changed(story.mine.shown() | {"auth": {"token": "t", "exp": "never"}}, put(pointer, "lone \ud800"))
    calls[action](answer=reply(said, body))

    assert judged(story)


@pytest.mark.parametrize("text", ["\ud800", "\udfff tail", "a\ud800b"])
def test_a_signup_may_be_answered_with_lone_surrogates_in_id_token_and_expiry(text):
    for pointer in ("/registration/id", "/auth/token", "/auth/exp"):
        story = Story()
        story.signup(change=put(pointer, text))
        story.get()

        assert judged(story)


@pytest.mark.parametrize(
    ("exp", "findings"),
    [
        ("9999-12-31T23:59:59", []),
        ("9999-12-31", []),
        ("9999-12-31T23:59:59-14:00", []),
        ("9999-12-31T23:59:59Z", []),
        ("0001-01-01T00:00:00+14:00", [("SIGNUP-EXP-AHEAD", "/auth/exp")]),
        ("0001-01-01", [("SIGNUP-EXP-AHEAD", "/auth/exp")]),
        ("0001-01-01T00:00:00Z", [("SIGNUP-EXP-AHEAD", "/auth/exp")]),
    ],
)
def test_an_expiry_at_either_end_of_the_calendar_is_judged(exp, findings):
    story = Story()
    story.signup(change=put("/auth/exp", exp))
    story.get()

    assert story.findings() == findings


ODD = {
    "lists without end": b"[" * 100_000,
    "objects without end": b'{"info":' * 100_000,
    "a long text": b'"' + b"x" * 100_000 + b'"',
    "a number of 400 digits": b'{"registration": {"id": ' + b"9" * 400 + b"}}",
    "a number of 5000 digits": b'{"registration": {"id": ' + b"9" * 5000 + b"}}",
    "infinite numbers": b'{"info": {"name": 1e999, "phone": -1e999}}',
    "names twice": b'{"info": {}, "info": {"name": 1, "name": 2}}',
    "digits as a name": '{"documents": {"²": "is wrong", "①": "is wrong"}}'.encode(),
    "many digits as a name": b'{"documents": {"%s": "is wrong"}}' % (b"9" * 5000),
    **{
        f"{key} in {depth} {opening.decode()}": b'{"%s":%s"x"%s}' % (key.encode(), opening * depth, closing * depth)
        for depth in (30, 300, 900)
        for key in ("info", "documents", "other")
        for opening, closing in ((b"[", b"]"), (b'{"info":', b"}"))
    },
}


@pytest.mark.parametrize("name", ODD)
def test_a_reply_of_odd_json_is_judged(name):
    story = Story()
    story.signup()
    faulty = changed(valid_bodies(story.values)[SIGNUP], put("/info/phone", "none"), put("/documents/0/name", 5))
    story.call(SIGNUP, faulty, nack(content=ODD[name]))
    for answer in (nack(content=ODD[name]), reply(content=ODD[name])):
        story.get(answer=answer)
        story.signup(answer=answer)

    assert judged(story)


@pytest.mark.parametrize("headers", [(), (("action", "ACK"), ("action", "NACK"), JSON), (("", ""),)])
def test_a_reply_with_odd_header_fields_is_judged(headers):
    story = Story()
    story.signup()
    story.get(answer=reply(body=story.mine.shown(), headers=headers))

    assert ("REPLY-ACTION", "header:action") in story.findings()


def effort(*exchanges):
    """Calls of functions that judging takes."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += 1

    story = Story()
    story.signup()
    for action, body, answer in exchanges:
        story.call(action, body, answer)
    sys.setprofile(counted)
    try:
        story.judgements()
    finally:
        sys.setprofile(None)
    return count


def documents(number):
    return [{"name": f"d{n}.pdf", "data": f"{n}", "status": "VERIFIED", "id": str(n)} for n in range(number)]


def test_the_effort_for_a_long_list_of_documents_grows_with_its_length():
    def listed(number):
        return (GET, {"registration": {"id": "1000001"}}, reply(body={"documents": documents(number)}))

    assert effort(listed(400)) < 5 * effort(listed(100))


def test_the_effort_for_a_long_list_of_messages_grows_with_its_length():
    def blaming(number):
        return (SIGNUP, {}, nack({"documents": documents(number)}))

    assert effort(blaming(80)) < 5 * effort(blaming(20))
