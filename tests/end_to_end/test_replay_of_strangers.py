"""A report of a stranger says neither where a replay sends to, nor what of this user's it takes along."""

import dataclasses
import io
import json
import shutil
from pathlib import Path

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.resend import resend
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.messages.exchange import Exchange, Message, Raw, Reply, Request, Stimulus
from beckn_conformance.messages.json_text import write_json
from beckn_conformance.messages.values import Values
from beckn_conformance.run.session import Session
from beckn_conformance.specification.loading import load
from tests.end_to_end.kit import Kit
from tests.end_to_end.loopback import Loopback

SEEN = "NACK-ECHO"
RECORDED = "https://recorded.example/api"
HOSTILE = "POST /admin HTTP/1.1\r\nHost: attacker.example\r\nX-Evil: yes\r\n\r\n"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    server = Loopback(defects=("signup-info-phone-error-echoes-value",))
    try:
        return Kit(tmp_path_factory.mktemp("recorded")).run(server.url, "-k", "SIGNUP-NACK-PHONE and malformed")
    finally:
        server.close()


@pytest.fixture
def attacker(gateway):
    return gateway()


@pytest.fixture
def folder(recorded, attacker, tmp_path):
    """A report of a run against the attacker's gateway."""
    folder = Path(shutil.copytree(recorded.folder, tmp_path / "theirs"))
    mine = recorded.report["gateway"]["url"]
    for file in folder.glob("*.json*"):
        file.write_text(file.read_text().replace(mine, attacker.url))
    return folder


def declare(folder, **configuration):
    report = json.loads((folder / "report.json").read_text())
    report["configuration"] |= configuration
    (folder / "report.json").write_text(json.dumps(report))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_a_replay_asks_for_yes(folder, attacker, capsys):
    assert main(["replay", str(folder), SEEN]) == 4
    assert attacker.seen == []
    (line,) = capsys.readouterr().err.splitlines()
    assert attacker.url in line
    assert "--yes" in line


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("n\n", 4), ("\n", 4), ("", 4)])
def test_on_a_terminal_a_replay_asks_before_it_sends(typed, status, folder, attacker, monkeypatch):
    said = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr", said)

    assert main(["replay", str(folder), SEEN]) == status
    assert bool(attacker.seen) == (status == 0)
    assert attacker.url in said.getvalue()


@pytest.mark.parametrize(
    "declared",
    [
        {"headers": {"X-Key": "env:SECRET_OF_THIS_USER"}},
        {"signup_token": "env:SECRET_OF_THIS_USER"},
        {"registrations": [{"id": "x", "token": "env:SECRET_OF_THIS_USER"}]},
        {"verification_hook": "touch pwned", "verification": "immediate"},
        {"tls": {"client_cert": "/etc/passwd"}},
        {"peers": ["http://127.0.0.1:9"], "clone_within": 1},
        {"a-key-of-tomorrow": 1},
    ],
)
def test_no_secret_target_file_or_command_comes_from_a_report(declared, folder, attacker, gateway, monkeypatch, capsys):
    monkeypatch.setenv("SECRET_OF_THIS_USER", "do-not-tell-anybody")
    monkeypatch.chdir(folder)
    declare(folder, **declared)

    assert main(["replay", str(folder), SEEN, "--yes"]) == 4
    assert main(["replay", str(folder), SEEN, "--gateway-url", gateway().url]) == 4
    assert attacker.seen == []
    assert "--gateway-config" in capsys.readouterr().err
    assert not Path("pwned").exists()


def test_the_reference_gateway_needs_neither_question_nor_file(folder, attacker):
    declare(folder, headers={"X-Key": "env:NO_SUCH_VARIABLE"})

    assert main(["replay", str(folder), SEEN, "--gateway-url", "reference"]) == 0
    assert attacker.seen == []


def _exchange(action, place, *, message, request, **more):
    return Exchange(f"x{place}", action, request, message, None, None, place * 0.5, 0.5, **more)


def _signup():
    body = {"registration": {"id": "recorded-id"}, "auth": {"token": "recorded-token"}}
    reply = Reply(200, (("Action", "ACK"),), json.dumps(body).encode())
    valid = Values(load(), GatewayConfig(RECORDED), seed=1).signup()
    message = Message({"Action": "Provider/signup", "Token": "signup", "Timestamp": "2026-05-04T10:00:00"}, valid)
    request = Request("POST", f"{RECORDED}/Provider/signup", (), write_json(message.body))
    made = _exchange("Provider/signup", 0, message=message, request=request)
    return dataclasses.replace(made, reply=reply, received=HttpBinding().decode(reply))


