"""The state of a run follows from its events alone, in the order in which a run has them."""

import dataclasses
import datetime

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.judging.preference import PLAIN, Weight
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.record.events import Probe, ProcessEnd, RunEnd, RunStart, ScenarioEnd, TestEnd, Transcript
from beckn_conformance.record.run import Run
from beckn_conformance.run.assessment import MOST_NAMED, MOST_NOTES, UNREADABLE_EXP, Assessment
from beckn_conformance.run.recorded import RecordedScenario
from beckn_conformance.specification.loading import load
from tests.exchanges import NOW, Story, exchange, nack, page, put

PROBE = Probe((), HttpBinding(), ("Provider/get",), True, True, ("a note",))
CHECKED = "REPLY-MESSAGE"


def run():
    return Run(load(), GatewayConfig("https://gw.example/api"), "0123456789ab", 7, datetime.datetime.now(datetime.UTC))


def assessed(*events, started=None):
    started = started or run()
    assessment = Assessment(started)
    for event in (RunStart(started), PROBE, *events):
        assessment.apply(event)
    return assessment


def scenario(*exchanges, weight=PLAIN, unmet=""):
    return ScenarioEnd("t", Transcript(exchanges, unmet), weight)


def silent(size=0):
    """A NACK that breaks CHECKED, for a request of some size."""
    answer = dataclasses.replace(nack({}), headers=(("action", "NACK"), ("Content-Type", "application/json")))
    return exchange("Provider/get", {"registration": {"id": "r" * (size + 1)}}, answer)


def test_a_test_is_judged_by_all_its_scenarios():
    assessment = assessed(scenario(silent()), scenario(exchange("Provider/get", {}, nack({}))), TestEnd("t", [CHECKED]))

    assert assessment.outcome.status == "failed"
    assert {finding.requirement for finding in assessment.outcome.findings} == {CHECKED}
    assert assessment.tally.tests == {CHECKED: ["t"]}


def test_a_fault_that_a_gateway_may_have_ended_for_is_noted():
    lost = {"trouble": "connection: closed before a reply came"}
    assessment = assessed(
        scenario(
            exchange("Provider/get", {"registration": None}, None, **lost),
            exchange("Provider/get", {"registration": {"id": "r"}}, None, trouble="no connection: Connection refused"),
            exchange("Provider/signup", {}, None, trouble="no connection: Connection refused"),
        )
    )

    assert assessment.run.notes[1:] == [
        "Provider/get with /registration = null: connection: closed before a reply came",
        "no connection: Connection refused",
    ]


@pytest.mark.parametrize(("answers", "told"), [((None, None), True), ((None, nack({})), False), ((None,), False)])
def test_a_connection_that_a_fault_closes_each_time_is_told(answers, told):
    lost = "connection: closed before a reply came"
    calls = (exchange("Provider/get", {"registration": None}, one, trouble="" if one else lost) for one in answers)
    assessment = assessed(scenario(*calls), TestEnd("t", ["GET-NACK-REGISTRATION"]))

    each = f"{lost}, each of the 2 times that Provider/get with /registration = null was sent"
    assert (each in assessment.tally.reasons.get("GET-NACK-REGISTRATION", ())) is told


def test_what_other_scenarios_have_shown_is_not_missing_from_a_script():
    story = Story()
    for answer in (None, nack({"info": {"name": "is not allowed"}, "registration": {"status": "UPDATE-FAIL"}})):
        story.signup()
        story.wait()
        # That the first one shows new values keeps a gateway from holding on to its own (Q15).
        story.update(answer=answer)
    other, refusing = story.exchanges[:2], story.exchanges[2:]

    tally = assessed(scenario(*other), scenario(*refusing)).tally
    (record,) = tally.found["UPDATE-ACK-NAME"].values()
    RecordedScenario(run(), PROBE, scenario(*refusing)).complete([record])

    assert record.finding.exchange == refusing[1].id
    assert "expected: " in str(record.curl)


def test_findings_of_one_test_are_none_of_the_next():
    assessment = assessed(scenario(silent()), TestEnd("t", [CHECKED]), TestEnd("u", [CHECKED]))

    assert assessment.outcome.status == "inconclusive"
    assert assessment.outcome.text == f"{CHECKED} could not be judged: no reply of this test could show it"


