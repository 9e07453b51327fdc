"""Which call goes next, and how many are under way."""

from __future__ import annotations

import asyncio

import pytest

from beckn_conformance.client.limiter import ConcurrencyLimiter, Places


async def _let_all_run():
    for _ in range(10):
        await asyncio.sleep(0)


def test_no_more_calls_are_under_way_than_allowed():
    async def play():
        places, under_way, most = Places(lambda: 3), 0, 0

        async def call(rank):
            nonlocal under_way, most
            async with places.place(rank):
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(call(rank) for rank in range(20)))
        return most

    assert asyncio.run(play()) == 3


def test_the_waiting_call_of_the_lowest_rank_goes_next():
    async def play():
        places, order = Places(lambda: 1), []

        async def call(rank, name):
            async with places.place(rank):
                order.append(name)

        async with places.place(0):
            tasks = [asyncio.create_task(call(*one)) for one in ((5, "c"), (2, "a"), (5, "d"), (3, "b"))]
            await _let_all_run()
            assert order == []
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(play()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("when", ["while it waits", "when its turn has come"])
def test_a_cancelled_call_passes_its_turn_on(when):
    async def play():
        places, went = Places(lambda: 1), []

        async def call(rank):
            async with places.place(rank):
                went.append(rank)

        async with places.place(0):
            given_up, other = asyncio.create_task(call(1)), asyncio.create_task(call(2))
            await _let_all_run()
            if when == "while it waits":
                given_up.cancel()
                await _let_all_run()
        if when == "when its turn has come":
            given_up.cancel()
        await asyncio.wait([given_up, other])
        async with places.place(3):
            return went

    assert asyncio.run(asyncio.wait_for(play(), 60)) == [2]


def test_a_failed_call_passes_its_turn_on():
    async def play():
        places = Places(lambda: 1)
        with pytest.raises(ValueError, match="broken"):
            async with places.place(1):
                raise ValueError("broken")
        async with places.place(2):
            return True

    assert asyncio.run(asyncio.wait_for(play(), 60))


def test_one_call_at_a_time_is_made_while_memory_is_short():
    async def play():
        short, most, order = True, 0, []
        places = Places(lambda: 1 if short else 3)
        under_way = 0

        async def call(rank):
            nonlocal short, under_way, most
            async with places.place(rank):
                under_way += 1
                most = max(most, under_way)
                order.append(rank)
                short = rank > 6
                await asyncio.sleep(0)
                under_way -= 1

        async with asyncio.TaskGroup() as group:
            for rank in (9, 8, 7):
                group.create_task(call(rank))
        assert most == 1
        async with asyncio.TaskGroup() as group:
            for rank in range(6):
                group.create_task(call(rank))
        return most, order[0]

    assert asyncio.run(play()) == (3, 9)


def test_a_repeated_request_gets_the_next_place():
    order = []

    async def one(limiter, name, first, inside):
        async with limiter.place(first=first):
            order.append(name)
            await inside.wait()

    async def play():
        limiter, inside = ConcurrencyLimiter(2), asyncio.Event()
        names = [("a", False), ("b", False), ("c", False), ("again", True)]
        async with asyncio.TaskGroup() as group:
            for name, first in names:
                group.create_task(one(limiter, name, first, inside))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert order == ["a", "b"]
            inside.set()

    asyncio.run(play())
    assert order == ["a", "b", "again", "c"]
