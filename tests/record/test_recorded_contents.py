"""Contents of recorded requests and replies: what was sent is told from what a recorder has made of it."""

import base64
import gzip
import zlib

import pytest

from beckn_conformance.record.foreign.contents import Content, checked, recorded
from beckn_conformance.record.foreign.har import address

TEXT = '{"name": "Grüne Linie"}'
BYTES = TEXT.encode()


def read(part, **header):
    pairs = [[name.replace("_", "-"), str(value)] for name, value in header.items()]
    return recorded(part, pairs, "a reply", {"there.json": BYTES}.get)


def packed(content):
    return {"text": base64.b64encode(content).decode(), "encoding": "base64"}


@pytest.mark.parametrize(
    ("part", "header"),
    [
        ({"text": TEXT}, {}),
        ({"text": TEXT, "encoding": "whatever"}, {}),
        ({**packed(BYTES), "encoding": "BASE64"}, {}),
        ({"text": TEXT}, {"content_length": len(BYTES)}),
        ({"text": TEXT}, {"content_length": 7, "content_encoding": "gzip"}),
        ({"text": BYTES.decode("latin-1")}, {"content_length": len(BYTES)}),
        ({"text": BYTES.decode("cp1252")}, {"content_length": len(BYTES)}),
        (packed(BYTES), {"content_length": 3}),
        (packed(gzip.compress(BYTES)), {"content_encoding": "gzip"}),
        (packed(gzip.compress(BYTES)), {}),
        (packed(zlib.compress(BYTES)), {"content_encoding": "deflate"}),
        (packed(BYTES), {"content_encoding": "br"}),
        ({"text": packed(BYTES)["text"]}, {}),
        ({"_file": "there.json"}, {}),
    ],
)
def test_a_content_is_what_was_sent(part, header):
    found = read(part, **header)

    assert (found.content, found.unknown) == (BYTES, "")


@pytest.mark.parametrize(
    ("part", "header"),
    [
        ({"text": TEXT[:-1]}, {"content_length": len(BYTES)}),
        ({"text": TEXT.replace("ü", "\ufffd")}, {}),
        ({"text": TEXT.replace("ü", "\ufffd")}, {"content_length": len(BYTES)}),
        ({"text": TEXT.replace("ü", "?")}, {"content_length": len(BYTES)}),
        (packed(b"\x8b" + BYTES), {"content_encoding": "br"}),
        (packed(gzip.compress(BYTES)[:-3]), {"content_encoding": "gzip"}),
        ({"text": "!", "encoding": "base64"}, {}),
        ({"text": BYTES.hex(), "encoding": "hex"}, {}),
        ({"_file": "elsewhere.json"}, {}),
        ({"text": BYTES.decode("latin-1")}, {}),
        ({"text": BYTES.decode("latin-1")}, {"content_encoding": "gzip"}),
        ({"text": gzip.compress(BYTES).decode("latin-1")}, {"content_encoding": "gzip"}),
    ],
)
def test_of_a_content_that_got_lost_nothing_is_known(part, header):
    assert read(part, **header).unknown.startswith("the recording ")


def test_a_content_of_a_bomb_is_not_unpacked():
    found = read(packed(gzip.compress(b"[" + b" " * 40_000_000 + b"]")), content_encoding="gzip")

    assert found.unknown.endswith("unpacked")


def test_a_replacement_character_that_was_sent_is_kept():
    text = '{"name": "\ufffd"}'

    assert read({"text": text}, content_length=len(text.encode())).content == text.encode()


@pytest.mark.parametrize("length", [10, 100])
def test_a_text_that_is_whole_json_is_judged_whatever_its_length_is_said_to_be(length):
    found = read({"text": '{"name": "Linie"}'}, content_length=length)

    assert not found.unknown
    assert "Content-Length" in found.note


@pytest.mark.parametrize(("text", "known"), [('{"a": 1}', True), ('{"a": 1', False)])
def test_a_text_shorter_than_its_size_is_judged_where_it_is_whole_json(text, known):
    found = checked(read({"text": text}), [], "a reply", 700)

    assert (not found.unknown) is known


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (b'{"name": "Linie"}', True),
        (b'{"name": "Linie",}', True),
        (b"<html>{</html>", False),
        (b'{"name": "Li', False),
        (b'{"name": "[name redacted]"}', False),
        (b'{"email": "a***@example.com"}', False),
        (b'{"truncated": true}', False),
        (b'{"size": 9000, "body": "Omitted for brevity"}', False),
        (b'{"truncated": false, "info": {}}', True),
        (b'{"data": "***"}', True),
        (b'{"name": "{"}', True),
        (b"", True),
    ],
)
def test_only_a_length_shows_that_a_recorder_left_a_text_alone(text, known):
    assert (not checked(Content(text), [], "a reply").unknown) is known
    assert not checked(Content(text), [["Content-Length", str(len(text))]], "a reply").unknown


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("HTTP://LOCALHOST:80/Provider/get", "http://localhost/Provider/get"),
        ("https://me:pw@gw.example:443/a?x=1", "https://gw.example/a?x=1"),
        ("https://me:p/w@gw.example/a", "https://gw.example/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("http://gw.example./a", "http://gw.example/a"),
        ("http://[/a", "http://[/a"),
        ("ftp://x/", "ftp://x/"),
        ("http://gw.example/a?b=\x01#\x7f", "http://gw.example/a?b=%01#%7F"),
        ("http://gw.example/\x01/a", "http://gw.example/\x01/a"),
    ],
)
def test_addresses_have_one_form_and_no_user(url, plain):
    assert address(url) == plain


@pytest.mark.parametrize(
    "shown",
    [b"[object Object]", b"undefined", b"b'{}'", b"{'a': 1}", b"{&quot;a&quot;:1}", rb'{"a": "\xfc"}', b"<9 bytes>"],
)
def test_what_a_program_shows_of_a_value_is_not_what_was_sent(shown):
    assert checked(Content(shown), [], "a reply", 0).unknown
    assert not checked(Content(shown), [], "a reply", len(shown)).unknown


@pytest.mark.parametrize("sent", [b'{"a": 1,}', b"[{]}", b"<!doctype html>", b"<html lang=en>", b"12", b"{}", BYTES])
def test_a_reply_is_taken_for_what_was_sent_though_it_is_no_json(sent):
    assert not checked(Content(sent), [], "a reply", 0).unknown
