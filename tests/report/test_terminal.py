"""The summary on the terminal lists what was selected and is not settled."""

import datetime

from beckn_conformance.judging.finding import Judgement
from beckn_conformance.judging.obligations import obligations
from beckn_conformance.judging.outcome import conclude
from beckn_conformance.judging.tally import Tally
from beckn_conformance.record.masking import Masker
from beckn_conformance.record.run import Run
from beckn_conformance.report import document, terminal
from tests.exchanges import CONFIG, SPECIFICATION

PHONE, EMAIL = "SIGNUP-NACK-PHONE", "SIGNUP-NACK-EMAIL"


def summary(tally, *, narrowed=False):
    verdict = conclude(tally, SPECIFICATION, CONFIG, narrowed=narrowed)
    run = Run(SPECIFICATION, CONFIG, "r1", 1, datetime.datetime(2026, 5, 4, tzinfo=datetime.UTC))
    report = document.document(run, verdict, {}, Masker())
    return [text for text, _ in terminal.lines(report, document.left_out(verdict), None)]


def partly_tested():
    """All of one requirement was exercised, and a part of another."""
    tally = Tally()
    due = obligations(SPECIFICATION, CONFIG)
    for name in due[PHONE]:
        tally.add(Judgement(PHONE, name))
    tally.add(Judgement(EMAIL, min(due[EMAIL])))
    tally.tests[PHONE] = tally.tests[EMAIL] = ["test"]
    return tally


def test_a_narrowed_run_lists_no_unselected_requirement():
    lines = summary(partly_tested(), narrowed=True)

    assert not any(EMAIL in line for line in lines)
    (counts,) = (line for line in lines if line.startswith("requirements: "))
    assert counts.startswith("requirements: 1 passed, ")
    assert counts.endswith(" not or only partly tested")


def test_a_narrowed_run_lists_what_its_tests_could_not_show():
    tally = partly_tested()
    tally.hinder(EMAIL, "the gateway was away")

    assert any(EMAIL in line and "the gateway was away" in line for line in summary(tally, narrowed=True))


def test_a_complete_run_lists_inconclusive_requirements():
    assert any(EMAIL in line for line in summary(partly_tested()))


def test_what_many_requirements_wait_for_is_said_once():
    tally = Tally()
    waiting = [r for r in SPECIFICATION.requirements if r.startswith("UPDATE-NACK-")]
    for requirement in waiting:
        tally.tests[requirement] = ["test"]
        tally.hinder(requirement, "no signup gave a usable auth.token")

    lines = [line for line in summary(tally) if "auth.token" in line]

    assert lines == [f"  {len(waiting)} requirements  no signup gave a usable auth.token"]


def test_reasons_of_inconclusive_tests_are_told_once_with_their_number():
    lines = [*terminal.inconclusive_tests(["A could not be judged: timeout"] * 3 + ["B could not be judged: \x1b[0m"])]

    assert lines[0] == "  i  A could not be judged: timeout (3 tests)"
    assert lines[1].startswith("  i  B could not be judged: ")
    assert "\x1b" not in lines[1]
    assert len([*terminal.inconclusive_tests(map(str, range(50)))]) == terminal.MOST_REASONS + 1
