"""Which call goes next, and how many are under way."""

import asyncio
import contextlib
import itertools

import httpx
import pytest

from beckn_conformance.client import clock, limiter, network
from beckn_conformance.client.client import Client
from beckn_conformance.client.limiter import MOST, STUCK, USUAL, ConcurrencyLimiter, Places
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.exchange import CONTROL, TroubleKind
from tests.client.calls import SIGNUP, client_of, ok, outgoing, request_from


async def _let_all_run():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_calls_are_under_way_than_allowed():
    places, under_way, most = Places(lambda: 3), 0, 0

    async def call(rank):
        nonlocal under_way, most
        async with places.place(rank):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(call(rank) for rank in range(20)))

    assert most == 3


async def test_the_waiting_call_of_the_lowest_rank_goes_next():
    places, order = Places(lambda: 1), []

    async def call(rank, name):
        async with places.place(rank):
            order.append(name)

    async with places.place(0):
        tasks = [asyncio.create_task(call(*one)) for one in ((5, "c"), (2, "a"), (5, "d"), (3, "b"))]
        await _let_all_run()
        assert order == []
    await asyncio.gather(*tasks)

    assert order == ["a", "b", "c", "d"]


@pytest.mark.parametrize("when", ["while it waits", "when its turn has come"])
async def test_a_cancelled_call_passes_its_turn_on(when):
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
        assert went == [2]


async def test_a_failed_call_passes_its_turn_on():
    places = Places(lambda: 1)
    with pytest.raises(ValueError, match="broken"):
        async with places.place(1):
            raise ValueError("broken")
    async with places.place(2):
        pass


async def test_one_call_at_a_time_is_made_while_memory_is_short():
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

    assert (most, order[0]) == (3, 9)


async def test_a_repeated_request_gets_the_next_place():
    order = []

    async def one(limiter, name, first, inside):
        async with limiter.place(first=first):
            order.append(name)
            await inside.wait()

    limiter, inside = ConcurrencyLimiter(2), asyncio.Event()
    names = [("a", False), ("b", False), ("c", False), ("again", True)]
    async with asyncio.TaskGroup() as group:
        for name, first in names:
            group.create_task(one(limiter, name, first, inside))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == ["a", "b"]
        inside.set()
    assert order == ["a", "b", "again", "c"]


def after(limiter, *seconds):
    """How many may be in flight after answers that took so long."""
    for one in seconds:
        limiter.good(one)
    return limiter.open


def test_more_are_in_flight_while_a_far_gateway_answers_all_as_fast():
    assert after(ConcurrencyLimiter(), *[0.1] * 20) > USUAL
    assert after(ConcurrencyLimiter(), *[0.1] * 2000) == MOST


def test_a_gateway_that_many_requests_slow_down_gets_no_more_than_usual():
    limiter = ConcurrencyLimiter()

    assert after(limiter, 0.01, *[0.03] * 2000) == USUAL
    assert after(limiter, *[0.01] * 2000) == MOST
    assert after(limiter, *[0.03] * 2000) == USUAL


def test_there_are_never_more_in_flight_than_declared():
    assert after(ConcurrencyLimiter(30), *[0.1] * 2000) == 30


def test_a_gateway_that_asked_for_fewer_gets_no_more_than_usual():
    limiter = ConcurrencyLimiter()
    after(limiter, *[0.1] * 2000)
    limiter.close_half()

    assert limiter.open == USUAL
    assert after(limiter, *[0.1] * 2000) == USUAL


async def test_a_request_that_waits_while_others_are_answered_ends_the_growth(monkeypatch):
    now = 100.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)

    limiter = ConcurrencyLimiter()
    after(limiter, *[0.1] * 100)
    with limiter.sending():
        now += STUCK + 0.1
        assert after(limiter, 0.1) == USUAL

    assert after(limiter, *[0.1] * 100) == USUAL


def test_a_request_that_waits_for_a_moment_ends_no_growth(monkeypatch):
    now = 100.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    limiter = ConcurrencyLimiter()
    after(limiter, *[0.01] * 100)

    with limiter.sending():
        now += STUCK - 0.1
        assert after(limiter, 0.01) > USUAL


