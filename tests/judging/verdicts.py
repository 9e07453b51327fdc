"""Tallies of runs made by hand, and the verdicts on them."""

import datetime

from beckn_conformance.config.gateway import Waiver
from beckn_conformance.judging.finding import Finding, Judgement, Obligation
from beckn_conformance.judging.obligations import obligations
from beckn_conformance.judging.outcome import conclude
from beckn_conformance.judging.tally import Tally
from tests.exchanges import CONFIG, SIGNUP, SPECIFICATION, configured

TODAY = datetime.date(2026, 5, 4)
YESTERDAY = TODAY - datetime.timedelta(days=1)
DUE = obligations(SPECIFICATION, CONFIG)
MUST, SHOULD, NAMES = "SIGNUP-NACK-PHONE", "SIGNUP-NACK-EMPTY", "SIGNUP-NACK-DOCUMENT-NAME"
PHONE_EMPTY = Obligation(SIGNUP, "/info/phone", "empty")


def finding(
    requirement=MUST, pointer="/info/phone", kind="wrong", message="wrong", exchange="x1", weight=10, operation=SIGNUP
):
    return Finding(requirement, operation, pointer, kind, message, "sent", "due", "seen", exchange, weight=weight)


def found(requirement=MUST, **how):
    obligation = Obligation(SIGNUP, how.get("pointer", "/info/phone"), "empty")
    return Judgement(requirement, obligation, finding(requirement, **how))


def full(*findings, but=()):
    """A tally of a run in which all was exercised except the requirements ``but``, with these findings."""
    tally = Tally()
    for requirement, due in DUE.items():
        if requirement not in but:
            for obligation in due:
                tally.add(Judgement(requirement, obligation))
            tally.tests[requirement] = ["test"]
    for judgement in findings:
        tally.add(judgement)
    return tally


def concluded(tally, config=CONFIG, **how):
    how.setdefault("can_verify", True)
    return conclude(tally, SPECIFICATION, config, today=TODAY, **how)


def outcome(verdict, requirement=MUST):
    return next(o for o in verdict.outcomes if o.requirement.id == requirement)


def status(verdict, requirement=MUST):
    return outcome(verdict, requirement).status


def reason(verdict, requirement=MUST):
    return outcome(verdict, requirement).reason


def waived(*places, requirement=MUST, expires=TODAY):
    """A configuration with a waiver for each of these pointers, or for a requirement as a whole."""
    return configured(waivers=tuple(Waiver(requirement, "known", "ops", expires, place) for place in places or (None,)))


def states(verdict):
    return [standing.state for standing in verdict.waivers]
