"""The order of what happened does not depend on a wall clock that is set meanwhile."""

from __future__ import annotations

import itertools
import time

import pytest

from beckn_conformance.client import clock
from beckn_conformance.client.provider import Actor
from beckn_conformance.commands.spec import trial
from beckn_conformance.messages.exchange import Exchange


def test_the_clock_of_a_run_begins_with_the_wall_clock():
    assert abs(clock.now() - time.time()) < 60


@pytest.mark.parametrize("step", [-0.3, -3600.0, 3600.0])
def test_calls_stay_in_order_while_the_wall_clock_is_set(monkeypatch, step):
    real, looks = time.time, itertools.count()
    monkeypatch.setattr(time, "time", lambda: real() + step * next(looks))
    made: list[Exchange] = []

    async def play(actor: Actor) -> None:
        registration = await actor.registered()
        made.extend([await actor.get(registration) for _ in range(5)])

    trial.run([trial.Item("played", (), play)])

    assert len(made) == 5
    assert all(one.ended <= other.started < one.ended + 60 for one, other in itertools.pairwise(made))
