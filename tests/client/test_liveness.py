"""A gateway that is silent after hostile input is blamed only where no firewall may be the reason (T16)."""

import asyncio
import itertools
from types import SimpleNamespace

import pytest

from beckn_conformance.client.clock import LeapingLoop
from beckn_conformance.client.exclusive import ExclusiveAccess
from beckn_conformance.client.liveness import Liveness
from beckn_conformance.errors import Unmet
from beckn_conformance.judging.origin import Appearance
from beckn_conformance.messages.exchange import Role
from beckn_conformance.messages.registration import Registration
from tests.exchanges import UPDATE, exchange, nack, page, reply

WITNESS = Registration("1", "token-1", 0.0, {})
SHOWN = reply("ACK", {"registration": {"id": "1"}})
SILENT = "timeout: no whole reply within 10 s"
CLOSED = "connection: closed before a reply came"
NOBODY = "no connection: Connection refused"


class Provider:
    """A provider whose plain calls are answered until ``silent`` says what they end in."""

    def __init__(self):
        self.config = SimpleNamespace(patience=3.0)
        self.exclusive = ExclusiveAccess()
        self.exchanges = []
        self.gateway = SimpleNamespace(appearance=Appearance())
        self.silent = ""

    async def call(self, action, body, *, token, stimulus=None):
        await asyncio.sleep(0.01)
        answer = None if self.silent else SHOWN
        tags = [f"{'long ' if stimulus.role is Role.LONG_AFTER else ''}after {stimulus.kind}"] if stimulus else []
        self.exchanges.append(exchange(action, body, answer, trouble=self.silent, tags=tags))
        return self.exchanges[-1]

    async def meets(self, kind, *answers, then=""):
        """Sends something hostile once for each answer, which is a reply or a trouble; then silence may come."""
        async with self.exclusive.together():
            await asyncio.sleep(0.01)  # Meanwhile others come in, too.
            async with Liveness(self).lives_on(kind, WITNESS):
                for answer in answers:
                    came, trouble = (None, answer) if isinstance(answer, str) else (answer, "")
                    self.exchanges.append(exchange(UPDATE, {}, came, trouble=trouble))
                self.silent = self.silent or then

    @property
    def blamed(self):
        return any(one.stimulus and one.stimulus.role is Role.LONG_AFTER for one in self.exchanges)


def play(*meetings):
    """Whether the gateway is blamed for being silent after what it met, of one kind at a time."""
    provider = Provider()

    async def in_turn():
        for _, kind in itertools.groupby(meetings, key=lambda meeting: meeting[0]):
            await asyncio.gather(*(provider.meets(*meeting, then=then) for *meeting, then in kind))

    with asyncio.Runner(loop_factory=LeapingLoop) as runner, pytest.raises(Unmet, match="answered no more"):
        runner.run(in_turn())
    return provider.blamed


@pytest.mark.parametrize("answer", [SILENT, SHOWN], ids=["unanswered", "acknowledged"])
def test_silence_after_what_nobody_refused_is_judged(answer):
    assert play(("NaN", answer, SILENT))


@pytest.mark.parametrize("refusal", [nack(), page(403), page(400)], ids=["NACK", "403", "400"])
def test_silence_after_a_refusal_is_not(refusal):
    assert not play(("NaN", refusal, SILENT))


def test_a_refusal_of_another_that_was_on_the_way_counts_too():
    assert not play(("NaN", nack(), ""), ("NaN", SILENT, SILENT))


@pytest.mark.parametrize("answer", [SILENT, SHOWN, CLOSED, NOBODY])
@pytest.mark.parametrize("ban", [SILENT, CLOSED])
def test_a_ban_for_earlier_refusals_may_begin_later(answer, ban):
    assert not play(("a byte order mark", nack(), ""), ("NaN", answer, ban))


def test_a_process_that_dies_after_refusals_is_to_blame():
    assert play(("a byte order mark", nack(), ""), ("NaN", CLOSED, NOBODY))


def test_a_firewall_that_closes_connections_may_refuse_them_later():
    assert not play(("a byte order mark", nack(), ""), ("NaN", CLOSED, ""), ("Infinity", CLOSED, NOBODY))


@pytest.mark.parametrize("sent", [(), (NOBODY,)], ids=["nothing", "what could not be sent"])
def test_what_did_not_reach_the_gateway_is_not_why_it_is_silent(sent):
    assert not play(("NaN", *sent, NOBODY))
