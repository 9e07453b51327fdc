"""The client against answers that are made up: what it sends, and when."""

import asyncio
import itertools

import httpx
import pytest

from beckn_conformance.client import clock
from beckn_conformance.client.actor import Actor
from beckn_conformance.client.client import MOST_TURNED_AWAY, Client
from beckn_conformance.client.insistence import CLOSED
from beckn_conformance.client.verification import Verifier
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.judging.origin import INTERMEDIARY
from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding
from beckn_conformance.messages.exchange import CONTROL, Stimulus, TroubleKind
from beckn_conformance.messages.registration import Registration
from beckn_conformance.messages.values import Values
from beckn_conformance.specification.loading import load
from beckn_conformance.specification.pointer import MISSING
from tests.client.calls import BODY, GET, SIGNUP, outgoing

ACK = httpx.Response(200, json={}, headers={"Action": "ACK"})
REFUSED = httpx.Response(400, json={}, headers={"Action": "NACK"})
FORBIDDEN = httpx.Response(403, html="<title>Forbidden</title>")
BUSY = httpx.Response(429, headers={"retry-after": "0.05"})
MOMENTS = [f"2026-02-02T00:00:0{number}" for number in range(9)]


def client(answer, **declared):
    """A client whose requests are answered by a function; each of its timestamps is another one."""
    gateway = Client(GatewayConfig("http://gw.example", **declared), transport=httpx.MockTransport(answer))
    gateway.timestamp = iter(MOMENTS).__next__
    return gateway


def actor(gateway):
    return Actor(gateway, HttpBinding(), load(), Values(load(), gateway.config, seed=1), Verifier(gateway.config))


def sent_at_once_and_again(send):
    """The requests of a sending that is put off the first time."""
    answers = iter([BUSY, httpx.Response(200, json={})])
    seen = []

    def answer(request):
        seen.append(request)
        return next(answers)

    async def play():
        await send(client(answer))

    asyncio.run(play())
    return seen


@pytest.mark.parametrize("more", [{}, {"text": b"{", "purpose": "malformed"}])
def test_each_attempt_says_what_time_it_is(more):
    seen = sent_at_once_and_again(lambda gateway: gateway.send(outgoing(**more)))

    assert [request.headers["timestamp"] for request in seen] == MOMENTS[:2]


def test_each_attempt_says_what_time_it_is_in_an_envelope_too():
    seen = sent_at_once_and_again(lambda gateway: gateway.send(outgoing(binding=EnvelopeBinding())))

    assert [moment in request.content.decode() for moment, request in zip(MOMENTS, seen, strict=False)] == [True] * 2


@pytest.mark.parametrize("timestamp", ["yesterday", None])
def test_a_timestamp_that_a_test_has_set_stays_as_it_is(timestamp):
    def send(gateway):
        return actor(gateway).call(GET, BODY, token="token-1", header={"Timestamp": timestamp})

    seen = sent_at_once_and_again(send)

    assert [request.headers.get("timestamp") for request in seen] == [timestamp] * 2


async def test_a_request_that_is_no_call_is_made_when_its_turn_has_come():
    """It must not carry the time at which it began to wait for the declared rate."""

    gateway = client(lambda request: httpx.Response(405), concurrency=1)
    registration = Registration("1", "token-1", 0.0, MISSING)
    async with gateway.limiter.place():
        both = asyncio.gather(
            *(
                actor(gateway).hostile.foreign(
                    GET, BODY, of=registration, stimulus=Stimulus(method, "another method"), method=method
                )
                for method in ("PUT", "PATCH")
            )
        )
        await asyncio.sleep(0)
        gateway.timestamp()
    exchanges = await both

    assert [dict(exchange.request.headers)["Timestamp"] for exchange in exchanges] == MOMENTS[1:3]


async def test_what_is_no_call_is_sent_once():
    seen = []

    def answer(request):
        seen.append(request)
        return BUSY

    exchange = await client(answer).send(outgoing(change=lambda request: request, purpose="foreign"))

    assert len(seen) == 1
    assert exchange.sent is None
    assert exchange.reply is not None


async def test_exchanges_are_numbered_in_the_order_of_the_record():
    recorded = []

    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    gateway = Client(
        GatewayConfig("http://gw.example"),
        transport=transport,
        record=lambda exchange: recorded.append(exchange.id),
        label="p1",
    )
    await asyncio.gather(*(gateway.send(outgoing()) for _ in range(5)))

    assert recorded == [f"p1x{number}" for number in range(1, 6)]