def test_two_good_answers_for_each_place_open_another():
    limiter = ConcurrencyLimiter(8)
    limiter.close_half()
    limiter.close_half()

    assert [after(limiter, 0.1) for _ in range(10)] == [2, 2, 2, 3, 3, 3, 3, 3, 3, 4]


def test_a_server_with_few_threads_for_connections_keeps_no_request_waiting(monkeypatch):
    """It serves a connection until that is closed, and lets others wait."""
    monkeypatch.setattr(limiter, "STUCK", 0.3)
    monkeypatch.setattr(network, "LONGEST_IDLE", 0.1)
    threads, connections = asyncio.Semaphore(USUAL), set()

    async def serve(reader, writer):
        connections.add(asyncio.current_task())
        async with threads:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await request_from(reader)
                    await asyncio.sleep(0.05)
                    writer.write(ok(b"Content-Length: 2", b"Action: ACK"))
            writer.close()

    async def play():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            (listening,) = server.sockets
            async with client_of(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                client.limiter.open = MOST
                began = clock.monotonic()
                exchanges = await asyncio.gather(*(client.send(outgoing()) for _ in range(900)))
                whole = clock.monotonic() - began
            await asyncio.gather(*connections)
        return client.limiter.open, max(exchange.seconds for exchange in exchanges), whole

    # On its clock a request takes the same time on any machine.
    with asyncio.Runner(loop_factory=clock.LeapingLoop) as runner:
        left, longest, whole = runner.run(play())

    assert left == USUAL
    assert longest < whole / 2


@pytest.mark.parametrize("alone", [200, 500])
async def test_a_server_error_with_more_in_flight_than_usual_is_no_answer(alone):
    """The gateway may have fewer connections to its database; with as many requests as usual it shows what it does."""
    there = 0

    async def answer(request):
        nonlocal there
        there += 1
        await asyncio.sleep(0.01)
        status = 500 if there > USUAL + 2 else alone
        there -= 1
        return httpx.Response(status, json={}, headers={"Action": "ACK"} if status == 200 else {"Action": "NACK"})

    client = Client(GatewayConfig("http://gw.example"), transport=httpx.MockTransport(answer))
    client.limiter.open = 40
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(client.send(outgoing(action=SIGNUP))) for _ in range(100)]
    left, exchanges = client.limiter.open, [call.result() for call in calls]
    assert left <= USUAL
    judged = {exchange.reply.status for exchange in exchanges if exchange.trouble is None}
    assert judged == {alone}
    assert {exchange.trouble.kind for exchange in exchanges if exchange.trouble} == {TroubleKind.OUTAGE}


async def test_a_server_error_for_a_malformed_request_is_its_answer():
    async def answer(request):
        await asyncio.sleep(0.01)
        return httpx.Response(500, json={}, headers={"Action": "NACK"})

    client = Client(GatewayConfig("http://gw.example"), transport=httpx.MockTransport(answer))
    client.limiter.open = 40
    calls = [client.send(outgoing(text=b"{", purpose="malformed")) for _ in range(40)]
    exchanges = await asyncio.gather(*calls)

    assert {exchange.reply.status for exchange in exchanges if exchange.trouble is None} == {500}
    assert not [exchange for exchange in exchanges if exchange.trouble]
    assert client.sent == 40


def sent_at(play, **options):
    """Times at which a client sends what ``play`` has it send, by a clock that leaps."""
    times = []

    async def answer(request):
        times.append(clock.monotonic())
        return httpx.Response(200, json={}, headers={"Action": "ACK"})

    with asyncio.Runner(loop_factory=clock.LeapingLoop) as runner:
        runner.run(play(Client(GatewayConfig("http://gw.example", **options), transport=httpx.MockTransport(answer))))
    return times


def apart(times):
    return min(later - earlier for earlier, later in itertools.pairwise(times))


def test_time_without_a_request_is_not_made_up_for():
    async def play(client):
        await client.send(outgoing())
        await asyncio.sleep(60)
        for _ in range(3):
            await client.send(outgoing())

    assert apart(sent_at(play, rate=10)) > 0.09


@pytest.mark.parametrize("purpose", ["", CONTROL])
def test_every_request_keeps_to_the_limit_of_a_gateway(purpose):
    async def play(client):
        client._retry.interval = 0.1
        await asyncio.gather(*(client.send(outgoing(purpose=purpose)) for _ in range(5)))

    assert apart(sent_at(play)) > 0.09
