"""A gateway in this process makes nobody wait: the clock leaps to the next timer."""

import asyncio
import threading
import time

import pytest

from beckn_conformance.client import clock
from beckn_conformance.client.clock import LeapingLoop

HOUR = 3600.0


def test_an_hour_passes_at_once_for_all_who_ask_for_the_time():
    began, wall, running = clock.monotonic(), clock.now(), time.monotonic()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(asyncio.sleep(HOUR))
        assert clock.monotonic() - began >= HOUR
        assert clock.now() - wall >= HOUR

    assert time.monotonic() - running < HOUR / 10
    assert clock.monotonic() - began < HOUR


def test_timers_keep_their_order():
    seen = []

    async def after(seconds):
        await asyncio.sleep(seconds)
        seen.append(seconds)

    async def all_of_them():
        await asyncio.gather(*map(after, (HOUR, 1, 0.5, 60)))

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(all_of_them())

    assert seen == [0.5, 1, 60, HOUR]


def test_who_has_something_to_do_is_not_timed_out():
    async def busy():
        for _ in range(1000):
            await asyncio.sleep(0)
        return "done"

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert runner.run(asyncio.wait_for(busy(), HOUR)) == "done"
        with pytest.raises(TimeoutError):
            runner.run(asyncio.wait_for(asyncio.Event().wait(), HOUR))


def test_a_slow_machine_makes_no_difference(monkeypatch):
    async def work():
        began = clock.now(), clock.monotonic()
        moments[0] += HOUR
        return [after - before for before, after in zip(began, (clock.now(), clock.monotonic()), strict=True)]

    moments = [1.0]
    monkeypatch.setattr("time.monotonic", lambda: moments[0])
    monkeypatch.setattr("time.clock_gettime", lambda number: moments[0])

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert max(runner.run(work())) < 1


def test_time_passes_between_two_readings():
    with asyncio.Runner(loop_factory=LeapingLoop):
        assert clock.now() < clock.now()
        assert clock.monotonic() < clock.monotonic()


def test_another_thread_is_waited_for_if_no_timer_runs():
    async def until_told():
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        threading.Thread(target=lambda: loop.call_soon_threadsafe(told.set)).start()
        await told.wait()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(until_told())