def _resent(victim, *steps):
    """What became of it, and the requests that came of recorded calls."""
    config = GatewayConfig(victim.url, headers={"X-Key": "do-not-tell"}, settle=0.1, patience=1, timeout=2)
    session = Session(load(), config, 1)
    try:
        session.start()
        before = len(victim.seen)
        resent = resend(session, "ANY", {"id": "ANY-1", "replay": ""}, steps, GatewayConfig(RECORDED))
        return resent, victim.seen[before:]
    finally:
        session.end()


URLS = ("@{0}/Provider/get", ":{1}/Provider/get", "/../../admin")


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("purpose", ["foreign", "malformed", "broken"])
def test_nothing_of_a_recorded_request_is_sent_but_what_it_is_called(purpose, url, gateway, attacker):
    place = url.format(f"127.0.0.1:{attacker.port}", attacker.port)
    fields = (("Host", "attacker.example"), ("X-Evil", "yes"), ("X-Key", "theirs"), ("Cookie", "a=b"))
    raw = Raw((HOSTILE.encode(),)) if purpose == "broken" else None
    request = Request("DELETE", RECORDED + place, fields, HOSTILE.encode(), raw)
    stimulus = {
        "foreign": Stimulus("PUT", "another method"),
        "malformed": Stimulus("an array"),
        "broken": Stimulus("no length"),
    }[purpose]
    odd = _exchange(
        "Provider/get", 1, message=None, request=request, purpose=purpose, stimulus=stimulus, about="recorded-id"
    )

    _, seen = _resent(gateway(), _signup(), odd)

    assert attacker.seen == []
    method = "PUT" if purpose == "foreign" else "POST"
    assert [(one.method, one.target) for one in seen] == [("POST", "/Provider/signup"), (method, "/Provider/get")]
    for one in seen:
        assert "x-evil" not in one.headers
        assert "cookie" not in one.headers
        assert one.headers["x-key"] == "do-not-tell"
        assert b"attacker" not in one.body


def test_what_is_no_message_is_replayed_where_it_holds_and_where_not(kit):
    run = kit.run("reference:signup-method-crashes", "-k", "ROBUST-NO-CRASH and method")
    again = ["replay", str(run.folder), "ROBUST-NO-CRASH", "--gateway-url"]

    assert [main([*again, "reference:signup-method-crashes"]), main([*again, "reference"])] == [1, 0]


def test_a_recorded_message_brings_no_header_fields_of_its_own(gateway):
    header = {"Action": "Provider/get", "Token": "recorded-token", "Cookie": "a=b", "X-Key": "theirs", "Timestamp": 1}
    message = Message(header, {"registration": {"id": "recorded-id"}})
    request = Request("POST", f"{RECORDED}@attacker.example/", (("X-Evil", "yes"),), b"")

    _, seen = _resent(gateway(), _signup(), _exchange("Provider/get", 1, message=message, request=request))

    assert [one.target for one in seen] == ["/Provider/signup", "/Provider/get"]
    assert seen[1].headers.keys().isdisjoint({"cookie", "x-evil", "timestamp"})
    assert seen[1].headers["x-key"] == "do-not-tell"


@pytest.mark.parametrize(
    ("action", "changed", "reason"),
    [
        ("../admin", {"message": Message({}, {})}, "not an operation"),
        ("@attacker.example/", {"message": Message({}, {})}, "not an operation"),
        ("Provider/get", {"purpose": "broken", "stimulus": Stimulus("of another kit")}, "cannot be made again"),
        (
            "Provider/get",
            {"purpose": "foreign", "stimulus": Stimulus("/admin", "another path")},
            "cannot be made again",
        ),
        ("Provider/get", {}, "cannot be made again"),
        ("Provider/get", {"message": Message({}, {}), "peer": "http://127.0.0.1:9"}, "not declared"),
    ],
)
def test_what_no_kit_has_sent_is_not_sent_again(action, changed, reason, gateway):
    request = Request("POST", f"{RECORDED}/{action}", (), HOSTILE.encode())

    resent, seen = _resent(gateway(), _signup(), _exchange(action, 1, request=request, **{"message": None, **changed}))

    assert [one.target for one in seen] == ["/Provider/signup"]
    assert resent.holds is None
    assert reason in resent.text
