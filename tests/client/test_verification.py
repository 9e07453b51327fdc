"""The verification hook: a command or a URL that is told an id, and nothing that an id could do besides."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from beckn_conformance.client.verification import Verifier
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.errors import Unmet
from tests.end_to_end.loopback import plain

ODD_IDS = (
    *("$(touch pwned)", "`touch pwned`", "a; touch pwned", "'", '"', "a b", "", "-o pwned", "-K/etc/passwd"),
    "@/etc/passwd",
    *("..", "../../admin", ".hidden", "a/b", "a%2e", "a?x=1#y", "a\r\nX-Injected: 1", "a\nb\n", "a\0", "\ud800", "é"),
    *("{id}", "١"),
)


@pytest.mark.parametrize("hook", ["sh -c 'touch called; {id}'", "curl --data id={id} {url}", "{url}/verify/{id}"])
def test_a_hook_is_not_called_with_an_id_that_could_be_more_than_a_name(hook, gateway, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = gateway(lambda seen, answer: plain(200, ""))
    verifier = Verifier(GatewayConfig(server.url, verification_hook=hook.replace("{url}", server.url)))

    for id_ in ODD_IDS:
        with pytest.raises(Unmet, match=r"is not called.*REGISTRATION_ID"):
            asyncio.run(verifier.verify(id_))

    assert list(tmp_path.iterdir()) == []
    assert server.seen == []


@pytest.mark.parametrize("id_", ["reg-44255ac8", "17", "urn:uuid:6ba7b810-9dad", "a.b_c", "_x", "A..b"])
def test_a_hook_is_called_with_a_plain_id(id_, gateway, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = gateway(lambda seen, answer: plain(200, ""))

    asyncio.run(Verifier(GatewayConfig(server.url, verification_hook=f"{server.url}/verify/{{id}}")).verify(id_))
    asyncio.run(Verifier(GatewayConfig(server.url, verification_hook="sh -c 'echo {id} >called'")).verify(id_))

    assert [(seen.method, seen.target) for seen in server.seen] == [("POST", f"/verify/{id_}")]
    assert Path("called").read_text() == f"{id_}\n"


@pytest.mark.parametrize("id_", ["$(touch pwned)", "-o", "@/etc/passwd", "é\n", "a b", "reg-1"])
def test_a_command_is_told_any_id_by_a_variable_and_by_nothing_else(id_, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hook = """sh -c 'printf "%s|%s" "$REGISTRATION_ID" "$*" >called' hook"""

    asyncio.run(Verifier(GatewayConfig("http://127.0.0.1", verification_hook=hook)).verify(id_))

    assert [path.name for path in tmp_path.iterdir()] == ["called"]
    assert Path("called").read_text() == f"{id_}|"


def test_a_script_in_python_imports_what_lies_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    (tmp_path / "beside.py").touch()
    (tmp_path / "hook.py").write_text("import beside")

    asyncio.run(Verifier(GatewayConfig("", verification_hook=f"{sys.executable} {tmp_path}/hook.py")).verify("a"))


def test_a_url_is_sent_any_id_as_json(gateway):
    server = gateway(lambda seen, answer: plain(200, ""))
    verifier = Verifier(GatewayConfig(server.url, verification_hook=f"{server.url}/verify"))

    for id_ in ODD_IDS:
        asyncio.run(verifier.verify(id_))

    assert {(seen.method, seen.target) for seen in server.seen} == {("POST", "/verify")}
    assert [json.loads(seen.body)["registration"]["id"] for seen in server.seen] == [*ODD_IDS]


@pytest.mark.parametrize("id_", ["a\0b", "a\ud800b", "x" * 1_000_000])
def test_an_id_that_no_command_can_be_given_is_verified_by_nobody(id_):
    verifier = Verifier(GatewayConfig("http://127.0.0.1", verification_hook="true"))

    with pytest.raises(Unmet, match="the verification_hook failed"):
        asyncio.run(verifier.verify(id_))


@pytest.mark.parametrize(
    ("hook", "target", "authorization"),
    [
        ("{url}/verify?key=a b&id={id}", "/verify?key=a%20b&id=r-1", None),
        ("{url}/prüfen/%C3%BC?x=ü#part", "/pr%C3%BCfen/%C3%BC?x=%C3%BC", None),
        ("{url}", "/", None),
        ("http://user:p%40ss@{host}/verify", "/verify", "Basic dXNlcjpwQHNz"),
    ],
)
def test_a_url_is_called_as_it_is_meant(gateway, hook, target, authorization):
    server = gateway(lambda seen, answer: plain(200, ""))
    hook = hook.replace("{url}", server.url).replace("{host}", server.url.removeprefix("http://"))

    asyncio.run(Verifier(GatewayConfig(server.url, verification_hook=hook)).verify("r-1"))

    (seen,) = server.seen
    assert (seen.target, seen.headers.get("authorization")) == (target, authorization)
    assert (seen.headers["host"], seen.headers["accept"]) == (f"127.0.0.1:{server.port}", "*/*")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (plain(404, ""), "the verification_hook answered with status 404"),
        (b"no HTTP at all\r\n\r\n", "the verification_hook failed: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 9_000_000, "failed: more than 8 MiB"),
    ],
)
def test_a_hook_that_does_not_answer_well_verifies_nobody(gateway, answer, text):
    server = gateway(lambda seen, reply: answer)

    with pytest.raises(Unmet, match=text):
        asyncio.run(Verifier(GatewayConfig(server.url, verification_hook=server.url)).verify("r-1"))


def test_a_redirect_of_a_hook_is_not_followed(gateway):
    other = gateway(lambda seen, answer: plain(200, ""))
    server = gateway(lambda seen, answer: plain(302, "", location=other.url))

    asyncio.run(Verifier(GatewayConfig(server.url, verification_hook=server.url)).verify("r-1"))

    assert (len(server.seen), other.seen) == (1, [])


@pytest.mark.parametrize("hook", ["http://", "http://[::1", "http://a b", "http://x:99999999/", "http://\ud800/"])
def test_a_url_that_cannot_be_called_is_reported(hook):
    with pytest.raises(Unmet, match="the verification_hook failed: "):
        asyncio.run(Verifier(GatewayConfig("http://127.0.0.1", verification_hook=hook)).verify("r-1"))


@pytest.mark.parametrize(
    ("declared", "shows_fresh", "serves_fresh", "always"),
    [
        ({}, True, True, False),
        ({}, False, False, True),
        ({}, True, False, False),
        ({"verification_hook": "true"}, True, False, True),
        ({"verification_hook": "true"}, True, True, False),
        ({"registrations": (("reg-1", "token-1"),)}, True, False, True),
    ],
)
def test_registrations_are_verified_before_use_where_that_is_needed(declared, shows_fresh, serves_fresh, always):
    verifier = Verifier(GatewayConfig("http://gw.example", **declared))

    verifier.begin(shows_fresh=shows_fresh, serves_fresh=serves_fresh)

    assert verifier.always is always
