"""Scenarios run side by side, and sections of them alone."""

import asyncio

import pytest

from beckn_conformance.client.exclusive import ExclusiveAccess, Rank


class Diary:
    """Notes who was within at the same time."""

    def __init__(self):
        self.within = set()
        self.met = []
        self.order = []

    async def stay(self, name):
        self.within.add(name)
        self.met.append(frozenset(self.within))
        self.order.append(name)
        for _ in range(5):
            await asyncio.sleep(0)
        self.within.discard(name)


async def plays(access, diary, name, group="", rank=Rank.USUAL):
    async with access.together():
        await diary.stay(f"{name} before")
        if group:
            async with access.alone(group, rank):
                await diary.stay(name)
        await diary.stay(f"{name} after")


def run(*scenarios):
    diary, access = Diary(), ExclusiveAccess()

    async def all_of_them():
        async with asyncio.timeout(10):
            await asyncio.gather(*(plays(access, diary, *scenario) for scenario in scenarios))

    asyncio.run(all_of_them())
    return diary


def test_scenarios_run_together():
    diary = run(("one",), ("two",))

    assert frozenset({"one before", "two before"}) in diary.met


def test_a_section_alone_meets_nobody():
    diary = run(("one", "a"), ("two",), ("three", "b"), ("four",))

    assert {met for met in diary.met if met & {"one", "three"}} == {frozenset({"one"}), frozenset({"three"})}


def test_sections_of_one_group_are_alone_together():
    diary = run(("one", "a"), ("two", "a"), ("three",))

    assert frozenset({"one", "two"}) in diary.met
    assert all(met <= {"one", "two"} for met in diary.met if met & {"one", "two"})


def test_scenarios_without_such_a_section_go_first():
    diary = run(("one", "a"), ("two",), ("three",))

    assert diary.order.index("one") > diary.order.index("three after")


def test_sections_go_by_their_rank():
    diary = run(
        ("one", "z", Rank.LAST), ("two", "a"), ("three", "b", Rank.FIRST), ("four", "c"), ("five", "b", Rank.FIRST)
    )

    order = [name for name in diary.order if name in ("one", "two", "three", "four", "five")]
    assert {*order[:2]} == {"three", "five"}
    assert order[-1] == "one"


async def test_a_cancelled_section_blocks_nobody():
    diary, access = Diary(), ExclusiveAccess()

    async with access.together():
        impatient = asyncio.create_task(plays(access, diary, "impatient", "a"))
        for _ in range(50):
            await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        async with access.alone("z", Rank.LAST):
            await diary.stay("patient")

    assert diary.order == ["impatient before", "patient"]


async def test_a_section_that_fails_lets_the_next_one_in():
    diary, access = Diary(), ExclusiveAccess()

    with pytest.raises(ValueError, match="oh"):
        async with access.together(), access.alone("a"):
            raise ValueError("oh")
    await plays(access, diary, "next", "b")

    assert diary.order == ["next before", "next", "next after"]
