"""Runs of the suite in a laboratory: their reports are replayed and certified in processes of their own."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from beckn_conformance.commands.certificate import keys
from beckn_conformance.commands.fleet.job import Outcome
from beckn_conformance.commands.lab import execution, laboratory
from beckn_conformance.commands.lab.execution import Jobs, result_of
from beckn_conformance.commands.lab.laboratory import Settings
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.refusals import Conflict, Invalid, NotFound
from beckn_conformance.commands.lab.store import Run
from tests.commands.lab.laboratories import OFFICER, begun, entered, over

DEFECT = "signup-action-ok"


def narrowed(patch):
    """Has every run play one test."""
    of = Jobs.of

    def narrow(jobs, run):
        job = of(jobs, run)
        return dataclasses.replace(job, command=(*job.command, "-k", "test_plain_get"))

    patch.setattr(Jobs, "of", narrow)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The data of a laboratory with a run of one test, and the id of the run."""
    data = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch, laboratory.opened(Settings(data)) as lab:
        narrowed(patch)
        run = over(lab, begun(lab, OFFICER, entered(lab, OFFICER, f"reference:{DEFECT}"), seed=7))
    assert run.failed == 1, run
    return data, run.id


@pytest.fixture
def key(tmp_path):
    keys.generate(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def lab(played, key, tmp_path):
    data = Path(shutil.copytree(played[0], tmp_path / "data"))
    with laboratory.opened(Settings(data, key=key)) as lab:
        yield lab


def found(lab, run):
    """The id of the finding of a run."""
    report = lab.reports.report(OFFICER, run)
    return next(finding["id"] for row in report["requirements"] for finding in row["findings"])


def test_a_run_has_what_was_asked_for(lab, played):
    report = lab.reports.report(OFFICER, played[1])

    assert (report["run"]["seed"], report["class"], report["gateway"]["name"]) == (7, "core", "one")
    assert lab.runs.progress(OFFICER, played[1]).read_text().count("\n") >= 1


def test_a_finding_is_sent_again_and_still_holds(lab, played):
    answer = lab.reports.replay(OFFICER, played[1], found(lab, played[1]))

    assert answer["holds"] is True
    assert lab.reports.replay(OFFICER, played[1], found(lab, played[1]).rpartition("-")[0])["holds"] is True
    assert "still holds" in answer["text"]
    assert answer["exchanges"]


def test_a_report_that_was_not_written_to_its_end_is_made_again(played, tmp_path, monkeypatch):
    data = Path(shutil.copytree(played[0], tmp_path / "data"))
    places, record = Places(data), data / "runs" / played[1]
    (record / "report.html").unlink()
    (record / "report.json").unlink()
    full = iter([True, True, False])
    monkeypatch.setattr(Places, "full", property(lambda self: next(full, False)))

    facts = result_of(
        Outcome(played[1], 3, "exit status 3: no room"), Run(played[1], "g", "alice", "u"), places, lambda: True
    )

    assert (facts["reason"], facts["failed"]) == ("the disk of the laboratory was full; exit status 3: no room", 1)
    assert facts["seed"] == 7
    assert (record / "report.html").exists()


def test_a_record_that_cannot_be_judged_says_so(played, tmp_path):
    data = Path(shutil.copytree(played[0], tmp_path / "data"))
    (data / "runs" / played[1] / "report.html").unlink()
    (data / "runs" / played[1] / "course.jsonl").write_text("nonsense\n")

    facts = result_of(Outcome(played[1], None, "killed"), Run(played[1], "g", "alice", "u"), Places(data), lambda: True)

    assert facts["reason"].startswith("killed; it left no report: its folder")
    assert "verdict" not in facts


def test_what_no_report_has_is_not_sent(lab, played):
    for name in ("--help", "SIGNUP-ID", "../x"):
        with pytest.raises(NotFound):
            lab.reports.replay(OFFICER, played[1], name)


def test_what_is_declared_is_not_sent_to_an_earlier_url(lab, played):
    run = lab.runs.get(OFFICER, played[1])
    lab.gateways.edit(OFFICER, run.gateway, "one", "http://127.0.0.1:9", {"signup_token": "new"})

    with pytest.raises(Conflict, match="another URL"):
        lab.reports.replay(OFFICER, run.id, found(lab, run.id))


def test_a_narrowed_run_is_not_certified_and_the_reason_is_said(lab, played):
    with pytest.raises(Conflict, match=r"^the run cannot be certified: the run was narrowed"):
        lab.reports.certify(OFFICER, played[1])
    assert lab.runs.get(OFFICER, played[1]).certified == ""


@pytest.mark.parametrize("days", [0, 36526])
def test_a_certificate_is_valid_for_a_sensible_time(lab, played, days):
    with pytest.raises(Invalid):
        lab.reports.certify(OFFICER, played[1], days=days)


def test_a_child_that_hangs_is_a_conflict(lab, played, monkeypatch):
    def late(*arguments, **options):
        raise Conflict("it took longer than 120 s")

    monkeypatch.setattr(execution, "command", late)
    with pytest.raises(Conflict, match="took longer"):
        lab.reports.certify(OFFICER, played[1])
