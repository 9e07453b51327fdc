"""What no client of the page sends, sent to gateways that survive it, and to some that do not."""

import asyncio
import contextlib
import dataclasses
import json
import re
import subprocess

import pytest

from beckn_conformance.messages.hostile import MALFORMED_HTTP
from reference_server.registration import digest
from tests.end_to_end.kit import LONGEST
from tests.end_to_end.loopback import Loopback, plain

MODULE = ("--pyargs", "beckn_conformance.suite.test_robustness")
QUICK = "settle: 0.2\ntimeout: 60\npatience: 1"
"""Nothing here is silent; a machine may take long to answer what is large."""
PATIENT = QUICK.replace("patience: 1", "patience: 60")
RAW = {kind for kinds in MALFORMED_HTTP.values() for kind in kinds}
DEEP = b"[[[[[[[["


def ids(run):
    return {finding["requirement"] for finding in run.findings}


def sent(run, kind):
    return next(row for row in run.journal if kind in row["tags"])


def shell(line):
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=LONGEST, check=False)


class Mortal(Loopback):
    """A gateway that, once something of a kind has come in, closes every connection and listens no more.

    With ``returns_after`` it still listens, and is there again after so many closed connections, as with a supervisor.
    """

    def __init__(self, lethal, *, returns_after=float("inf"), **how):
        self._lethal = lethal
        self._returns_after = returns_after
        self._closed = 0
        self._dead = False
        super().__init__(talk=self._live_and_die, **how)

    def _die(self):
        self._dead = True
        if self._returns_after == float("inf"):
            self._server.close()
            for task in self._open - {asyncio.current_task()}:
                task.cancel()

    async def _live_and_die(self, reader, writer):
        if self._dead:
            self._closed += 1
            self._dead = self._closed < self._returns_after
            return
        listening = asyncio.StreamReader(limit=2**24)
        speaking = asyncio.create_task(self._speak_http(listening, writer))
        try:
            while not speaking.done():
                reading = asyncio.create_task(reader.read(2**20))
                await asyncio.wait({reading, speaking}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    reading.cancel()
                    return
                heard = reading.result()
                if self._lethal(heard):
                    self._die()
                if self._dead:
                    return
                if not heard:
                    listening.feed_eof()
                    break
                listening.feed_data(heard)
            await asyncio.wait({speaking})
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError, ValueError, asyncio.IncompleteReadError, ConnectionError):
                await speaking


@pytest.fixture
def mortal():
    with contextlib.ExitStack() as closing:

        def make(*arguments, **options):
            return closing.enter_context(contextlib.closing(Mortal(*arguments, **options)))

        yield make


def test_the_reference_gateway_meets_everything_without_a_finding(kit):
    # The sample report is that of a gateway that meets everything here in the binding http.
    run = kit.run("reference", "--gateway-binding=envelope", "--conformance-class=strict", *MODULE)

    assert run.status == 0, run.output
    assert run.findings == []
    assert {tag for row in run.journal for tag in row["tags"]} >= RAW
    names = ("MALFORMED-NACK", "MALFORMED-NO-CRASH", "LARGE-ANSWERED", "ROBUST-NO-CRASH", "ROBUST-LIVES-ON")
    assert {run.requirement(name)["status"] for name in names} == {"passed"}


def test_a_gateway_may_close_the_connection_on_whatever_is_no_http(kit, mortal):
    server = mortal(lambda heard: False)

    run = kit.run(server.url, kit.configure(QUICK), *MODULE)

    assert run.findings == []
    assert run.requirement("ROBUST-LIVES-ON")["status"] == "passed"
    # No token is written down, not even of what is no HTTP.
    written = "".join(file.read_text() for file in run.folder.rglob("*") if file.is_file())
    assert len(server._given) > 100
    assert [token for token in server._given if token in written or token[:20] in written] == []
    assert not server._gateway.store.owner(digest("Token"))


def test_malformed_requests_whose_answers_are_lost_are_sent_once_more(kit, gateway):
    lost = set()

    def lose_the_first(seen, answer):
        if not seen.body.startswith(b"[") or seen.action in lost:
            return answer
        lost.add(seen.action)
        return None

    run = kit.run(gateway(lose_the_first).url, kit.configure(PATIENT), *MODULE, "-k", "MALFORMED-NACK")

    assert lost
    assert run.requirement("MALFORMED-NACK")["status"] == "passed", run.output
    assert run.findings == []


def test_what_stops_a_gateway_is_named_in_a_finding(kit, mortal):
    run = kit.run(mortal(lambda heard: DEEP in heard).url, kit.configure(QUICK), *MODULE, "-k", "body")

    assert run.status == 1, run.output
    assert ids(run) == {"ROBUST-LIVES-ON"}
    (finding,) = run.findings
    assert re.fullmatch(r"no request is answered after lists nested deeply( and never closed)?", finding["message"])
    assert finding["observed"].startswith(("no connection: ", "patience: given up"))


def test_a_gateway_that_is_back_in_time_lives_on(kit, mortal):
    server = mortal(lambda heard: DEEP in heard, returns_after=4)

    run = kit.run(server.url, kit.configure(PATIENT), *MODULE, "-k", "test_unusual_body")

    assert server._closed >= 4
    assert run.findings == []


def test_what_keeps_the_kit_out_after_malformed_http_is_inconclusive_and_named(kit, mortal):
    run = kit.run(
        mortal(lambda heard: b"HTTP/9.9" in heard).url, kit.configure(QUICK), *MODULE, "-k", "test_malformed_http"
    )

    assert run.findings == []
    requirement = run.requirement("ROBUST-LIVES-ON")
    assert requirement["status"] == "inconclusive"
    assert "after malformed HTTP was sent" in requirement["reason"]


