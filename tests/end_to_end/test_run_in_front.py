"""Whole runs against a gateway behind something that answers in its place for a while, or for good (T6, T13)."""

import math
from collections import Counter

import pytest

from tests.end_to_end.loopback import plain

SOME = ("-k", "test_token or test_plain")
QUICK = "settle: 0.2"
PAGE = "<html><head><title>Sorry</title></head></html>"


def _observed(run, *words):
    return [note for note in run.report["observations"] if all(word in note for word in words)]


def _away(answer, after=30, plain_calls=4):
    """Answers every call, from one of them on, until one that changes nothing came so many times."""
    asked = Counter()

    def twist(seen, fair):
        if seen.number < after or max(asked.values(), default=0) >= plain_calls:
            return fair
        asked[seen.body] += seen.action == "get"
        return answer

    return twist


OUTAGES = {"500 of a proxy": plain(500, ""), "a page with 403": plain(403, PAGE, "text/html")}


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_shorter_than_patience_is_waited_out(kit, gateway, name):
    run = kit.run(gateway(_away(OUTAGES[name])).url, kit.configure(QUICK), *SOME)

    assert run.findings == []
    assert run.status == 0, run.output
    assert " inconclusive" not in run.lines[-1]


@pytest.mark.parametrize("name", OUTAGES)
def test_a_ban_ends_the_run_and_is_held_against_nobody(kit, gateway, name):
    run = kit.run(
        gateway(_away(OUTAGES[name], after=60, plain_calls=math.inf)).url,
        kit.configure(QUICK),
        "--gateway-patience=1",
        "-k",
        "test_info and (phone or email)",
    )

    assert run.findings == []
    assert run.status == 0
    assert " inconclusive in " in run.lines[-1]


def test_pages_of_a_firewall_are_told_once(kit, gateway):
    server = gateway(lambda seen, answer: plain(403, PAGE, "text/html") if seen.number % 20 == 0 else answer)

    run = kit.run(server.url, kit.configure(QUICK), *SOME)

    assert run.findings == []
    (note,) = _observed(run, "× 403 text/html")
    assert "--gateway-rate" in note


def test_one_dead_operation_does_not_hold_up_the_others(kit, gateway):
    busy = plain(503, "", Retry_After="0.1")
    some = "test_documents_add and name or test_signup and phone"
    server = gateway(lambda seen, answer: busy if seen.action == "documents/add" and seen.number > 5 else answer)

    run = kit.run(server.url, kit.configure(QUICK), "--gateway-patience=1", "-k", some)

    assert run.findings == []
    assert run.requirement("SIGNUP-NACK-PHONE")["status"] == "passed"


def test_hostile_requests_are_left_out_where_they_are_unwelcome(kit, gateway):
    server = gateway()

    run = kit.run(server.url, kit.configure(f"{QUICK}\nhostile: none"), "-k", "test_robustness or test_plain_get")

    assert run.findings == []
    assert {seen.method for seen in server.seen} == {"POST"}
    assert all(seen.body.startswith(b"{") for seen in server.seen)
    assert {run.requirement(id_)["status"] for id_ in ("MALFORMED-NACK", "ROBUST-LIVES-ON", "LARGE-ANSWERED")} == {
        "untested"
    }
