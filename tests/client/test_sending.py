"""The client alone, against answers that are made up: what it sends, when, and what it makes of what comes back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from beckn_conformance.client.client import Gateway
from beckn_conformance.client.provider import Actor, Registration, Verifier
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding
from beckn_conformance.messages.exchange import Exchange, Message, Stimulus
from beckn_conformance.messages.values import Values
from beckn_conformance.specification.actions import GET
from beckn_conformance.specification.loading import load
from beckn_conformance.specification.pointer import MISSING

URL = "http://gw.example"
OLD = "2026-01-01T00:00:00"
HEADER = {"Action": GET, "Token": "token-1", "Timestamp": OLD}
BODY = {"registration": {"id": "1"}}
BUSY = httpx.Response(429, headers={"retry-after": "0.05"})
Answers = Callable[[httpx.Request], httpx.Response]


def client(answer: Answers, **declared: Any) -> Gateway:
    """A client whose requests are answered by a function; each of its timestamps is another one."""
    gateway = Gateway(GatewayConfig(URL, **declared), transport=httpx.MockTransport(answer))
    moments = itertools.count()
    gateway.timestamp = lambda: f"2026-02-02T00:00:{next(moments):02}"  # type: ignore[method-assign]
    return gateway


def sent_to(answers: list[httpx.Response], send: Callable[[Gateway], Any]) -> list[httpx.Request]:
    """The requests of a sending that is answered in turn."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answers[len(seen) - 1]

    async def play() -> None:
        await send(client(answer))

    asyncio.run(play())
    return seen


def test_each_attempt_says_what_time_it_is() -> None:
    fine = httpx.Response(200, json={})

    seen = sent_to([BUSY, fine], lambda g: g.send(GET, Message(HEADER, BODY), HttpBinding(), dated=False))

    assert [request.headers["timestamp"] for request in seen] == ["2026-02-02T00:00:00", "2026-02-02T00:00:01"]


def test_each_attempt_says_what_time_it_is_in_an_envelope_too() -> None:
    fine = httpx.Response(200, json={})

    seen = sent_to([BUSY, fine], lambda g: g.send(GET, Message(HEADER, BODY), EnvelopeBinding(), dated=False))

    assert [OLD in request.content.decode() for request in seen] == [False, False]
    assert seen[0].content != seen[1].content


def test_a_text_that_is_no_message_says_what_time_it_is_at_each_attempt() -> None:
    fine = httpx.Response(200, json={})

    seen = sent_to([BUSY, fine], lambda g: g.send_raw(GET, HEADER, b"{", HttpBinding(), purpose="malformed"))

    assert [request.headers["timestamp"] for request in seen] == ["2026-02-02T00:00:00", "2026-02-02T00:00:01"]


@pytest.mark.parametrize("timestamp", ["yesterday", None])
def test_a_timestamp_that_a_test_has_set_stays_as_it_is(timestamp: str | None) -> None:
    async def send(gateway: Gateway) -> Exchange:
        actor = Actor(gateway, HttpBinding(), load(), Values(load(), gateway.config, seed=1), Verifier(gateway.config))
        return await actor.call(GET, BODY, token="token-1", header={"Timestamp": timestamp})

    seen = sent_to([BUSY, httpx.Response(200, json={})], send)

    assert [request.headers.get("timestamp") for request in seen] == [timestamp] * 2


def test_a_request_that_is_no_call_is_made_when_its_turn_has_come() -> None:
    """What waits for the declared rate is no older for it."""

    async def send(gateway: Gateway) -> None:
        actor = Actor(gateway, HttpBinding(), load(), Values(load(), gateway.config, seed=1), Verifier(gateway.config))
        registration = Registration("1", "token-1", 0.0, MISSING)
        calls = (
            actor.hostile.foreign(
                GET, BODY, of=registration, stimulus=Stimulus(method, "another method"), method=method
            )
            for method in ("PUT", "PATCH")
        )
        await gateway._limiter.enter()
        both = asyncio.gather(*calls)
        await asyncio.sleep(0)
        before = gateway.timestamp()
        gateway._limiter.leave()
        exchanges = await both
        assert all(dict(exchange.request.headers)["Timestamp"] > before for exchange in exchanges)

    async def play() -> None:
        await send(client(lambda request: httpx.Response(405), concurrency=1))

    asyncio.run(play())
