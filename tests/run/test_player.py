"""What has been played is kept by nobody but the one who takes it."""

import asyncio
import gc
import itertools
import weakref

import httpx
import pytest

import reference_server
from beckn_conformance.client.failures import Failures
from beckn_conformance.commands.spec.trial import session_of
from beckn_conformance.errors import Unmet
from beckn_conformance.specification.actions import GET, UPDATE


@pytest.fixture
def without_collector():
    """Keeps what refers to itself for the time of a test."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("unmet", [False, True])
def test_an_exchange_goes_with_its_transcript(unmet):
    async def play(actor):
        await actor.get(await actor.registered())
        if unmet:
            raise Unmet("enough")

    session = session_of(reference_server.create_app(), {})
    session.start()
    transcript = session.player.played("a", play)
    replies = [weakref.ref(exchange.reply) for exchange in transcript.exchanges if exchange.reply is not None]
    session.close()

    assert [reply() is not None for reply in replies] == [True, True]
    del transcript
    assert [reply() for reply in replies] == [None, None]


FAILING = "Failing Cabs"


def failing(failure, *plays, plain=0):
    """A session that has ended, and the transcript of its test, whose update fails in these plays.

    With ``plain``, it fails until so many updates of other providers have failed as well.
    """
    gateway, numbers, current = httpx.ASGITransport(reference_server.create_app()), itertools.count(1), 0
    others = iter(range(plain))

    async def answer(request):
        if request.url.path.endswith("update"):
            own = FAILING.encode() in request.content
            if (current in plays and not (plain and over)) if own else current and fails_yet():
                return await failure()
        return await gateway.handle_async_request(request)

    over = False

    def fails_yet():
        nonlocal over
        over = next(others, None) is None
        return not over

    async def play(actor):
        nonlocal current
        current = next(numbers)
        await actor.update(await actor.registered(), actor.values.info(name=FAILING))

    session = session_of(httpx.MockTransport(answer), {})
    session.start()
    transcript = session.player.played("a", play)
    session.close()
    return session, transcript


def judged(failure, *plays, plain=0):
    """What is judged of an update that fails in these plays of a test, and whether its answer was lost each time."""
    _, transcript = failing(failure, *plays, plain=plain)
    updates = [exchange for exchange in transcript.calls if FAILING.encode() in exchange.request.content]
    seen = [exchange for exchange in updates if exchange.late or not exchange.trouble]
    return [exchange.reply and exchange.reply.status for exchange in seen], transcript.lost


ACK = {"action": "ACK", "message": "done", "content-type": "application/json"}


async def crash():
    return httpx.Response(500, text="oops")


async def hang():
    await asyncio.sleep(60)


async def cut_off():
    return httpx.Response(200, text='{"registration": {"id": "re', headers=ACK)


@pytest.mark.parametrize("failure", [crash, hang, cut_off])
def test_a_failure_that_does_not_come_again_is_not_judged(failure):
    assert judged(failure, 1, 2) == ([200], False)


@pytest.mark.parametrize(("failure", "status"), [(crash, 500), (hang, None), (cut_off, 200)])
def test_a_failure_that_comes_each_time_is_judged_once(failure, status):
    assert judged(failure, 1, 2, 3) == ([status], False)


def judged_at(*places, calls=20):
    """Statuses of failures that are judged where one update fails in each play of a test, at these places."""
    gateway, plays = httpx.ASGITransport(reference_server.create_app()), iter(places)
    fails = None

    async def answer(request):
        return await (crash() if fails and fails in request.content else gateway.handle_async_request(request))

    async def play(actor):
        nonlocal fails
        place = next(plays)
        registration = await actor.registered()
        for number in range(calls):
            info = actor.values.info()
            fails = info["name"].encode() if number == place else None
            await actor.get_after(await actor.update(registration, info), registration)

    session = session_of(httpx.MockTransport(answer), {})
    session.start()
    transcript = session.player.played("a", play)
    session.close()
    return [one.reply.status for one in transcript.calls if not one.trouble and one.reply.status != 200]


def test_a_failure_of_any_call_of_a_long_test_is_not_judged():
    assert judged_at(3, 12, 19) == []


def test_the_same_call_after_another_change_is_another():
    failures = Failures(())
    before = failures.place(GET, "one"), failures.place(GET, "one")
    change = failures.place(UPDATE, "another")

    assert before == ((GET, 0), (GET, 0))
    assert (failures.place(GET, "one"), failures.place(UPDATE, "another")) == ((GET, 1), change)


def test_a_failure_that_comes_late_in_a_long_test_each_time_is_judged():
    assert judged_at(19, 19, 19) == [500]


def test_a_failure_of_plain_calls_too_is_waited_out():
    assert judged(crash, 1, 2, 3, plain=3) == ([200], False)


def test_an_operation_that_fails_for_good_after_it_was_served_is_not_judged():
    assert judged(crash, 1, 2, 3, plain=10**6) == ([], True)


def test_one_note_counts_the_failures_that_are_not_judged():
    session, _ = failing(crash, 1, 2)
    (note,) = (note for note in session.run.notes if "Provider/info/update" in note)

    assert note.startswith("2 calls failed")
    assert note.endswith("2 × Provider/info/update: status 500")
