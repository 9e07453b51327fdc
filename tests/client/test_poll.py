"""Polling asks again until an answer will do, with pauses that grow and do not outlast the deadline."""

import asyncio

from beckn_conformance.client import poll as polling
from beckn_conformance.client.poll import poll


def pauses(answers, **options):
    """The pauses that are made until the last of a number of answers."""
    made = []
    asked = iter(range(1, answers + 1))

    async def ask():
        return next(asked)

    async def sleep(pause):
        made.append(pause)

    assert asyncio.run(poll(ask, lambda answer, began: answer == answers, sleep=sleep, **options)) == answers
    return made


def test_an_answer_that_will_do_is_not_waited_for():
    assert pauses(1) == []


def test_pauses_double_up_to_the_longest():
    assert pauses(6, longest=0.3) == [0.05, 0.1, 0.2, 0.3, 0.3]


def test_no_pause_outlasts_the_deadline_by_much(monkeypatch):
    monkeypatch.setattr(polling.clock, "now", lambda: 100.0)

    assert [round(pause, 6) for pause in pauses(4, until=lambda: 100.06)] == [0.05, 0.07, 0.07]
    assert pauses(3, until=lambda: 90.0) == [0.01, 0.01]
