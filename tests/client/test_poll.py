"""Polling asks again until an answer will do, with pauses that grow and do not outlast the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from beckn_conformance.client import poll as polling
from beckn_conformance.client.poll import poll


def pauses(answers: int, **options: float | Callable[[], float]) -> list[float]:
    """The pauses that are made until the last of a number of answers."""
    made: list[float] = []
    asked = iter(range(1, answers + 1))

    async def ask() -> int:
        return next(asked)

    async def sleep(pause: float) -> None:
        made.append(pause)

    assert asyncio.run(poll(ask, lambda answer, began: answer == answers, sleep=sleep, **options)) == answers
    return made


def test_an_answer_that_will_do_is_not_waited_for() -> None:
    assert pauses(1) == []


def test_pauses_double_up_to_the_longest() -> None:
    assert pauses(6, longest=0.3) == [0.05, 0.1, 0.2, 0.3, 0.3]


def test_no_pause_outlasts_the_deadline_by_much(monkeypatch) -> None:
    monkeypatch.setattr(polling.clock, "now", lambda: 100.0)

    assert [round(pause, 6) for pause in pauses(4, until=lambda: 100.06)] == [0.05, 0.07, 0.07]
    assert pauses(3, until=lambda: 90.0) == [0.01, 0.01]
