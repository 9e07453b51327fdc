"""Plain calls tell an outage from what belongs to one request, and are made only when needed (T6)."""

import asyncio

import pytest

from beckn_conformance.client.control import MOST, Control
from tests.exchanges import GET, HTTP, UPDATE, exchange, page, reply

KIND = (GET, 500, "text/html")


class Gateway:
    """Answers plain calls with these values, the last one for ever, and remembers them."""

    def __init__(self, *answers, patience=30.0, known=("1", "2")):
        self._answers = [*answers]
        self.asked = []
        self.control = Control(self._ask, patience)
        for id_ in known:
            self.control.learn(called(id_, reply(body={})), HTTP)

    async def _ask(self, call):
        self.asked.append(call.body["registration"]["id"])
        await asyncio.sleep(0)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def belongs(self, answer, begun=0.0, ended=1.0):
        return self.control.belongs(answer, KIND, begun, ended)


def called(id_, answer, action=GET):
    return exchange(action, {"registration": {"id": id_}}, answer)


CRASHED = called("1", page(500), UPDATE)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_bare_reply_belongs_to_its_request_if_a_plain_call_is_answered(answered):
    gateway = Gateway(answered)

    assert await gateway.belongs(CRASHED) is answered
    assert len(gateway.asked) == 1


async def test_the_plain_call_asks_for_another_registration():
    gateway = Gateway(True)
    await gateway.belongs(CRASHED)

    assert gateway.asked == ["2"]


async def test_replies_that_are_a_habit_are_not_asked_about_again():
    gateway = Gateway(True)
    for ended in range(20):
        assert await gateway.belongs(CRASHED, ended=1e12 + ended)

    assert len(gateway.asked) == MOST


async def test_replies_of_one_moment_share_a_plain_call():
    gateway = Gateway(False)

    assert await asyncio.gather(*(gateway.belongs(CRASHED) for _ in range(24))) == [False] * 24
    assert len(gateway.asked) == 1


async def test_a_reply_to_a_request_of_an_outage_belongs_to_the_outage():
    gateway = Gateway(False, True)
    await gateway.belongs(CRASHED)
    assert await gateway.control.back()

    assert not await gateway.belongs(CRASHED)
    assert await gateway.belongs(CRASHED, begun=1e12, ended=1e12)


async def test_nothing_is_asked_if_no_call_is_known_to_be_good():
    gateway = Gateway(False, known=())

    assert await gateway.belongs(CRASHED)
    assert await gateway.control.back()
    assert gateway.asked == []


async def test_a_gateway_that_comes_back_is_waited_for():
    gateway = Gateway(False, False, True)

    assert await asyncio.gather(*(gateway.control.back() for _ in range(5))) == [True] * 5
    assert len(gateway.asked) == 3
    assert not gateway.control.is_away


async def test_patience_with_a_gateway_that_stays_away_is_spent_once():
    gateway = Gateway(False, patience=0.01)
    assert not await gateway.control.back()
    asked = len(gateway.asked)
    assert not await gateway.control.back()

    assert len(gateway.asked) == asked + 1
    assert not gateway.control.is_away
