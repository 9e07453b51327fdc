"""The calls of a finding are sent again, and judged with what the run has shown beside them."""

import secrets

import pytest

from beckn_conformance.commands.resend import resend
from beckn_conformance.commands.spec.trial import configuration, session_of
from beckn_conformance.judging.judge import Judge
from beckn_conformance.suite.cases import add_and_read
from reference_server import create_app

DEFECT, SEEN = "documents-old-status-old", "DOCUMENTS-OLD-STATUS"
"""Only a whole run shows that no document reaches that status by itself (R7)."""


async def _addition(actor):
    await add_and_read(actor, await actor.registered())


@pytest.fixture
def session():
    started = []

    def start(*defects):
        session = session_of(create_app(defects=defects), configuration(), seed=secrets.randbits(31))
        started.append(session)
        session.start()
        return session

    yield start
    for one in started:
        one.end()


@pytest.mark.parametrize(("defects", "holds"), [((DEFECT,), True), ((), False)])
def test_a_finding_of_the_whole_run_is_seen_again_with_its_calls_alone(defects, holds, session):
    run = session(DEFECT)
    steps = run.player.tried(_addition, hurried=False).exchanges
    judge = Judge(run.specification, run.config)
    judge.assume_whole_run()
    (finding,) = [judgement.finding for _, judgement in judge.judge_together(steps) if judgement.finding]

    resent = resend(session(*defects), SEEN, {"id": finding.id, "replay": ""}, steps, run.config)

    assert finding.requirement == SEEN
    assert resent.holds is holds
