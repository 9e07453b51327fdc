"""A run keeps little of what it has judged: deep runs take no more memory than short ones."""

import gc
import itertools
import sys

import pytest

from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.record.events import Probe, Transcript
from beckn_conformance.run.session import Session
from tests.exchanges import CONFIG, GET, SPECIFICATION, Story, exchange, nack

pytestmark = pytest.mark.long

TIMES = 100
"""Scenarios of ten exchanges that are played and counted; they stand for a deep run, in which it is the same again and
again."""
DEEP = 10_000
"""Exchanges of a deep run."""
PROBE = Probe((), HttpBinding(), ("Provider/signup", "Provider/get"), True, True, ())


def kept(folder, calls):
    """Allocations that are still there after a deep run of such scenarios."""
    session = Session(SPECIFICATION, CONFIG, 1, folder=folder)
    session.emit(PROBE)

    def play(times):
        exchanges = 0
        for _ in range(times):
            made = calls()
            exchanges += len(made)
            for one in made:
                session.emit(one)
            session.judge(Transcript(made), "t")
        gc.collect()
        return exchanges

    play(50)
    before = sys.getallocatedblocks()
    count = play(TIMES)
    after = sys.getallocatedblocks()
    session.end()
    return (after - before) / count * DEEP


def test_nothing_is_kept_of_calls_about_the_same_registration(tmp_path):
    refused = nack({})

    def calls():
        return [exchange(GET, {"registration": {"id": "unknown"}}, refused) for _ in range(10)]

    assert kept(tmp_path, calls) < DEEP / 4


def test_little_is_kept_of_a_registration(tmp_path):
    numbers = itertools.count()

    def calls():
        story = Story()
        number = next(numbers)
        return [story.signup(id_=f"r-{number}", token=f"token-of-{number}"), *(story.get() for _ in range(9))]

    # Its id, and its token in the two forms that are looked for everywhere. What tells it from others are hashes in a
    # table.
    assert kept(tmp_path, calls) < 2.5 * DEEP
