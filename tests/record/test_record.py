"""What is written of an exchange can be read back without loss, but for what is masked."""

import dataclasses
import json

import pytest

from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding
from beckn_conformance.messages.exchange import (
    Exchange,
    Message,
    Raw,
    Reply,
    Request,
    Role,
    Stimulus,
    Trouble,
    TroubleKind,
)
from beckn_conformance.messages.json_text import write_json
from beckn_conformance.record.reader import in_order
from beckn_conformance.record.rows import LONGEST, content_of, exchange_of, mask_row, row_of, text_of, written

HEADER = {"Action": "Provider/get", "Token": "t-1", "Timestamp": "2026-11-22T10:00:00"}
BODY = {"registration": {"id": "r-1"}, "odd": ["\ud83d", 1.5, None, {"n": 10**30}]}
REPLY = Reply(200, (("Action", "ACK"), ("message", "found")), b'{"registration": {"id": "r-1"}}')


def made(binding=None, **changes):
    """An exchange as the client makes it."""
    binding = binding or HttpBinding()
    fields, content = binding.encode(Message(HEADER, BODY))
    exchange = Exchange(
        id="x1",
        action="Provider/get",
        request=Request("POST", "http://gw/Provider/get", (*fields, ("X-Key", "k")), content),
        sent=binding.read(Request("POST", "", fields, content)),
        reply=REPLY,
        received=binding.decode(REPLY),
        started=1795382064.6336436,
        seconds=0.0123456789,
        stimulus=Stimulus("a", "b"),
        about="r-1",
    )
    return dataclasses.replace(exchange, **changes)


def restored(exchange, binding=None, **how):
    """An exchange after it was written to disk and read."""
    return exchange_of(json.loads(json.dumps(row_of(exchange, **how))), binding or HttpBinding())


@pytest.mark.parametrize("binding", [HttpBinding(), EnvelopeBinding(), EnvelopeBinding("Head", "Content")])
def test_a_message_and_its_reply_come_back(binding):
    exchange = made(binding)

    assert restored(exchange, binding) == exchange
    assert exchange.sent == Message(HEADER, json.loads(write_json(BODY)))


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf{}", b'{"a": "\xff\xfe"}', b"\x00\x01", "…".encode() * 5000, bytes(range(256)) * 400],
    ids=["nothing", "byte order mark", "no UTF-8", "NUL", "long text", "long bytes"],
)
def test_every_content_comes_back(content):
    reply = dataclasses.replace(REPLY, content=content)
    request = Request("PUT", "http://gw/x", (("A", "b"), ("A", "c")), content)
    exchange = made(request=request, sent=None, reply=reply, received=HttpBinding().decode(reply), purpose="malformed")

    assert restored(exchange) == exchange


def test_an_exchange_without_a_reply_comes_back():
    exchange = made(reply=None, received=None, trouble=Trouble(TroubleKind.TIMEOUT, "no whole reply within 10 s"))

    assert restored(exchange) == exchange


def test_a_reply_that_was_given_up_comes_back_unread():
    exchange = made(received=None, trouble=Trouble(TroubleKind.PATIENCE, "503 for 30 s"))

    assert restored(exchange) == exchange


def test_raw_bytes_come_back_in_their_pieces():
    raw = Raw((b"POST / HTTP/1.1\r\n", b"", b"\xff\r\n\r\n"), 0.5, "half-close", 2.0)
    exchange = made(request=Request("POST", "http://gw/", (), b"".join(raw.pieces), raw), sent=None, purpose="broken")

    assert restored(exchange) == exchange


def test_a_mask_takes_the_place_of_a_secret_before_a_content_is_packed():
    content = ("secret " * 2000).encode()
    reply = dataclasses.replace(REPLY, content=content)

    row = row_of(made(reply=reply), lambda text: text.replace("secret", "<mask>"))

    assert "zlib" in row["reply"]["form"]
    assert text_of(row["reply"]) == "<mask> " * 2000


def test_what_is_cut_is_not_taken_for_what_was_sent():
    back = restored(made(), longest=20)

    assert back.sent is None
    assert back.received is None
    assert back.trouble.kind is TroubleKind.LIMIT
    assert len(back.request.content) == 20


