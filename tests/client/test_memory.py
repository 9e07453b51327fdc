"""Replies that wait to be judged take bounded memory, however large they are."""

import math

import pytest

from beckn_conformance.client.http import ReplyTooLarge
from beckn_conformance.client.memory import Memory
from beckn_conformance.messages.exchange import Exchange, Reply, Request

REPLY = Reply(200, (), b"x" * 200)
"""It weighs 1000 bytes."""
EXCHANGE = Exchange("x1", "Provider/get", Request("POST", "http://gw.example", (), b""), None, REPLY, None, 0.0, 0.1)


def test_memory_is_short_once_half_of_it_is_taken():
    memory = Memory(4000)
    shortages = []
    for _ in range(4):
        memory.receive(REPLY)
        shortages.append(memory.is_short)

    assert shortages == [False, False, True, True]


def test_a_reply_that_does_not_fit_is_refused_until_others_are_judged():
    memory = Memory(4000)
    for _ in range(4):
        memory.receive(REPLY)

    with pytest.raises(ReplyTooLarge, match="more came back than can be held"):
        memory.receive(REPLY)
    memory.release([EXCHANGE])
    memory.receive(REPLY)


def test_the_room_is_told_in_replies_of_the_mean_size():
    memory = Memory(10_000)
    assert memory.room == math.inf
    memory.receive(REPLY)
    memory.receive(Reply(200, (), b"x" * 600))
    memory.release_all()

    assert memory.room == 2.5
    assert not memory.is_short
