"""Which call goes next, which test goes first, and which process it belongs to."""

from __future__ import annotations

import asyncio

import pytest

from beckn_conformance.client.limiter import RankedTurns
from beckn_conformance.plugin.distribution import groups
from beckn_conformance.suite import test_get, test_info_update


async def _let_all_run():
    for _ in range(10):
        await asyncio.sleep(0)


def test_no_more_calls_are_under_way_than_allowed():
    async def play():
        turns, under_way, most = RankedTurns(3), 0, 0

        async def call(rank):
            nonlocal under_way, most
            async with turns.turn(rank):
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(call(rank) for rank in range(20)))
        return most

    assert asyncio.run(play()) == 3


def test_of_those_that_wait_the_lowest_rank_goes_next():
    async def play():
        turns, order = RankedTurns(1), []

        async def call(rank, name):
            async with turns.turn(rank):
                order.append(name)

        async with turns.turn(0):
            tasks = [asyncio.create_task(call(*one)) for one in ((5, "c"), (2, "a"), (5, "d"), (3, "b"))]
            await _let_all_run()
            assert order == []
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(play()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("when", ["while it waits", "when its turn has come"])
def test_a_call_that_is_given_up_gives_its_turn_on(when):
    async def play():
        turns, went = RankedTurns(1), []

        async def call(rank):
            async with turns.turn(rank):
                went.append(rank)

        async with turns.turn(0):
            given_up, other = asyncio.create_task(call(1)), asyncio.create_task(call(2))
            await _let_all_run()
            if when == "while it waits":
                given_up.cancel()
                await _let_all_run()
        if when == "when its turn has come":
            given_up.cancel()
        await asyncio.wait([given_up, other])
        async with turns.turn(3):
            return went

    assert asyncio.run(asyncio.wait_for(play(), 60)) == [2]


def test_a_call_that_fails_gives_its_turn_on():
    async def play():
        turns = RankedTurns(1)
        with pytest.raises(ValueError, match="broken"):
            async with turns.turn(1):
                raise ValueError("broken")
        async with turns.turn(2):
            return True

    assert asyncio.run(asyncio.wait_for(play(), 60))


def test_scenarios_that_wait_for_the_gateway_are_known():
    assert test_info_update.test_update_stays.scenario.settles
    assert not test_get.test_plain_get.scenario.settles


def test_neighbours_go_to_different_processes():
    assert groups(["a", "b", "c", "d", "e"], 2) == {"a": "0", "b": "1", "c": "0", "d": "1", "e": "0"}
    assert set(groups(["a", "b"], 1).values()) == {"0"}