def test_a_forged_content_cannot_fill_the_memory():
    bomb = written(b"0" * (LONGEST + 1000))

    assert len(content_of(bomb)) == LONGEST


@pytest.mark.parametrize("part", [{"content": "?", "form": "zlib"}, {"content": "AAAA", "form": "zlib"}])
def test_a_content_that_cannot_be_unpacked_is_an_error(part):
    with pytest.raises(ValueError, match=r"unpacked|base64|padding|Incorrect|Excess|alphabet"):
        content_of(part)


def test_a_row_is_masked_again_however_it_is_kept():
    reply = dataclasses.replace(REPLY, headers=(("message", "secret"),), content=("secret " * 2000).encode())
    row = row_of(made(reply=reply, request=Request("POST", "http://gw", (("Token", "secret"),), b"\xff secret")))

    masked = mask_row(row, lambda text: text.replace("secret", "<s>"))

    assert text_of(masked["reply"]) == "<s> " * 2000
    assert content_of(masked["request"]) == b"\xff <s>"
    assert masked["request"]["headers"] == [["Token", "<s>"]]
    assert masked["reply"]["headers"] == [["message", "<s>"]]
    assert list(masked) == list(row)


@pytest.mark.parametrize(
    "changed",
    [
        {"about": "secret"},
        {"trouble": Trouble(TroubleKind.LIMIT, "secret")},
        {"request": Request("POST", "http://gw", (("secret", "1"),), b"")},
        {"request": Request("POST", "http://gw", (), b"secret")},
        {"reply": dataclasses.replace(REPLY, headers=(("message", "secret"),))},
        {"reply": dataclasses.replace(REPLY, content=b"secret" + b"." * 5000)},
    ],
    ids=["about", "trouble", "field name", "request", "field value", "packed reply"],
)
def test_a_row_is_masked_again_if_any_one_of_its_texts_needs_it(changed):
    row = row_of(made(**changed))

    def mask(text):
        return text.replace("secret", "<s>")

    assert mask_row(row, mask) == row_of(made(**changed), mask)
    assert mask_row(row, str) is row


def test_exchanges_can_be_read_in_the_order_in_which_they_began(tmp_path):
    """Each is written at its end, and those of a worker that died lie in a file of their own."""
    written_at = {"exchanges.jsonl": [("x2", 2.0), ("x1", 1.0), ("x4", 4.0)], "exchanges-gw0.jsonl": [("gw0-x1", 3.0)]}
    for name, rows in written_at.items():
        lines = [json.dumps(row_of(made(id=id_, started=at)), separators=(",", ":")) + "\n" for id_, at in rows]
        (tmp_path / name).write_text("".join(lines) + '{"cut off')

    assert [row["id"] for row in in_order(tmp_path)] == ["x1", "x2", "gw0-x1", "x4"]


@pytest.mark.parametrize("kind", TroubleKind)
@pytest.mark.parametrize("detail", ["", "no reply: none", "limit: 5"])
def test_a_trouble_is_read_back_as_it_was_written(kind, detail):
    trouble = Trouble(kind, detail)

    assert Trouble.read(str(trouble)) == trouble


def test_a_text_that_names_no_kind_of_trouble_is_none():
    with pytest.raises(ValueError, match="weather"):
        Trouble.read("weather: it rains")


@pytest.mark.parametrize(
    ("purpose", "stimulus", "tags"),
    [
        ("unusual", Stimulus("NaN", "odd numbers"), ["NaN", "odd numbers"]),
        ("unusual", Stimulus("lists nested deeply"), ["lists nested deeply"]),
        ("foreign", Stimulus("PUT", "another method"), ["another method", "PUT"]),
        ("broken", Stimulus("no length"), ["no length"]),
        ("", Stimulus("NaN", role=Role.AFTER), ["after NaN"]),
        ("", Stimulus("NaN", role=Role.LONG_AFTER), ["long after NaN"]),
        ("", None, []),
    ],
)
def test_a_stimulus_comes_back(purpose, stimulus, tags):
    row = row_of(made(purpose=purpose, stimulus=stimulus))

    assert row["tags"] == tags
    assert exchange_of(row, HttpBinding()).stimulus == stimulus
