"""A call that is refused without a reason is made again, as long as that may help (T13)."""

import asyncio

import pytest

from beckn_conformance.client.clock import LeapingLoop
from beckn_conformance.client.insistence import MOST_IN_VAIN, Insistence
from tests.exchanges import GET, exchange, nack, reply

ABOUT = {"registration": {"id": "1"}}
SERVED = exchange(GET, ABOUT, reply("ACK", ABOUT))
BUSY = exchange(GET, ABOUT, nack({}))
BLAMED = exchange(GET, ABOUT, nack({"registration": {"id": "is unknown"}}))
OTHERS = {
    "another token": exchange(GET, ABOUT, nack({}), token="made up"),
    "another id": exchange(GET, {"registration": {"id": "2"}}, nack({})),
}


def insisted(insistence, first, *further, blames=True):
    """The last answer, and how often the call was made again; the last of the further answers comes for ever."""
    made = 0

    async def ask():
        nonlocal made
        made += 1
        return further[min(made, len(further)) - 1]

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(insistence.insist(first, ask, blames_registration=blames)), made


@pytest.fixture
def insistence():
    """One that has seen the operation served."""
    made = Insistence()
    insisted(made, SERVED)
    return made


def test_the_answer_to_a_call_made_again_counts(insistence):
    assert insisted(insistence, BUSY, BUSY, BUSY, SERVED) == (SERVED, 3)
    assert list(insistence.notes())


@pytest.mark.parametrize("first", [SERVED, BLAMED, *OTHERS.values()], ids=["ACK", "a reason", *OTHERS])
def test_other_answers_are_taken_as_they_are(insistence, first):
    assert insisted(insistence, first, SERVED) == (first, 0)


@pytest.mark.parametrize("body", [{}, {"registration": {"id": 5}}, {"registration": None}])
@pytest.mark.parametrize(("blames", "status", "made"), [(True, 400, 2), (False, 400, 0), (True, 401, 0)])
def test_a_call_that_names_no_registration_is_made_again_where_that_is_blamed(insistence, body, blames, status, made):
    first, answer = exchange(GET, body, nack({}, status=status)), exchange(GET, body, BLAMED.reply)

    assert insisted(insistence, first, first, answer, blames=blames) == (answer if made else first, made)


def test_an_operation_that_was_never_served_is_called_once():
    assert insisted(Insistence(), BUSY, SERVED) == (BUSY, 0)


def test_insistence_ends_after_a_while(insistence):
    last, made = insisted(insistence, BUSY, BUSY)

    assert last is BUSY
    assert 1 < made < 10
    assert not list(insistence.notes())


def test_nothing_is_asked_again_for_ever_in_vain(insistence):
    for _ in range(MOST_IN_VAIN):
        insisted(insistence, BUSY, BUSY)

    assert insisted(insistence, BUSY, SERVED) == (BUSY, 0)
