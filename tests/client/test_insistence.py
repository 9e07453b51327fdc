"""A call that is refused without a reason is made again, as long as that may help (T13)."""

import asyncio

import pytest

from beckn_conformance.client.clock import LeapingLoop
from beckn_conformance.client.insistence import CLOSED, MOST_IN_VAIN, Insistence
from beckn_conformance.client.limiter import ConcurrencyLimiter
from tests.exchanges import GET, SIGNUP, exchange, nack, page, reply

ABOUT = {"registration": {"id": "1"}}
SERVED = exchange(GET, ABOUT, reply("ACK", ABOUT))
BUSY = exchange(GET, ABOUT, nack({}))
BLAMED = exchange(GET, ABOUT, nack({"registration": {"id": "is unknown"}}))
OTHERS = {
    "another token": exchange(GET, ABOUT, nack({}), token="made up"),
    "another id": exchange(GET, {"registration": {"id": "2"}}, nack({})),
}


CLOSED_NOW = exchange(GET, ABOUT, BUSY.reply, trouble=str(CLOSED))
"""The answer to a call while the operation is closed."""


def insisted(insistence, first, *further, blames=True, served=True):
    """The last answer, and how often the call was made again; the last of the further answers comes for ever."""
    made = 0

    async def ask(*, closed=None):
        nonlocal made
        made += 1
        answer = further[min(made, len(further)) - 1]
        return CLOSED_NOW if closed and answer is BUSY else answer

    async def is_served(action):
        return served

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(insistence.insist(first, ask, is_served, blames_registration=blames)), made


@pytest.fixture
def insistence():
    """One that has seen the operation served."""
    made = Insistence(30, ConcurrencyLimiter())
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


@pytest.mark.parametrize("status", [409, 423])
def test_a_call_that_meets_a_lock_is_made_again(insistence, status):
    locked = exchange(GET, ABOUT, page(status, b"Locked"))

    assert insisted(insistence, locked, locked, SERVED) == (SERVED, 2)


def test_an_operation_that_was_never_served_is_called_once():
    assert insisted(Insistence(30, ConcurrencyLimiter()), BUSY, SERVED) == (BUSY, 0)


def test_insistence_ends_after_a_while(insistence):
    last, made = insisted(insistence, BUSY, BUSY)

    assert last is BUSY
    assert 1 < made < 14
    assert not list(insistence.notes())


def test_nothing_is_asked_again_for_ever_in_vain(insistence):
    for _ in range(MOST_IN_VAIN):
        insisted(insistence, BUSY, BUSY)

    assert insisted(insistence, BUSY, SERVED) == (BUSY, 0)


def test_a_closed_operation_is_waited_for(insistence):
    assert insisted(insistence, BUSY, *[BUSY] * 10, SERVED, served=False) == (SERVED, 11)


def test_patience_with_a_closed_operation_is_spent_once(insistence):
    last, made = insisted(insistence, BUSY, BUSY, served=False)

    assert last is CLOSED_NOW
    assert made > 10
    assert insisted(insistence, BUSY, BUSY, served=False) == (CLOSED_NOW, 1)


def test_patience_with_an_operation_returns_when_it_is_served(insistence):
    insisted(insistence, BUSY, BUSY, served=False)
    insisted(insistence, SERVED)

    assert insisted(insistence, BUSY, BUSY, BUSY, SERVED, served=False) == (SERVED, 3)


def test_an_operation_closed_to_all_is_not_counted_as_insisted_on_in_vain(insistence):
    for _ in range(MOST_IN_VAIN):
        insisted(insistence, BUSY, BUSY, served=False)

    assert insisted(insistence, BUSY, BUSY, SERVED) == (SERVED, 2)


@pytest.mark.parametrize(("served", "last"), [(True, "the refusal"), (False, SERVED)])
def test_a_call_about_an_unknown_registration_is_made_again_only_if_all_are_refused(insistence, served, last):
    unknown = exchange(GET, {"registration": {"id": "none"}}, nack({}))

    answer, made = insisted(insistence, unknown, SERVED, served=served)

    assert answer == (unknown if last == "the refusal" else last)
    assert made == (0 if served else 1)


def test_fewer_requests_are_in_flight_where_refusals_without_a_reason_go_on():
    limiter = ConcurrencyLimiter()
    insistence = Insistence(30, limiter)
    insisted(insistence, SERVED)

    insisted(insistence, BUSY, SERVED)
    assert limiter.open == limiter.usual
    insisted(insistence, BUSY, BUSY, SERVED)
    assert limiter.open == limiter.usual // 2


def test_others_wait_while_an_operation_is_closed(insistence):
    order = []

    async def ask(*, closed=None):
        order.append("asked")
        await asyncio.sleep(1)
        return BUSY if closed is None else SERVED

    async def is_served(action):
        return False

    async def other():
        await asyncio.sleep(1.5)
        await insistence.wait(GET)
        order.append("another")

    async def both():
        await asyncio.gather(insistence.insist(BUSY, ask, is_served, blames_registration=True), other())

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(both())
    assert order == ["asked", "asked", "another"]


def test_an_operation_that_hostile_input_closed_is_judged(insistence):
    insistence.provoke(GET)

    assert insisted(insistence, BUSY, BUSY, served=False)[0] is BUSY


def test_hostile_input_explains_nothing_once_the_operation_was_served(insistence):
    insistence.provoke(GET)
    insisted(insistence, SERVED)

    assert insisted(insistence, BUSY, BUSY, served=False)[0] is CLOSED_NOW


def test_hostile_input_to_one_operation_closes_no_others(insistence):
    other = exchange(SIGNUP, {}, reply("ACK", ABOUT | {"auth": {"token": "t"}}))
    insisted(insistence, other)
    insisted(insistence, exchange(SIGNUP, {}, nack({})), BUSY, served=False)
    insistence.provoke(GET)

    assert insisted(insistence, BUSY, BUSY, served=False)[0] is CLOSED_NOW


def waited_for(insistence, *plain, since=1e12):
    """Whether an operation that failed is served again, and the number of plain calls; the last answer stays."""
    made = 0

    async def is_served(action):
        nonlocal made
        made += 1
        return plain[min(made, len(plain)) - 1]

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(insistence.is_back(GET, since, is_served)), made


def test_an_operation_that_fails_is_waited_for(insistence):
    assert waited_for(insistence, False, False, True) == (True, 3)


def test_an_operation_that_was_never_served_or_is_again_is_not_waited_for(insistence):
    assert waited_for(Insistence(30, ConcurrencyLimiter()), False) == (True, 0)
    assert waited_for(insistence, False, since=SERVED.ended - 1) == (True, 0)


def test_an_ack_whose_body_cannot_be_read_serves_nobody():
    insistence = Insistence(30, ConcurrencyLimiter())
    insisted(insistence, exchange(GET, ABOUT, reply("ACK", content=b"{")))

    assert waited_for(insistence, False) == (True, 0)


def test_patience_with_an_operation_that_fails_is_spent_once(insistence):
    is_back, made = waited_for(insistence, False)

    assert not is_back
    assert made > 10
    assert waited_for(insistence, False) == (False, 1)
    assert waited_for(insistence, True) == (True, 1)


def test_hostile_input_may_be_why_an_operation_fails(insistence):
    insistence.provoke(GET)

    assert waited_for(insistence, False)[0]
