"""Why a valid change is refused: the gateway may have decided about its registration (R5)."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from beckn_conformance.client.clock import LeapingLoop
from beckn_conformance.client.witness import look_why, serves_plain_calls
from beckn_conformance.messages.registration import registration_of
from tests.exchanges import CONFIG, GET, SIGNUP, SPECIFICATION, UPDATE, drawn, exchange, nack, reply

ABOUT = {"registration": {"id": "1"}}


def shown(status):
    return reply("ACK", {"registration": {"id": "1", "status": status}, "auth": {"token": "t"}})


class Provider(SimpleNamespace):
    """A provider whose registration is shown in one status after another; the last one stays."""

    async def call(self, action, body, *, token):
        await asyncio.sleep(0.01)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self.exchanges.append(exchange(action, body, shown(status), at=len(self.exchanges)))


@pytest.mark.parametrize(
    ("statuses", "lost", "most"),
    [
        (["REJECTED"], 1, 1),
        (["PENDING-VERIFICATION", "PENDING-VERIFICATION", "REJECTED"], 1, 3),
        (["PENDING-VERIFICATION"], 0, 20),
    ],
    ids=["at once", "by a replica that is behind", "never"],
)
def test_a_decision_is_looked_for_until_a_replica_has_caught_up(statuses, lost, most):
    signed_up = exchange(SIGNUP, {}, shown("PENDING-VERIFICATION"), at=0)
    actor = Provider(
        specification=SPECIFICATION, config=CONFIG, exchanges=[signed_up], lost=0, statuses=statuses, action=GET
    )

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(look_why(actor, exchange(UPDATE, ABOUT, nack()), "token"))

    assert actor.lost == lost
    assert len(actor.exchanges) - 1 <= most


class Newcomer(SimpleNamespace):
    """A provider whose updates are all refused without a reason, and whose registration is shown in a status."""

    async def call(self, action, body, *, token=None, closed=None):
        await asyncio.sleep(0.01)
        answer = nack({}) if action == UPDATE else shown("PENDING-VERIFICATION" if action == SIGNUP else self.status)
        made = exchange(action, body, answer, at=len(self.exchanges))
        self.exchanges.append(replace(made, trouble=closed) if action == UPDATE else made)
        return self.exchanges[-1]

    async def usable(self, signup):
        return registration_of(signup)


@pytest.mark.parametrize(("status", "served"), [("REJECTED", True), ("PENDING-VERIFICATION", False)])
def test_an_operation_is_not_closed_where_a_registration_was_rejected(status, served):
    actor = Newcomer(
        specification=SPECIFICATION,
        config=CONFIG,
        exchanges=[],
        status=status,
        values=drawn(),
        verifier=SimpleNamespace(uses_stock=False),
    )

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert runner.run(serves_plain_calls(actor, UPDATE)) is served
