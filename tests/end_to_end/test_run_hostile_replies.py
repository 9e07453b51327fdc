"""Replies made to do harm neither crash the kit nor reach the terminal as they are."""

import dataclasses
import itertools
import json
import re
import secrets
import shutil
import subprocess
import unicodedata

import pytest

from beckn_conformance.report import files
from tests.end_to_end.kit import LONGEST
from tests.end_to_end.loopback import with_body, with_fields

SOME = (
    "--pyargs",
    "beckn_conformance.suite.test_get",
    "beckn_conformance.suite.test_info_update",
    "-k",
    "test_plain_get or test_plain_update or test_unknown_registration or null and UPDATE-NACK-PHONE",
)
SIGNUPS = ("-k", "test_plain or test_unknown_registration or test_ids_are_unique")
LEAST = (*SOME[:-1], "test_plain_get")
"""For replies that take long to read or to judge."""
LATER = 5
"""The first calls, by which the kit finds out how to talk, are answered as they should be."""

ESCAPES = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m\r\nFAKE: conformant\r\n::error::x\r\n##[group]x ##vso[task.x]\u2028\u202e\x00\x7f"
)


def _everywhere(value, change):
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _everywhere(child, change) for key, child in value.items()}
    if isinstance(value, list):
        return [_everywhere(child, change) for child in value]
    return value


def _texts(change, *, ascii_only=True):
    """Every text in a body but ids and tokens."""

    def twist(seen, answer):
        if seen.number < LATER:
            return answer
        body = json.loads(answer.body)
        spoiled = _everywhere(body, change)
        for name, member in (("registration", "id"), ("auth", "token")):
            if name in body and member in body[name] and answer.status < 300:
                spoiled[name][member] = body[name][member]
        return with_body(answer, json.dumps(spoiled, ensure_ascii=ascii_only).encode())

    return twist


def _given(pointer, change):
    """An id or token that a signup gives."""

    def twist(seen, answer):
        try:
            body = json.loads(answer.body)
            body[pointer[0]][pointer[1]] = change(body[pointer[0]][pointer[1]])
        except (KeyError, ValueError):
            return answer
        return with_body(answer, json.dumps(body).encode())

    return twist


def _whole(body):
    return lambda seen, answer: answer if seen.number < LATER else with_body(answer, body)


def _fields(*fields):
    return lambda seen, answer: answer if seen.number < LATER else with_fields(answer, fields)


def _status(status):
    return lambda seen, answer: answer if seen.number < LATER else dataclasses.replace(answer, status=status)


def _padded(seen, answer):
    """The body with other members of every kind added to it."""
    if seen.number < LATER:
        return answer
    more = '{"\\ud800": "\\udfff", "\\u0000": 1e999, "\\u001b[31m": -0.0, "": [[[]]], "big": 1' + "0" * 4000 + ","
    return with_body(answer, more.encode() + answer.body.lstrip()[1:])


ID, TOKEN = ("registration", "id"), ("auth", "token")
MB = 1_000_000


def _added(more):
    """Members that go before those of every body."""

    def twist(seen, answer):
        if seen.number < LATER or not answer.body.startswith(b"{"):
            return answer
        return with_body(answer, b"{" + more(seen) + b"," + answer.body[1:])

    return twist


def _documents(count, make):
    """Documents that nobody sent, after those that were, and messages for as many."""

    def twist(seen, answer):
        body = json.loads(answer.body)
        body["documents"] = [*body.get("documents", []), *map(make, range(count))]
        return answer if seen.number < LATER else with_body(answer, json.dumps(body).encode())

    return twist


def _instead(number, change):
    """Another body from some request on."""

    def twist(seen, answer):
        if seen.number < number:
            return answer
        return with_body(answer, json.dumps(change(json.loads(answer.body)), ensure_ascii=False).encode())

    return twist


def _marked(body):
    """A name with more marks in a row than can be put in order in a lifetime."""
    if "info" in body:
        body["info"]["name"] = "a" + "\u0301\u0316" * MB
    return body


