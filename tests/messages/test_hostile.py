"""What no client sends is what it is called, harms nobody by its size, and shows no part of a token."""

import json

import pytest

from beckn_conformance.client.http import head
from beckn_conformance.messages.exchange import Request
from beckn_conformance.messages.hostile import (
    FAMILIES,
    FOREIGN,
    INCOMPLETE,
    MALFORMED,
    MALFORMED_HTTP,
    METHODS,
    PATHS,
    UNUSUAL,
    family_of,
    trickled,
)
from beckn_conformance.messages.json_text import write_json
from tests.exchanges import ACTIONS, NOW, SIGNUP, UPDATE, header, valid_bodies

TOKEN = "tok-0123456789-abcdefghij"
TALKS = {kind: talk for kinds in MALFORMED_HTTP.values() for kind, talk in kinds.items()}


def parts(action=UPDATE):
    body = write_json(valid_bodies()[action])
    fields = tuple(header(action, token=TOKEN, at=NOW).items())
    return head(Request("POST", f"https://gw.example/api/{action}", fields, body)), body


def read(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@pytest.mark.parametrize("kind", [*MALFORMED, *UNUSUAL])
def test_a_text_is_another_one_and_not_too_large(kind):
    for action in ACTIONS:
        valid = write_json(valid_bodies()[action])

        text = {**MALFORMED, **UNUSUAL}[kind](valid)

        assert text != valid, action
        assert len(text) < len(valid) + 64 * 1024, action


def test_few_groups_of_bodies_are_waited_for_one_after_another():
    # Each costs two round trips in which nothing else is sent.
    assert len({family_of(kind) for kind in (*MALFORMED, *UNUSUAL)}) <= 14


def test_a_family_holds_bodies_that_are_sent_for_the_same_reason():
    for kinds in FAMILIES.values():
        assert UNUSUAL.keys() >= {*kinds}


@pytest.mark.parametrize(
    ("kind", "within"),
    [
        ("NaN", b"NaN"),
        ("a lone surrogate", b'"name":"\\ud800'),
        ("a NUL character", b'"name":"\\u0000'),
        ("a NUL byte", b"\x00"),
        ("a comment", b"/*"),
        ("a trailing comma", b",}"),
        ("lists nested deeply", b"[" * 5000),
        ("objects nested deeply", b'{"x":' * 5000),
        ("line breaks in a value", b"\\r\\n"),
    ],
)
def test_a_text_has_what_it_is_called_after(kind, within):
    assert within in UNUSUAL[kind](write_json(valid_bodies()[SIGNUP]))


@pytest.mark.parametrize(
    "kind", ["every name given twice", "a name of 20 KB", "20 KB of white space", "a byte order mark"]
)
def test_a_tolerant_reader_finds_the_valid_body_in_a_text(kind):
    body = valid_bodies()[UPDATE]

    found = read(UNUSUAL[kind](write_json(body)).decode("utf-8-sig"))

    assert {key: found[key] for key in body} == body


@pytest.mark.parametrize("kind", TALKS)
def test_raw_bytes_are_not_too_many_and_never_hold_half_a_token(kind):
    for action in ACTIONS:
        sent = b"".join(TALKS[kind](*parts(action)).pieces)

        assert len(sent) < 64 * 1024, action
        assert TOKEN[:6].encode() not in sent.replace(TOKEN.encode(), b""), action


@pytest.mark.parametrize("kind", sorted(TALKS.keys() - INCOMPLETE))
def test_raw_bytes_differ_from_what_a_client_sends(kind):
    raw = TALKS[kind](*parts())

    assert raw.ending == "reset" or b"".join(raw.pieces) != b"".join(parts())


@pytest.mark.parametrize("kind", sorted(INCOMPLETE))
def test_what_is_incomplete_is_the_beginning_of_a_request(kind):
    sent, whole = b"".join(TALKS[kind](*parts()).pieces), b"".join(parts())

    assert whole.startswith(sent)
    assert len(sent) < len(whole)


def test_a_slow_request_is_whole():
    raw = trickled(*parts())

    assert b"".join(raw.pieces) == b"".join(parts())
    assert len(raw.pieces) == 6
    assert raw.pause >= 0.05


def test_other_methods_and_paths_are_others():
    assert "POST" not in METHODS
    assert all(change("/Provider/get") != "/Provider/get" for change in PATHS.values())
    assert sum(map(len, FOREIGN.values())) == len({kind for kinds in FOREIGN.values() for kind in kinds})
