"""A gateway that is busy, loses answers, goes away and comes back is waited for; one that stays away ends the run."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.end_to_end.kit import ROOT, environment, until
from tests.end_to_end.loopback import plain, written

SOME = ("-k", "test_token or test_plain")
MORE = ("-k", "test_info_update")
PART = ("-k", "test_info_update and (phone or email)")
SETTLE = "settle: 0.2"
PROBES = 5
"""The first calls, by which the kit finds out how to talk."""


def _assert_passed(run):
    """Every test was judged, and in favour of the gateway."""
    assert run.findings == []
    assert run.status == 0, run.output
    told = run.lines[-1]
    assert " passed" in told
    assert not [word for word in ("inconclusive", "warned", "failed") if word in told]


def _observed(run, *words):
    return [note for note in run.report["observations"] if all(word in note for word in words)]


BUSY = {"429": plain(429, "slow down"), "503 with a time": plain(503, "back soon", Retry_After="0.1")}


@pytest.mark.parametrize("name", BUSY)
def test_a_gateway_that_is_busy_now_and_then_is_waited_for(kit, gateway, name):
    server = gateway(lambda seen, answer: answer if seen.number % 10 else BUSY[name])

    run = kit.run(server.url, kit.configure(SETTLE), *SOME)

    _assert_passed(run)
    assert len(server.seen) > 60
    (note,) = _observed(run, "the gateway asked for fewer requests")
    assert f"{len(server.seen) // 10} × status {BUSY[name].status}" in note


def test_fewer_are_in_flight_as_long_as_the_gateway_asks_for_it(kit, gateway):
    in_flight = 0

    async def at_most_two(seen, answer):
        nonlocal in_flight
        in_flight += 1
        await asyncio.sleep(0.005)
        in_flight -= 1
        return plain(429, "too many at once") if in_flight >= 2 else answer

    run = kit.run(gateway(at_most_two).url, kit.configure(SETTLE), *SOME)

    _assert_passed(run)
    assert _observed(run, "the gateway asked for fewer requests", "those in flight went down to 1")


def test_what_something_in_front_swallows_now_and_then_is_made_up_for(kit, gateway):
    """What was asked may have been carried out, so it is asked again with other data and other registrations."""
    page = plain(502, "<h1>Sorry</h1>", "text/html")
    server = gateway(lambda seen, answer: page if seen.number % 40 == 0 else answer)

    run = kit.run(server.url, kit.configure(SETTLE), *SOME)

    _assert_passed(run)
    _assert_no_change_twice(server)


@pytest.mark.parametrize("carried_out", [True, False])
def test_answers_that_get_lost_now_and_then_are_no_findings(kit, gateway, carried_out):
    changes = []

    def lost(seen):
        return seen in changes[9::15]

    def lose(seen, answer):
        return None if lost(seen) else answer

    server = gateway(lose)
    honest = server._answer

    async def answer(seen):
        if seen.action != "get":
            changes.append(seen)
        return await honest(seen) if carried_out or not lost(seen) else plain(200, "")

    server._answer = answer

    run = kit.run(server.url, kit.configure(SETTLE), *SOME)

    _assert_passed(run)
    _assert_no_change_twice(server)
    assert _observed(run, "not sent again, since it may have been carried out")


def _assert_no_change_twice(server):
    """No two calls that may have changed something are the same."""
    sent = [(seen.headers["token"], seen.body) for seen in server.seen if seen.action == "signup"]
    assert len(set(sent)) == len(sent)


@pytest.mark.parametrize(
    ("seconds", "options", "reason"),
    [
        ("0.1", ["--gateway-patience=0.4"], "patience: given up after"),
        ("86400", [], "patience: status 429, asking to wait for longer than 30 s"),
    ],
)
def test_a_gateway_that_stays_busy_ends_the_run_soon(kit, gateway, seconds, options, reason):
    server = gateway(lambda seen, answer: plain(429, "", Retry_After=seconds) if seen.number > PROBES else answer)

    run = kit.run(server.url, *options, *MORE)

    _assert_given_up(run, "status 429", reason=reason)
    assert len(server.seen) < 200


async def _silence(seen, answer):
    if seen.number > PROBES:
        await asyncio.Event().wait()
    return answer


async def _trickle(seen, answer):
    if seen.number > PROBES:
        await asyncio.sleep(0.1)
        return written(answer)[: seen.number % 200]
    return answer


def test_a_gateway_that_falls_silent_ends_the_run_soon(kit, gateway):
    server = gateway(_silence)

    run = kit.run(server.url, "--gateway-timeout=5", "--gateway-patience=0.5", *MORE)

    _assert_given_up(run, "timeout: no whole reply within 5 s", warned="REPLY-TIME")
    assert len(server.seen) < 300


def test_a_gateway_that_breaks_off_every_reply_ends_the_run_soon(kit, gateway):
    server = gateway(_trickle)

    run = kit.run(server.url, "--gateway-patience=0.5", *MORE)

    _assert_given_up(run, "connection: ")
    assert len(server.seen) < 600


def _assert_given_up(run, word, warned="", reason="patience: given up after"):
    assert {finding["requirement"] for finding in run.findings} <= {warned}
    told = run.requirement("UPDATE-NACK-PHONE")["reason"]
    assert reason in told
    assert word in told
    assert len(told.splitlines()) == 1


# The reference gateway, as a process that stops or dies in the middle of a run.

STRUCK = """
import itertools, os, sys
from reference_server import __main__ as command, gateway
number, calls, answer = int(sys.argv[1]), itertools.count(1), gateway.Gateway.answer
async def struck(self, call):
    if next(calls) == 100:
        os.kill(os.getpid(), number)
    return await answer(self, call)
