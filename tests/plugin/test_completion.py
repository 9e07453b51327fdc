"""A test is complete once it reported its outcome, and no other failure is overlooked."""

from types import SimpleNamespace

import pytest

from beckn_conformance.plugin.completion import Completion, agrees


def report(when, outcome="passed", name="test", **marks):
    """A report of pytest, with what the kit has marked it with."""
    return SimpleNamespace(
        nodeid=name,
        when=when,
        outcome=outcome,
        failed=outcome == "failed",
        skipped=outcome == "skipped",
        longreprtext="Traceback\n  E  it is broken\n\n" if outcome == "failed" else "",
        **marks,
    )


def completion(*reports):
    seen = Completion()
    for one in reports:
        seen.pytest_runtest_logreport(one)
    return seen


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("passed", "passed"), ("warned", "passed"), ("failed", "failed"), ("inconclusive", "skipped")],
)
def test_a_test_with_an_outcome_is_complete(status, outcome):
    seen = completion(report("setup"), report("call", outcome, conformance=status), report("teardown"))

    assert (seen.completed, seen.fault, seen.skipped) == (1, "", 0)
    assert agrees(status, report("call", outcome))


@pytest.mark.parametrize(
    "reports",
    [
        [report("setup", "failed"), report("teardown")],
        [report("setup"), report("call", "failed"), report("teardown")],
        [report("setup"), report("call", "failed", other_failure="it is broken"), report("teardown")],
        [report("setup"), report("call", conformance="passed"), report("teardown", "failed")],
        [report("setup"), report("call", "failed", conformance="failed"), report("teardown", "failed")],
        # A process that crashed has its test end so (pytest-xdist, pytest-forked).
        [report("???", "failed")],
    ],
    ids=["setup", "call", "told too late", "teardown", "teardown after a finding", "crash"],
)
def test_a_test_with_another_failure_is_not_complete(reports):
    seen = completion(*reports)

    assert seen.completed == 0
    assert seen.fault.startswith("1 test failed for another reason than a finding, such as test: ")
    assert seen.fault.endswith("it is broken")


def test_the_last_run_of_a_test_counts():
    failed = [report("setup"), report("call", "rerun", other_failure="Timeout"), report("teardown")]
    passed = [report("setup"), report("call", conformance="passed"), report("teardown")]

    assert (completion(*failed, *passed).fault, completion(*failed, *passed).completed) == ("", 1)
    assert (completion(*passed, *failed).completed, "Timeout" in completion(*passed, *failed).fault) == (0, True)


def test_a_test_skipped_by_another_plugin_is_not_complete():
    seen = completion(report("setup", "skipped"), report("teardown"))

    assert (seen.completed, seen.fault, seen.skipped) == (0, "", 1)


def test_a_file_that_cannot_be_collected_is_a_fault():
    seen = Completion()
    seen.pytest_collectreport(SimpleNamespace(nodeid="f.py", outcome="failed", failed=True, longreprtext="no module"))

    assert seen.uncollected
    assert "f.py: no module" in seen.fault


@pytest.mark.parametrize(
    ("status", "outcome"), [("passed", "failed"), ("failed", "passed"), ("inconclusive", "passed")]
)
def test_a_report_that_contradicts_the_outcome_is_noticed(status, outcome):
    assert not agrees(status, report("call", outcome))


def test_a_test_without_a_report_is_counted():
    seen = completion(
        report("call", name="ran", conformance="passed"),
        report("setup", "skipped", name="left out"),
        report("call", "failed", name="broken"),
    )

    assert seen.unreported(["ran", "left out", "broken", "never begun", "never begun"]) == 1
