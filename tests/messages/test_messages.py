"""Messages on their way: bindings, the exchange and its helpers, and masks over secrets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding, bindings
from beckn_conformance.messages.exchange import LONGEST_ID, Message, Reply, Request, identifier
from beckn_conformance.messages.json_text import read_json, write_json
from beckn_conformance.messages.text import shown, shown_apart
from beckn_conformance.specification.pointer import MISSING, member, places
from beckn_conformance.untrusted.text import brief, printable
from tests.exchanges import ACTIONS, HTTP, QUICK, SIGNUP, SPECIFICATION, exchange, header, nack, reply, valid_bodies
from tests.texts import texts

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(max_size=4), inner, max_size=4),
    max_leaves=12,
)
BOTH = [HTTP, EnvelopeBinding(), EnvelopeBinding("Header", "Body")]
NAMES = ["http", "header", "Header"]


# Bindings (T3, T4).


@pytest.mark.parametrize("binding", BOTH, ids=NAMES)
@given(JSON_VALUES, texts(max_size=10))
@QUICK
def test_a_message_comes_out_as_it_went_in(binding, body, token):
    message = Message(header(SIGNUP, token=token), body)
    fields, content = binding.encode(message)

    if binding is HTTP:
        assert dict(fields) == {**message.header, "Content-Type": "application/json"}
        assert json.loads(content) == body
    else:
        assert fields == (("Content-Type", "application/json"),)
        assert json.loads(content) == {binding.header: message.header, binding.body: body}


@pytest.mark.parametrize("binding", BOTH, ids=NAMES)
@given(st.sampled_from(["ACK", "NACK"]), texts(max_size=10), JSON_VALUES)
@QUICK
def test_a_reply_is_read_as_it_was_written(binding, action, text, body):
    received = binding.decode(reply(action, body, message=text, binding=binding))

    assert received.header == {"action": action, "message": text}
    assert received.body == body
    assert received.unreadable == ""


@pytest.mark.parametrize("binding", BOTH, ids=NAMES)
@pytest.mark.parametrize("content", [b"this is no JSON", b"[1]", b'{"a": ', b"42"])
def test_content_that_is_no_message_is_wrapped_as_it_is(binding, content):
    fields, whole = binding.wrap(header(SIGNUP), content)

    assert content in whole
    if binding is HTTP:
        assert whole == content
        assert dict(fields)["Action"] == SIGNUP
    else:
        assert whole.startswith(write_json({binding.header: header(SIGNUP)})[:-1])


@pytest.mark.parametrize("binding", BOTH, ids=NAMES)
def test_a_member_that_is_not_there_is_missing_and_null_is_null(binding):
    received = binding.decode(reply(None, None, message=None, binding=binding))

    assert received.header == {}
    assert received.body is None


def test_an_envelope_that_is_none_has_neither_header_nor_body():
    for content in (b"[]", b"5", b"{}", b'{"header": []}', b'{"header": "ACK"}', b""):
        received = EnvelopeBinding().decode(Reply(200, (), content))
        assert received.header == {}
        assert received.body == MISSING


def test_the_exact_name_wins_over_one_in_another_case():
    content = b'{"HEADER": {"action": "NACK"}, "header": {"ACTION": "NACK", "action": "ACK"}, "body": 1, "Body": 2}'

    received = EnvelopeBinding().decode(Reply(200, (), content))

    assert (received.header, received.body) == ({"action": "ACK"}, 1)


@pytest.mark.parametrize("token", [5, 1.5, True, [], {}, ["a"]])
def test_a_header_with_a_token_that_is_no_text_is_no_message(token):
    content = write_json({"header": {"Action": SIGNUP, "Token": token}, "body": {}})

    assert EnvelopeBinding().read(Request("POST", "http://gw", (), content)) is None


def test_a_member_of_a_header_that_is_null_is_none():
    content = write_json({"header": {"Action": SIGNUP, "Token": None, "ttl": 5}, "body": {}})

    assert EnvelopeBinding().read(Request("POST", "http://gw", (), content)) == Message(
        {"Action": SIGNUP, "ttl": 5}, {}
    )


def test_a_declaration_says_which_bindings_are_tried():
    assert bindings("http", None) == (HttpBinding(),)
    assert bindings("envelope", ("Head", "Content")) == (EnvelopeBinding("Head", "Content"),)
    assert bindings("auto", None) == (HttpBinding(), EnvelopeBinding(), EnvelopeBinding("Header", "Body"))


# The exchange.


@given(JSON_VALUES)
@QUICK
def test_json_is_read_as_it_was_written(value):
    assert read_json(write_json(value)) == (value, "", ())
    assert read_json(b"\xef\xbb\xbf" + write_json(value)) == (value, "", ("a byte order mark before the JSON",))


def test_a_name_that_an_object_has_twice_is_noted():
    value, trouble, notes = read_json(b'[{"a": {"b": 1, "c": 2}}, {"a": 3, "b": {"c": 4, "c": 5}}]')

    assert (value[1]["b"], trouble, len(notes)) == ({"c": 5}, "", 1)
    assert read_json(b'[{"a": {"a": 1}}, {"a": 2}]')[2] == ()


def test_a_lone_surrogate_is_written_as_its_escape():
    assert write_json({"a": "\ud800"}) == b'{"a":"\\ud800"}'
    assert write_json({"a": "é"}) == '{"a":"é"}'.encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"\xef\xbb\xbf", "the body is empty"),
        (b"\xff", "the body is not UTF-8 (byte 0)"),
        (b'{"a":1}\xe9', "the body is not UTF-8 (byte 7)"),
        (b"NaN", "the body is not JSON: NaN is not a JSON value"),
        (b"[Infinity]", "the body is not JSON: Infinity is not a JSON value"),
        (b"-Infinity", "the body is not JSON: -Infinity is not a JSON value"),
        (b"{'a': 1}", "the body is not JSON: "),
        (b"[" * 100_000, "the JSON is nested in more than 200 levels"),
        (b'{"a":' * 100_000, "the JSON is nested in more than 200 levels"),
        (b"[" * 201 + b"]" * 201, "the JSON is nested in more than 200 levels"),
        (b'{"a":' * 201 + b"1" + b"}" * 201, "the JSON is nested in more than 200 levels"),
        ("{}".encode("utf-16"), "the body is not UTF-8 (byte 0)"),
    ],
)
def test_what_is_no_json_says_why(content, why):
    value, reason, _ = read_json(content)

    assert value == MISSING
    assert reason.startswith(why)


def test_json_of_as_many_levels_as_are_read_is_read():
    value, reason, _ = read_json(b"[" * 200 + b"]" * 200)

    assert (isinstance(value, list), reason) == (True, "")


@pytest.mark.parametrize("digits", [5000, 1_000_000])
def test_an_integer_of_too_many_digits_is_json_all_the_same(digits):
    value, reason, _ = read_json(b'{"a": 1' + b"0" * digits + b', "b": -1' + b"0" * digits + b"}")

    assert (value, reason) == ({"a": float("inf"), "b": float("-inf")}, "")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip, gzip", "deflate,gzip", "x" * 500])
def test_an_encoding_nobody_asked_for_is_named_where_nothing_can_be_read(encoding):
    for binding in (HttpBinding(), EnvelopeBinding()):
        received = binding.decode(Reply(200, (("Content-Encoding", encoding),), b"\x28\xb5\x2f\xfd"))
        plain = binding.decode(Reply(200, (("Content-Encoding", encoding),), b"{}"))

        assert encoding[:39] in received.unreadable
        assert len(received.unreadable) < 120
        assert plain.unreadable == ""


@given(texts(max_size=60), st.integers(45, 80))
@QUICK
def test_what_is_shown_is_short_and_plain(text, limit):
    for told in (shown(text * 9, limit), brief(text * 9, limit)):
        assert len(told) <= limit
        assert told.isprintable()


@given(st.binary(max_size=30))
@QUICK
def test_bytes_of_any_kind_can_be_read(content):
    value, reason, _ = read_json(content)

    assert (value == MISSING) == bool(reason)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1", "1"),
        (17, "17"),
        ("x" * LONGEST_ID, "x" * LONGEST_ID),
        *[(none, None) for none in ("", " ", True, None, 1.5, [], {}, MISSING, "x" * (LONGEST_ID + 1), 10**LONGEST_ID)],
    ],
)
def test_an_identifier_is_what_a_later_call_can_name(value, text):
    assert identifier(value) == text


def test_a_member_is_found_by_its_pointer():
    value = {"a": [{"b": None}, 5], "": 1}

    assert member(value, "") is value
    assert member(value, "/a/0/b") is None
    assert member(value, "/a/1") == 5
    assert member(value, "/") == 1
    for pointer in ("/b", "/a/2", "/a/x", "/a/-1", "/a/1/c", "/a/0/b/c"):
        assert member(value, pointer) == MISSING
    assert member(MISSING, "/a") == MISSING


@pytest.mark.parametrize("part", ["²", "①"])
def test_odd_digits_are_no_index(part):
    assert member([1, 2, 3], f"/{part}") == MISSING


def test_a_pattern_stands_for_every_place():
    value = {"d": [{"n": 1}, {}, 5], "e": {}}

    assert list(places(value, "/d/*/n")) == [("/d/0/n", 1), ("/d/1/n", MISSING), ("/d/2/n", MISSING)]
    assert list(places(value, "/d/*")) == [("/d/0", {"n": 1}), ("/d/1", {}), ("/d/2", 5)]
    assert list(places(value, "/e/*")) == list(places(value, "/x/*/n")) == []
    assert list(places(value, "/e")) == [("/e", {})]


@given(JSON_VALUES | texts(max_size=300) | st.floats())
@QUICK
def test_whatever_is_shown_is_one_printable_line_of_limited_length(value):
    text = shown(value, 80)

    assert text.isprintable()
    assert len(text) <= 80
    text.encode()


@pytest.mark.parametrize("text", ["\x1b[31m", "a\nb", "\u202e", "\ud800", "\x00", "\x9b"])
def test_what_could_steer_a_terminal_is_escaped(text):
    assert printable(text).isprintable()
    assert printable(f"é{text}漢").startswith("é")


def test_a_header_field_is_found_in_any_case_and_joined():
    answer = Reply(200, (("X-A", "1"), ("x-a", "2"), ("B", "")), b"")

    assert answer.header("x-A") == "1, 2"
    assert answer.header("b") == ""
    assert answer.header("c") is None


def test_an_exchange_says_what_was_answered():
    body = valid_bodies()[SIGNUP]

    assert exchange(SIGNUP, body, reply(body={})).acknowledged
    assert exchange(SIGNUP, body, nack()).refused
    for action in ("ack", "", ["ACK"], None):
        silent = exchange(SIGNUP, body, reply(action, {}, binding=BOTH[1]), binding=BOTH[1])
        assert silent.action_of_reply is None
        assert not silent.acknowledged
        assert not silent.refused
    lost = exchange(SIGNUP, body, None, trouble="timeout: none", seconds=3)
    assert (lost.action_of_reply, lost.body_of_reply, lost.ended) == (None, MISSING, lost.started + 3)


def test_every_operation_has_its_path():
    assert [o.path for o in SPECIFICATION.operations] == [f"/{action}" for action in ACTIONS]


def test_long_texts_that_differ_late_are_shown_where_they_do():
    sent = "a" * 80 + "b" * 70

    assert shown_apart(sent, sent[:100], 100) == (
        f'"{"b" * 50}" … from character 81 of 150',
        f'"{"b" * 20}" from character 81 of 100',
    )


@pytest.mark.parametrize("other", ["z" * 150, "a" * 10, None, 7, {"a": 1}])
def test_other_values_that_differ_are_shown_from_their_beginning(other):
    sent = "a" * 150

    assert shown_apart(sent, other, 100) == (shown(sent, 100), shown(other, 100))
