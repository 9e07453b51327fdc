"""Whatever stands where a gateway should be: the run ends, and says in one sentence what was tried and seen."""

import asyncio
import gzip
import json

import pytest

from beckn_conformance.commands.cli import main
from tests.client.calls import ok, says
from tests.end_to_end.kit import ONE
from tests.end_to_end.loopback import always, plain

IMPATIENT = ("--gateway-patience=0.5",)
QUICK = ("--gateway-timeout=0.5", *IMPATIENT)
"""For gateways that never answer. A busy machine may take as long as this for any other."""


def assert_inconclusive(run, url, *words):
    """Checks what a run says without an answer, and that its record says the same."""
    assert run.status == 10, run.output
    assert run.report["verdict"] == "inconclusive"
    reason = run.report["run"]["reason"]
    assert f"{url}/Provider/signup" in reason
    for word in words:
        assert word in reason
    assert len(reason.splitlines()) == 1
    told = [line for line in run.lines if reason in line]
    assert len(told) == 1, run.output
    assert run.findings == []
    assert main(["report", str(run.folder)]) == 10
    assert json.loads((run.folder / "report.json").read_text()) == run.report


async def _nothing(reader, writer):
    await asyncio.Event().wait()


BOMB = gzip.compress(bytes(16 * 1024 * 1024), 1)

# ``tests/client/test_replies.py`` has every form of a reply that cannot be read.
TALKS = {
    "accepts and never answers": (_nothing, "timeout"),
    "sends no HTTP": (says(b"220 mail.example ESMTP ready\r\n"), "connection"),
    "sends an endless header": (says(b"HTTP/1.1 200 OK\r\nX-Pad: ", then=b"x" * 65536), "limit"),
    "sends a gzip bomb": (says(ok(b"Content-Encoding: gzip", b"Content-Length: %d" % len(BOMB), body=BOMB)), "limit"),
    "steers a terminal by its reason phrase": (
        says(b"HTTP/1.1 500 \x1b[2J\x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n"),
        "",
    ),
}


@pytest.mark.parametrize("name", TALKS)
def test_a_server_that_is_none_of_http_is_inconclusive(kit, gateway, name):
    talk, word = TALKS[name]
    server = gateway(talk=talk)

    run = kit.run(server.url, *(QUICK if word == "timeout" else IMPATIENT), *ONE)

    assert_inconclusive(run, server.url, word)
    assert run.peak < 600
    assert len(run.report["run"]["reason"]) < 500
    assert "\x1b" not in run.output


HTML = plain(200, "<!doctype html><title>Welcome</title>", "text/html; charset=utf-8")

TWISTS = {
    "HTML": (always(HTML), "text/html"),
    "a redirect to itself": (lambda seen, _: plain(307, "", Location=seen.target), "/Provider/signup"),
    "a redirect that steers a terminal": (always(plain(302, "", Location="/\x1b[2J\x9b31m")), "302"),
    "a media type of 60 KB that steers a terminal": (always(plain(200, "", "text/\x1b[31m" + "x" * 60_000)), "200"),
    "429 until nonsense": (always(plain(429, "", Retry_After="-1e999 \x9b soon")), "patience"),
}


@pytest.mark.parametrize("name", TWISTS)
def test_a_server_that_is_no_gateway_is_inconclusive(kit, gateway, name):
    twist, word = TWISTS[name]
    server = gateway(twist)

    run = kit.run(server.url, *IMPATIENT, *ONE)

    assert_inconclusive(run, server.url, word)
    assert not set(run.output) & {"\x1b", "\x9b"}


def test_a_gateway_that_refuses_every_signup_for_its_token_is_inconclusive_and_the_key_is_named(kit, gateway):
    refusal = plain(403, "{}", "application/json", action="NACK", message="unknown_token")
    server = gateway(always(refusal))

    run = kit.run(server.url, *ONE)

    assert_inconclusive(run, server.url, "signup_token", "403")


def test_a_certificate_that_nobody_trusts_is_inconclusive(kit, gateway, tls):
    server = gateway(tls=tls)

    run = kit.run(server.url, *IMPATIENT, *ONE)

    assert_inconclusive(run, server.url, "certificate")
    assert server.seen == []