def test_a_firewall_that_keeps_silent_after_refusals_is_inconclusive(kit, gateway):
    refusals = []

    def twist(seen, answer):
        if len(refusals) > 3:
            return None
        if seen.body.startswith(b"{") and not seen.body.endswith(b"}"):
            refusals.append(seen)
        return answer

    run = kit.run(gateway(twist).url, kit.configure(QUICK), *MODULE, "-k", "test_unreadable_body")

    assert len(refusals) > 3
    assert run.findings == []
    assert run.requirement("ROBUST-LIVES-ON")["status"] == "inconclusive"


def test_a_proxy_whose_gateway_is_gone_is_inconclusive(kit, gateway):
    gone = []

    def twist(seen, answer):
        if b'"__proto__"' in seen.body:
            gone.append(True)
        return plain(502, "Bad Gateway") if gone else answer

    run = kit.run(gateway(twist).url, kit.configure(QUICK), *MODULE, "-k", "test_unusual_body")

    assert run.findings == []
    requirement = run.requirement("ROBUST-LIVES-ON")
    assert requirement["status"] == "inconclusive"
    assert "after odd names was sent" in requirement["reason"]


def applying_what_has_come(server):
    """A gateway that carries out an update as far as it was received, and then finds that it broke off."""

    async def talk(reader, writer):
        try:
            await server._speak_http(reader, writer)
        except asyncio.IncompleteReadError as error:
            text = error.partial
            found = re.search(rb'"id":"([^"]+)".*"name":"([^"]+)', text)
            if found is not None and server._gateway.store.find(found[1].decode()):
                server._gateway.store.change(found[1].decode(), lambda r: renamed(r, found[2].decode()))
        except ValueError:
            return

    return talk


def renamed(registration, name):
    return dataclasses.replace(registration, info={**registration.info, "name": name})


def test_an_update_that_broke_off_must_not_be_carried_out(kit, gateway):
    server = gateway()
    server._talk = applying_what_has_come(server)

    run = kit.run(server.url, kit.configure(QUICK), *MODULE, "-k", "test_malformed_http")

    assert ids(run) == {"GET-ROUND-TRIP"}
    (finding,) = run.findings
    assert finding["pointer"] == "/info/name"
    assert "python3 -Ic" in finding["curl"]
    again = shell(finding["curl"])
    assert again.returncode == 0, again.stderr
    signed_up, shown = (re.findall(r'"name": ?"([^"]+)"', text)[0] for text in (finding["curl"], again.stdout))
    assert signed_up != shown


def test_a_line_that_sends_a_large_document_runs_as_it_stands(kit, gateway):
    server = gateway(defects=("signup-large-crashes", "documents-add-many-crashes"))
    run = kit.run(server.url, kit.configure(QUICK), *MODULE, "-k", "LARGE")
    assert ids(run) == {"LARGE-ANSWERED"}
    assert {finding["pointer"] for finding in run.findings} == {"/documents", "/documents/0/data"}
    assert max(len(row["request"]["content"]) for row in run.journal) < 70_000

    for finding in run.findings:
        assert len(finding["curl"]) < 30_000
        server.seen.clear()
        again = shell(finding["curl"])
        assert again.stdout.startswith("HTTP/1.1 500"), again.stderr
        last = json.loads(server.seen[-1].body)["documents"]
        assert len(last) == 1000 or len(last[0]["data"]) > 256 * 1024


def test_a_line_that_stops_a_gateway_runs_as_it_stands(kit, mortal):
    url = mortal(lambda heard: b"\xff\xc0\xaf" in heard).url
    run = kit.run(url, kit.configure(QUICK), *MODULE, "-k", "UTF-8")
    (finding,) = run.findings
    fresh = mortal(lambda heard: b"\xff\xc0\xaf" in heard)

    line = finding["curl"].replace(f"U={url};", f"U={fresh.url};")
    shell(line)

    assert fresh._dead


def test_nothing_else_is_on_the_way_while_an_oddity_is(kit, gateway):
    under_way = set()
    seen_together = []
    deep = set()

    async def twist(seen, answer):
        under_way.add(seen.number)
        if DEEP in seen.body and b"]]]]" in seen.body:
            deep.add(seen.number)
        await asyncio.sleep(0.05)
        if deep & under_way:
            seen_together.append(set(under_way))
        under_way.discard(seen.number)
        return answer

    server = gateway(twist)
    kit.run(server.url, kit.configure(QUICK), "-k", "test_unusual_body or test_plain or test_valid_values")

    assert deep
    others = {seen.number for seen in server.seen if DEEP not in seen.body and seen.action != "get"}
    assert not any(group & others for group in seen_together)


def test_a_line_that_is_no_call_of_the_page_runs_as_it_stands(kit, gateway):
    def twist(seen, answer):
        odd = seen.method == "BREW" or "form" in seen.headers["content-type"]
        return plain(500, "Internal Server Error") if odd else answer

    server = gateway(twist)
    run = kit.run(server.url, kit.configure(QUICK), *MODULE, "-k", "BREW or a_form")
    findings = [f for f in run.findings if f["requirement"] == "ROBUST-NO-CRASH"]
    assert {f["operation"] for f in findings} >= {"Provider/documents/add", "Provider/info/update"}

    for finding in findings:
        server.seen.clear()
        again = shell(finding["curl"])
        assert again.stdout.startswith("HTTP/1.1 500"), again.stderr
        assert "$" not in server.seen[-1].body.decode()
