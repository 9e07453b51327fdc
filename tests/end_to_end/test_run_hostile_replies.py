"""Replies made to do harm neither crash the kit nor reach the terminal as they are."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from end_to_end.kit import Kit, Run
from end_to_end.loopback import Answer, Loopback, Seen, Twist, with_body, with_fields

SOME = (
    "--pyargs",
    "beckn_conformance.suite.test_get",
    "beckn_conformance.suite.test_info_update",
    "-k",
    "test_plain_get or test_plain_update or test_unknown_registration or null and UPDATE-NACK-PHONE",
)
LATER = 5
"""The first calls, by which the kit finds out how to talk, are answered as they should be."""

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\r\nFAKE: conformant\u2028\u202e\x00\x7f"


def _everywhere(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _everywhere(child, change) for key, child in value.items()}
    if isinstance(value, list):
        return [_everywhere(child, change) for child in value]
    return value


def _texts(change: Callable[[str], Any], *, ascii_only: bool = True) -> Twist:
    """Every text in a body but ids and tokens."""

    def twist(seen: Seen, answer: Answer) -> Answer:
        if seen.number < LATER:
            return answer
        body = json.loads(answer.body)
        spoiled = _everywhere(body, change)
        for name, member in (("registration", "id"), ("auth", "token")):
            if name in body and member in body[name] and answer.status < 300:
                spoiled[name][member] = body[name][member]
        return with_body(answer, json.dumps(spoiled, ensure_ascii=ascii_only).encode())

    return twist


def _given(pointer: tuple[str, str], change: Callable[[str], Any]) -> Twist:
    """An id or token that a signup gives."""

    def twist(seen: Seen, answer: Answer) -> Answer:
        body = json.loads(answer.body)
        try:
            body[pointer[0]][pointer[1]] = change(body[pointer[0]][pointer[1]])
        except KeyError:
            return answer
        return with_body(answer, json.dumps(body).encode())

    return twist


def _whole(body: bytes) -> Twist:
    return lambda seen, answer: answer if seen.number < LATER else with_body(answer, body)


def _fields(*fields: tuple[str, str]) -> Twist:
    return lambda seen, answer: answer if seen.number < LATER else with_fields(answer, fields)


def _status(status: int) -> Twist:
    return lambda seen, answer: answer if seen.number < LATER else dataclasses.replace(answer, status=status)


def _padded(seen: Seen, answer: Answer) -> Answer:
    """The body with other members of every kind added to it."""
    if seen.number < LATER:
        return answer
    more = '{"\\ud800": "\\udfff", "\\u0000": 1e999, "\\u001b[31m": -0.0, "": [[[]]], "big": 1' + "0" * 4000 + ","
    return with_body(answer, more.encode() + answer.body.lstrip()[1:])


ID, TOKEN = ("registration", "id"), ("auth", "token")

TWISTS: dict[str, Twist] = {
    "escapes in every text": _texts(lambda text: text + ESCAPES),
    "raw escapes in every text": _texts(lambda text: text + "\x9b31m\u2028\u202e\x7f", ascii_only=False),
    "very long texts": _texts(lambda text: text + "x" * 100_000),
    "lone surrogates": _texts(lambda text: text + "\ud800"),
    "numbers for texts": _texts(lambda text: 10**400),
    "lists for texts": _texts(lambda text: [text]),
    "members nobody asked for": _padded,
    "deep nesting": _whole(b"[" * 200_000),
    "deep nesting that is closed": _whole(b'{"info":' * 900 + b"1" + b"}" * 900),
    "huge integer": _whole(b'{"registration": {"id": ' + b"9" * 10_000 + b"}}"),
    "not UTF-8": _whole(b'{"registration": {"id": "\xff\xfe"}}'),
    "nothing": _whole(b""),
    "lists for objects": _whole(b'{"registration": [], "info": [], "documents": {}, "api": [], "auth": []}'),
    "ids with quotes": _given(ID, lambda id_: f"{id_}'\"\\; $(touch injected) `touch injected` | & \x02 {{id}}"),
    "ids with line breaks": _given(ID, lambda id_: f"{id_}\n\r\x1b[31m\n"),
    "ids with a lone surrogate": _given(ID, lambda id_: f"{id_}\ud800"),
    "ids that are very long": _given(ID, lambda id_: id_ + "x" * 50_000),
    "ids that are numbers": _given(ID, lambda id_: 10**300),
    "ids that are one and the same": _given(ID, lambda id_: "0"),
    "tokens with quotes": _given(TOKEN, lambda token: f"{token}'\"\\; $(touch injected) `touch injected`"),
    "tokens with line breaks": _given(TOKEN, lambda token: f"{token}\r\nX-Injected: yes"),
    "tokens beyond ASCII": _given(TOKEN, lambda token: f"{token}-ü€"),
    "tokens that are objects": _given(TOKEN, lambda token: {"value": token}),
    "two actions": _fields(("action", "ACK, NACK")),
    "an action that steers a terminal": _fields(("action", "ACK\x1b[31m")),
    "a message that steers a terminal": _fields(("message", "\x1b]0;owned\x07\x9b31m")),
    "a message beyond ASCII": _fields(("message", "\xff\xfe")),
    "a status unknown to HTTP": _status(999),
}


def _assert_unharmed(run: Run, folder: Path) -> None:
    assert not run.crashed, run.output
    assert run.status in (0, 1, 10), run.output
    assert run.report["verdict"] == "incomplete"
    text = run.printed.decode("utf-8")
    bad = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert bad == set()
    assert not [line for line in run.lines if line.startswith("FAKE")]
    assert not (folder / "injected").exists()
    assert run.journal


@pytest.mark.parametrize("name", TWISTS)
def test_a_hostile_reply_is_judged_like_any_other(
    kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path, name: str
) -> None:
    server = gateway(TWISTS[name])

    run = kit.run(server.url, kit.configure("settle: 0.2"), "--gateway-timeout=3", *SOME)

    _assert_unharmed(run, tmp_path)
    assert not any("x-injected" in seen.headers for seen in server.seen)


@pytest.mark.parametrize(
    "name",
    ["escapes in every text", "ids with line breaks", "lone surrogates"],
)
def test_hostile_replies_do_no_harm_in_the_envelope_either(
    kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path, name: str
) -> None:
    def twist(seen: Seen, answer: Answer) -> Answer:
        envelope = json.loads(answer.body)
        inner = with_body(answer, json.dumps(envelope["body"]).encode())
        spoiled = TWISTS[name](seen, inner)
        assert isinstance(spoiled, Answer)
        header = dict(envelope["header"])
        if seen.number >= LATER:
            header["message"] += ESCAPES
        return with_body(answer, json.dumps({"header": header, "body": json.loads(spoiled.body)}).encode())

    server = gateway(twist, binding="envelope")

    run = kit.run(server.url, kit.configure("settle: 0.2\nbinding: envelope"), *SOME)

    _assert_unharmed(run, tmp_path)


@pytest.mark.parametrize("options", [("--tb=short", "-rA"), ("-v", "--tb=long", "-ra")], ids=" ".join)
def test_hostile_replies_do_no_harm_where_pytest_is_asked_to_say_more(
    kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path, options: tuple[str, ...]
) -> None:
    server = gateway(TWISTS["escapes in every text"])

    run = kit.run(server.url, kit.configure("settle: 0.2"), *options, *SOME)

    _assert_unharmed(run, tmp_path)
    assert run.status == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl lines are run with curl")
@pytest.mark.parametrize("name", ["ids with quotes", "tokens with quotes"])
def test_a_curl_line_runs_nothing_that_a_gateway_made_up(
    kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path, name: str
) -> None:
    spoil = TWISTS[name]

    def twist(seen: Seen, answer: Answer) -> Any:
        return with_fields(spoil(seen, answer), [("message", "")])  # type: ignore[arg-type]

    server = gateway(twist)
    run = kit.run(server.url, kit.configure("settle: 0.2"), *SOME)
    lines = {finding["curl"] for finding in run.findings}
    assert lines

    for line in sorted(lines):
        subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, timeout=60, check=False)

    assert not (tmp_path / "injected").exists()