gateway.Gateway.answer = struck
sys.exit(command.main(sys.argv[2:]))
"""
"""Sends itself a signal at a call in the middle of a run, so that it does not matter how fast the machine is."""


class Process:
    """The reference gateway on a port of its own, with its registrations in a file."""

    def __init__(self, folder):
        self._database = folder / "registrations.sqlite"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, struck_by=None):
        begin = ["-m", "reference_server"] if struck_by is None else ["-c", STRUCK, str(int(struck_by))]
        self.child = subprocess.Popen(
            [sys.executable, *begin, "--port", str(self.port), "--database", str(self._database)],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._listens)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        self.child.kill()
        self.child.wait()


@pytest.fixture
def process(tmp_path):
    made = Process(tmp_path)
    yield made
    made.kill()


def test_a_gateway_that_stands_still_for_a_while_is_waited_for(kit, process):
    process.start(struck_by=signal.SIGSTOP)
    started = kit.start(process.url, kit.configure(SETTLE), *PART)
    os.waitid(os.P_PID, process.child.pid, os.WSTOPPED)
    # Nothing can be seen to happen meanwhile.
    with pytest.raises(AssertionError, match="does not happen"):
        until(lambda: False, 1.0)
    process.child.send_signal(signal.SIGCONT)
    run = started.wait()

    _assert_passed(run)


def test_a_gateway_that_is_killed_and_started_again_is_waited_for(kit, process):
    process.start(struck_by=signal.SIGKILL)
    started = kit.start(process.url, kit.configure(SETTLE), *PART)
    process.child.wait()
    process.start()
    run = started.wait()

    _assert_passed(run)
    assert _observed(run, "could not be reached for a while")


def test_a_gateway_that_is_killed_and_stays_away_ends_the_run_soon(kit, process):
    process.start(struck_by=signal.SIGKILL)
    run = kit.run(process.url, kit.configure(SETTLE), *PART, "--gateway-patience=1")

    assert run.findings == []
    reasons = {row["reason"] for row in run.report["requirements"] if row["status"] == "inconclusive"}
    assert any("patience: given up after" in reason and "Connection refused" in reason for reason in reasons)
    assert all(len(reason.splitlines()) == 1 for reason in reasons)