def test_a_call_may_ask_for_a_reply_that_is_not_compressed():
    seen = sent_at_once_and_again(lambda gateway: actor(gateway).call(GET, BODY, token="token-1", plain=True))

    assert [request.headers.get_list("accept-encoding") for request in seen] == [["identity"]] * 2


async def test_no_more_is_sent_where_all_is_answered_by_something_in_front():
    transport = httpx.MockTransport(lambda request: FORBIDDEN)
    client = Client(GatewayConfig("http://gw.example"), transport=transport)

    exchanges = [await client.send(outgoing(SIGNUP)) for _ in range(MOST_TURNED_AWAY + 1)]

    assert [one.trouble for one in exchanges[:-1]] == [None] * MOST_TURNED_AWAY
    assert exchanges[-1].trouble.kind is TroubleKind.PATIENCE


async def test_more_is_sent_where_the_gateway_answers_in_between():
    answers = [httpx.Response(200, json={}, headers={"Action": "NACK"})]
    answers += [FORBIDDEN for _ in range(MOST_TURNED_AWAY - 1)]
    turn = itertools.cycle(answers)
    client = Client(GatewayConfig("http://gw.example"), transport=httpx.MockTransport(lambda request: next(turn)))

    exchanges = [await client.send(outgoing(SIGNUP)) for _ in range(MOST_TURNED_AWAY + 20)]

    assert all(one.trouble is None for one in exchanges)


def leaping(play):
    """What a coroutine gives, by a clock that nobody waits for."""
    with asyncio.Runner(loop_factory=clock.LeapingLoop) as runner:
        return runner.run(play)


def test_a_gateway_that_asks_to_wait_is_asked_nothing_meanwhile():
    answers, asked = iter([ACK, BUSY, ACK]), []

    def answer(request):
        asked.append(request.headers["action"])
        return next(answers)

    async def play():
        gateway = client(answer)
        return [await gateway.send(outgoing(action)) for action in (GET, SIGNUP)]

    assert leaping(play())[-1].acknowledged
    assert asked == [GET, SIGNUP, SIGNUP]


def test_a_gateway_that_loses_answers_is_sent_nothing_else_until_it_is_back():
    away = 0.0

    def answer(request):
        if clock.monotonic() < away:
            raise httpx.ReadError("closed before a reply came")
        return ACK

    async def play():
        nonlocal away
        gateway = Client(GatewayConfig("http://gw.example"), transport=httpx.MockTransport(answer))
        await gateway.send(outgoing())
        away = clock.monotonic() + 10
        lost = asyncio.create_task(gateway.send(outgoing()))
        await asyncio.sleep(1)
        # Sent at once, it would be lost, and might have been carried out.
        return await gateway.send(outgoing(SIGNUP)), await lost

    assert [exchange.acknowledged for exchange in leaping(play())] == [True, True]


@pytest.mark.parametrize(("answer", "trouble"), [(ACK, None), (REFUSED, CLOSED)])
async def test_only_a_refusal_without_a_reason_is_no_answer_while_an_operation_is_closed(answer, trouble):
    exchange = await client(lambda request: answer).send(outgoing(closed=CLOSED))

    assert exchange.trouble == trouble
    assert (exchange.received is None) == (trouble is not None)


async def test_only_hostile_input_may_be_what_closes_an_operation(monkeypatch):
    gateway, provoked = client(lambda request: ACK), []
    monkeypatch.setattr(gateway.insistence, "provoke", provoked.append)

    for call in (outgoing(), outgoing(purpose=CONTROL), outgoing(SIGNUP, text=b"{", purpose="malformed")):
        await gateway.send(call)

    assert provoked == [SIGNUP]


@pytest.mark.parametrize("status", sorted(INTERMEDIARY))
def test_what_a_proxy_says_of_its_gateway_is_no_answer_to_a_call(status):
    answers = itertools.chain([ACK, httpx.Response(status)], itertools.repeat(ACK))

    async def play():
        gateway = client(lambda request: next(answers))
        return [await gateway.send(outgoing()) for _ in range(2)]

    assert [exchange.acknowledged for exchange in leaping(play())] == [True, True]
