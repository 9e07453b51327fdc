"""A gateway that is silent after hostile input is blamed only where no firewall may be the reason (T16)."""

import asyncio
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


class Provider:
    """A provider whose plain calls are answered until ``silent`` is set."""

    def __init__(self):
        self.config = SimpleNamespace(patience=3.0)
        self.exclusive = ExclusiveAccess()
        self.exchanges = []
        self.gateway = SimpleNamespace(appearance=Appearance())
        self.silent = False

    async def call(self, action, body, *, token, stimulus=None):
        await asyncio.sleep(0.01)
        answer, trouble = (None, SILENT) if self.silent else (SHOWN, "")
        tags = [f"{'long ' if stimulus.role is Role.LONG_AFTER else ''}after {stimulus.kind}"] if stimulus else []
        self.exchanges.append(exchange(action, body, answer, trouble=trouble, tags=tags))
        return self.exchanges[-1]

    async def meets(self, kind, *answers, last=False):
        """Sends something hostile once for each answer; silence follows the ``last``."""
        async with self.exclusive.together():
            await asyncio.sleep(0.01)  # Meanwhile others come in, too.
            async with Liveness(self).lives_on(kind, WITNESS):
                self.exchanges += [exchange(UPDATE, {}, answer, trouble="" if answer else SILENT) for answer in answers]
                self.silent = self.silent or last

    @property
    def blamed(self):
        return any(one.stimulus and one.stimulus.role is Role.LONG_AFTER for one in self.exchanges)


def play(*meetings):
    provider = Provider()

    async def together():
        await asyncio.gather(*(provider.meets(*meeting, last=last) for *meeting, last in meetings))

    with asyncio.Runner(loop_factory=LeapingLoop) as runner, pytest.raises(Unmet, match="answered no more"):
        runner.run(together())
    return provider


@pytest.mark.parametrize("answer", [None, SHOWN], ids=["unanswered", "acknowledged"])
def test_silence_after_what_nobody_refused_is_judged(answer):
    assert play(("NaN", answer, True)).blamed


@pytest.mark.parametrize("refusal", [nack(), page(403), page(400)], ids=["NACK", "403", "400"])
def test_silence_after_a_refusal_is_not(refusal):
    assert not play(("NaN", refusal, True)).blamed


def test_a_refusal_of_another_that_was_on_the_way_counts_too():
    assert not play(("NaN", nack(), False), ("NaN", None, True)).blamed


def test_refusals_before_that_do_not_count():
    assert play(("a byte order mark", nack(), False), ("NaN", None, True)).blamed