def test_a_test_of_deferred_updates_says_that_they_are_declared_so():
    config = GatewayConfig("https://gw.example/api", updates="deferred")
    assessment = assessed(TestEnd("t", ["UPDATE-VISIBLE"]), started=dataclasses.replace(run(), config=config))

    assert assessment.outcome.status == "inconclusive"
    assert assessment.outcome.text == "UPDATE-VISIBLE could not be judged: updates are declared as deferred"


def test_a_failed_test_says_what_was_sent_expected_and_observed():
    outcome = assessed(scenario(silent()), TestEnd("t", [CHECKED])).outcome

    (finding,) = outcome.findings
    for text in (finding.id, finding.message, finding.sent, finding.expected, finding.observed):
        assert text in outcome.text


def test_a_smaller_example_stands_for_a_finding_and_exercises_nothing_else():
    small, large = silent(), silent(9)
    assessment = assessed(
        scenario(large, weight=Weight(offset=100)),
        scenario(small, exchange("Provider/get", {}, page(500), at=NOW + 1), weight=Weight(exact=1)),
        TestEnd("t", [CHECKED, "REPLY-NO-CRASH"]),
    )

    assert {finding.exchange for finding in assessment.outcome.findings if finding.requirement == CHECKED} == {small.id}
    assert "REPLY-NO-CRASH" not in {finding.requirement for finding in assessment.outcome.findings}


def test_why_a_requirement_could_not_be_judged_is_told():
    assessment = assessed(scenario(unmet="no registration could be made"), TestEnd("t", ["GET-ACK"]))

    assert assessment.outcome.text == "GET-ACK could not be judged: no registration could be made"
    assert assessment.tally.reasons["GET-ACK"]["no registration could be made"] == 1


def test_processes_of_a_run_add_up():
    start = run()
    again = (RunStart(start), PROBE, scenario(silent()), ProcessEnd(["other"], "", 3))
    assessment = assessed(scenario(silent()), ProcessEnd(["one"], "no answer", 4), *again, RunEnd(True, 2.5))

    whole = assessment.run
    assert (whole.exchanges, whole.unreachable, whole.narrowed, whole.seconds) == (7, "no answer", True, 2.5)
    assert [note for note in whole.notes if note in ("a note", "one", "other")] == ["a note", "one", "other"]
    assert [found.count for found in assessment.tally.found[CHECKED].values()] == [2]
    assert assessment.conclude().verdict == "incomplete"


def test_no_process_goes_on_with_statuses_that_another_has_seen():
    refused = nack({"registration": {"status": "UPDATE-FAIL"}})
    told = dataclasses.replace(exchange("Provider/info/update", {}, refused), about="r-1")
    assessment = assessed(scenario(told), RunStart(run()), PROBE, scenario(told))

    (row,) = assessment.tally.statistics.to_json()["transitions"]
    assert (row["before"], row["after"], row["count"]) == (None, "UPDATE-FAIL", 2)


@pytest.mark.parametrize(("exp", "noted"), [("tomorrow", True), ("2027-01-01T00:00:00Z", False)])
def test_an_exp_that_is_no_time_is_noted_once(exp, noted):
    story = Story()
    for _ in range(2):
        story.signup(change=put("/auth/exp", exp))

    notes = assessed(*map(scenario, story.exchanges)).run.notes
    assert notes.count(UNREADABLE_EXP) == noted


def test_notes_on_single_exchanges_do_not_grow_without_end():
    odd = [exchange("Provider/get", {}, page(300 + n)) for n in range(100)]

    assert len(assessed(*map(scenario, odd)).run.notes) == len(PROBE.notes) + MOST_NOTES


def test_requests_without_an_answer_are_named_only_if_they_are_few():
    lost = [
        exchange("Provider/get", {"registration": {"id": n}}, None, trouble="connection: reset") for n in range(100)
    ]
    named = [note for note in assessed(*map(scenario, lost)).run.notes if "/registration/id" in note]

    assert 0 < len(named) <= MOST_NAMED


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((PROBE,), "begun again"),
        ((RunStart(run()), scenario(silent())), "judged before the run was begun"),
    ],
)
def test_events_in_an_order_that_no_run_has_are_refused(events, why):
    with pytest.raises(ValueError, match=why):
        assessed(*events)