def _blaming(body):
    """Messages at places that are others in every reply."""
    key = secrets.token_hex()
    places = {"phone": {key: {key: 1}}, "name": [{key: "x"}], key: ["x"]}
    return {
        **body,
        "info": places,
        "documents": [{"name": {key: key}}] * 3,
        key: key,
        "api": {"endpoint_url": {key: 1}},
    }


def _nested(levels):
    value = "x"
    for _ in range(levels):
        value = {"phone": [value]}
    return value


TWISTS = {
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
    "deep nesting in an error slot": _instead(LATER, lambda body: {**body, "info": _nested(90)}),
    "deep nesting of 100,000 levels": _whole(b'{"info":' * 100_000 + b"1" + b"}" * 100_000),
    "an integer of a million digits": _added(lambda seen: b'"big": [-1' + b"0" * MB + b"]"),
    "an exponent of a million digits": _added(lambda seen: b'"big": 1e' + b"9" * MB),
    "as much as is read": _added(lambda seen: b'"pad": "' + b"x" * (8 * MB) + b'"'),
    "as many characters beyond the BMP": _added(lambda seen: b'"pad": "' + "\U0001f600".encode() * 2 * MB + b'"'),
    "as many members as are read": _added(lambda seen: b",".join(b'"%d":0' % n for n in range(49_000))),
    "the same name many times": _added(lambda seen: b",".join([b'"registration":{"id":"x"}'] * 10_000)),
    "documents of nobody": _documents(9000, lambda n: {"name": f"n{n}", "data": f"d{n}", "status": "X", "id": "same"}),
    "documents that are empty": _documents(12_000, lambda n: {}),
    "more marks than can be put in order": _instead(LATER, _marked),
    "messages of a megabyte": _texts(lambda text: text + "\x1b(" * (MB // 2)),
    "messages at other places each time": _instead(LATER, _blaming),
    "not UTF-8": _whole(b'{"registration": {"id": "\xff\xfe"}}'),
    "nothing": _whole(b""),
    "lists for objects": _whole(b'{"registration": [], "info": [], "documents": {}, "api": [], "auth": []}'),
    "ids with quotes": _given(ID, lambda id_: f"{id_}'\"\\; $(touch injected) `touch injected` | & \x02 {{id}}"),
    "ids with line breaks": _given(ID, lambda id_: f"{id_}\n\r\x1b[31m\n"),
    "ids with a lone surrogate": _given(ID, lambda id_: f"{id_}\ud800"),
    "ids that are very long": _given(ID, lambda id_: id_ + "x" * 50_000),
    "ids of a megabyte": _given(ID, lambda id_: id_ + "x" * MB),
    "ids that are paths": _given(ID, lambda id_: f"../../../etc/passwd/{id_}"),
    "ids with NUL": _given(ID, lambda id_: f"{id_}\0"),
    "ids that are regular expressions": _given(ID, lambda id_: f"({id_}|(a+)+$[[\\1"),
    "ids that are others in each reply": _instead(
        1, lambda body: {**body, "registration": {"id": secrets.token_hex()}}
    ),
    "ids that are numbers": _given(ID, lambda id_: 10**300),
    "ids that are one and the same": _given(ID, lambda id_: "0"),
    "tokens with quotes": _given(TOKEN, lambda token: f"{token}'\"\\; $(touch injected) `touch injected`"),
    "tokens with line breaks": _given(TOKEN, lambda token: f"{token}\r\nX-Injected: yes"),
    "tokens of a megabyte": _given(TOKEN, lambda token: token + "x" * MB),
    "tokens that are others in each reply": _instead(
        1, lambda body: {**body, "auth": {"token": secrets.token_hex(3000)}}
    ),
    "tokens that are no words": _given(TOKEN, lambda token: f"'({token}" + "!" * 7000),
    "beginnings of tokens everywhere": _added(
        lambda seen: b'"pad": "' + seen.headers["token"][:6].encode() * 9000 + b'"'
    ),
    "tokens beyond ASCII": _given(TOKEN, lambda token: f"{token}-ü€"),
    "tokens that are objects": _given(TOKEN, lambda token: {"value": token}),
    "two actions": _fields(("action", "ACK, NACK")),
    "an action that steers a terminal": _fields(("action", "ACK\x1b[31m")),
    "a message that steers a terminal": _fields(("message", "\x1b]0;owned\x07\x9b31m")),
    "a message beyond ASCII": _fields(("message", "\xff\xfe")),
    "a message with bytes of another encoding": _fields(("message", "\x80\xa0\xfe")),
    "as long a message as is read": _fields(("message", "x" * 60_000)),
    "fields that steer browsers": _fields(("Set-Cookie", "a=1"), ("Refresh", "0; url=//x"), ("Alt-Svc", 'h2="x:443"')),
    "times to wait that are none": _fields(("Retry-After", "-99999999999999999999999")),
    "a connection for each reply": _fields(("Connection", "close")),
    "a status unknown to HTTP": _status(999),
}


HUGE = (
    *("as much as is read", "as many characters beyond the BMP", "as many members as are read"),
    *("documents of nobody", "documents that are empty", "more marks than can be put in order"),
)
ALONE = ("ids of a megabyte", "tokens of a megabyte", "ids with a lone surrogate")
IDS, TOKENS = ([name for name in TWISTS if name.startswith(what) and name not in ALONE] for what in ("ids ", "tokens "))
OTHERS = [name for name in TWISTS if name not in {*HUGE, *ALONE, *IDS, *TOKENS}]
TOGETHER = [*((name,) for name in (*HUGE, *ALONE)), IDS, TOKENS, *(OTHERS[place::6] for place in range(6))]
"""What a gateway does in one run: what is large or leaves nothing to be judged alone, anything else in turn."""


def _in_turn(names):
    """Has each call answered in another way, or each signup where ids or tokens are what is odd; tells all turns."""
    turns, taken = itertools.cycle(names), []

    def twist(seen, answer):
        if b'"auth"' not in answer.body if names in (IDS, TOKENS) else seen.number < LATER:
            return answer
        taken.append(next(turns))
        return TWISTS[taken[-1]](seen, answer)

    return twist, taken


MOST_MEMORY = 600
"""MB that a run may take at most."""
MOST_FINDINGS = 60


def _assert_unharmed(run, folder):
    assert run.status in (0, 1, 10), run.output
    assert run.report["verdict"] == "incomplete"
    text = run.printed.decode("utf-8")
    bad = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert bad == set()
    assert not [line for line in run.lines if line.startswith("FAKE")]
    assert not [line for line in run.lines if "##[" in line or "##vso[" in line or line.lstrip().startswith("::error")]
    assert not (folder / "injected").exists()
    assert run.journal
    assert run.peak < MOST_MEMORY
    assert len(run.findings) < MOST_FINDINGS
    assert max(map(len, run.lines)) < 10_000
    assert (run.folder / "report.json").stat().st_size < 2 * MB
    assert {file.name for file in run.folder.iterdir()} <= {*files.NAMES, files.SCRIPTS}
    for file in (run.folder / "findings").glob("*"):
        assert re.fullmatch(r"[A-Z-]+-[0-9a-f]{8}\.sh", file.name)


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_hostile_replies_are_judged_like_any_other(kit, gateway, tmp_path, names):
    twist, turns = _in_turn(names)
    server = gateway(twist)

    some = LEAST if names[0] in HUGE else SIGNUPS if names in (IDS, TOKENS) else SOME
    run = kit.run(server.url, kit.configure("settle: 0.2"), "--gateway-patience=5", *some)

    _assert_unharmed(run, tmp_path)
    assert not {"x-injected", "cookie"} & {name for seen in server.seen for name in seen.headers}
    assert {*turns} == {*names}


@pytest.mark.parametrize("name", ["escapes in every text", "ids with line breaks", "lone surrogates"])
def test_hostile_replies_do_no_harm_in_the_envelope_either(kit, gateway, tmp_path, name):
    def twist(seen, answer):
        envelope = json.loads(answer.body)
        inner = with_body(answer, json.dumps(envelope["body"]).encode())
        spoiled = TWISTS[name](seen, inner)
        header = dict(envelope["header"])
        if seen.number >= LATER:
            header["message"] += ESCAPES
        return with_body(answer, json.dumps({"header": header, "body": json.loads(spoiled.body)}).encode())

    server = gateway(twist, binding="envelope")

    run = kit.run(server.url, kit.configure("settle: 0.2\nbinding: envelope"), *SOME)

    _assert_unharmed(run, tmp_path)


@pytest.mark.parametrize("options", [("--tb=short", "-rA"), ("-v", "--tb=long", "-ra")], ids=" ".join)
def test_hostile_replies_do_no_harm_where_pytest_is_asked_to_say_more(kit, gateway, tmp_path, options):
    server = gateway(TWISTS["escapes in every text"])

    run = kit.run(server.url, kit.configure("settle: 0.2"), *options, *SOME)

    _assert_unharmed(run, tmp_path)
    assert run.status == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl lines are run with curl")
@pytest.mark.parametrize("name", ["ids with quotes", "tokens with quotes"])
def test_a_curl_line_runs_nothing_that_a_gateway_made_up(kit, gateway, tmp_path, name):
    spoil = TWISTS[name]

    def twist(seen, answer):
        return with_fields(spoil(seen, answer), [("message", "")])

    server = gateway(twist)
    run = kit.run(server.url, kit.configure("settle: 0.2"), *SOME)
    lines = {finding["curl"] for finding in run.findings}
    assert lines

    for line in sorted(lines):
        subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, timeout=LONGEST, check=False)

    assert not (tmp_path / "injected").exists()


def test_a_token_that_is_a_word_of_the_kit_is_masked_in_its_place_and_leaves_the_report_readable(kit, gateway):
    words = itertools.cycle(["status", "requirements", "Provider/signup", "ACK", "a", "SIGNUP-NACK-PHONE", "findings"])
    server = gateway(_given(TOKEN, lambda token: next(words)))

    run = kit.run(
        server.url,
        kit.configure("settle: 0.2"),
        "-k",
        "test_plain_signup or SIGNUP-NACK-PHONE and malformed or test_token",
    )

    assert "<secret" not in (run.folder / "report.json").read_text()
    for row in run.journal:
        request = dict(row["request"]["headers"])
        assert request["Action"].startswith("Provider/")
        assert request["Token"] == "signup" or request["Token"].startswith("<secret ")
        if '"auth"' in row["reply"]["content"]:
            assert json.loads(row["reply"]["content"])["auth"]["token"].startswith("<secret ")


def test_tokens_of_other_providers_that_a_gateway_repeats_are_masked(kit, gateway):
    given = []

    def gossip(seen, answer):
        body = json.loads(answer.body)
        if "auth" in body:
            given.append(body["auth"]["token"])
        told = ", ".join(given)
        return with_fields(
            with_body(answer, json.dumps({**body, "others": given}).encode()), [("message", told[-900:])]
        )

    server = gateway(gossip)
    spread, some = ("-p", "xdist.plugin", "-n2"), ("-k", "test_plain or SIGNUP-NACK-PHONE and malformed")

    run = kit.run(server.url, kit.configure("settle: 0.2"), *spread, *some)

    written = run.output + "".join(file.read_text() for file in run.folder.rglob("*") if file.is_file())
    assert len(given) > 5
    assert [token for token in given if token in written] == []


@pytest.mark.parametrize(
    ("change", "what"),
    [(_given(ID, lambda id_: id_ + "x" * MB), "id"), (_given(TOKEN, lambda t: t + "x" * MB), "token")],
)
def test_what_is_too_long_to_be_used_is_told_in_one_line(kit, gateway, change, what):
    run = kit.run(gateway(change).url, "-k", "test_plain_get")

    assert run.requirement("GET-ACK")["status"] == "inconclusive"
    assert [line for line in run.lines if line.startswith("note: the first signup got an ACK with") and what in line]
