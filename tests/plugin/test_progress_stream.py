"""The progress of a run is written as lines of JSON: numbers, and findings that are new, changed or gone."""

import dataclasses
import io
import json
from types import SimpleNamespace

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.judging.finding import Finding, Judgement, Obligation
from beckn_conformance.judging.tally import Tally
from beckn_conformance.plugin import progress_stream
from beckn_conformance.plugin.progress_stream import INTERVAL, ProgressStream, streamed
from beckn_conformance.record.events import RunEnd, ScenarioEnd, TestEnd, Transcript
from beckn_conformance.record.masking import Masker
from beckn_conformance.specification.loading import shipped
from tests.end_to_end.kit import ONE, Kit

PLAYED = ScenarioEnd("test_get", Transcript([]))
TESTED = TestEnd("test_get", ["SIGNUP-ID"])
SENT = SimpleNamespace()
"""The event of an exchange."""
OVER = RunEnd(narrowed=False, seconds=1.0)


def finding(observed="NACK", *, weight=0, kind="no-id"):
    return Finding("SIGNUP-ID", "", "/registration/id", kind, "no id", "s3cret", "ACK", observed, "e1", weight=weight)


class Stage:
    """A run whose clock goes on only where a test says so."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress_stream.time, "monotonic", lambda: self.now)
        self.tally = Tally()
        self.file = io.StringIO()
        masker = Masker(["s3cret"], key=b"key")
        self.run = SimpleNamespace(strict=False)
        session = SimpleNamespace(
            tally=self.tally, masker=masker, specification=shipped(), player=SimpleNamespace(sent=7), run=self.run
        )
        self.stream = ProgressStream(self.file, session, lambda: 3)

    def find(self, finding):
        self.tally.add(Judgement(finding.requirement, Obligation(), finding))

    def follow(self, *events, after=INTERVAL):
        for event in events:
            self.now += after
            self.stream.follow(event)

    @property
    def lines(self):
        return [json.loads(line) for line in self.file.getvalue().splitlines()]


@pytest.fixture
def stage(monkeypatch):
    return Stage(monkeypatch)


def test_a_line_has_the_numbers_so_far(stage):
    stage.follow(TESTED, TESTED)

    assert stage.lines[-1] == {"tests": 2, "of": 3, "exchanges": 7, "seconds": 2 * INTERVAL}


def test_a_finding_is_written_once_unless_it_changes(stage):
    stage.find(finding("NACK", weight=2))
    stage.follow(PLAYED, PLAYED)
    stage.find(finding("silence", weight=1))
    stage.follow(PLAYED, PLAYED)

    assert [[row["observed"] for row in line.get("findings", ())] for line in stage.lines] == [
        ["NACK"],
        [],
        ["silence"],
        [],
    ]


def test_a_finding_says_if_it_fails_the_class(stage):
    stage.find(finding())
    stage.follow(PLAYED)
    stage.find(dataclasses.replace(finding(), requirement="SIGNUP-ECHO-EXACT"))
    stage.follow(PLAYED)
    stage.run.strict = True
    stage.find(dataclasses.replace(finding(), requirement="UPDATE-ECHO-EXACT"))
    stage.follow(PLAYED)

    rows = [row for line in stage.lines for row in line["findings"]]
    assert [(row["level"], row["fails"]) for row in rows] == [("MUST", True), ("SHOULD", False), ("SHOULD", True)]


def test_secrets_in_a_finding_are_masked(stage):
    stage.find(finding())
    stage.follow(PLAYED)

    assert "s3cret" not in stage.file.getvalue()
    row = stage.lines[0]["findings"][0]
    assert (row["id"], row["level"], row["pointer"]) == (finding().id, "MUST", "/registration/id")


def test_a_finding_that_turns_out_to_follow_from_another_is_gone(stage, monkeypatch):
    stage.find(finding())
    stage.follow(PLAYED)
    monkeypatch.setattr(Tally, "follows", lambda self, record: True)
    stage.follow(PLAYED)

    assert stage.lines[1]["gone"] == [finding().id]


def test_few_lines_are_written_but_always_a_last_one(stage):
    stage.follow(*[TESTED] * 100, after=INTERVAL / 100)
    before = len(stage.lines)
    stage.find(finding())
    stage.follow(OVER, after=0)

    assert before <= 2
    assert stage.lines[-1]["tests"] == 100
    assert stage.lines[-1]["findings"]


def test_exchanges_alone_keep_a_slow_run_alive_without_its_findings(stage):
    stage.find(finding())
    stage.follow(SENT, SENT, SENT)

    assert 1 <= len(stage.lines) <= 2
    assert not any("findings" in line for line in stage.lines)


def test_a_stream_that_cannot_be_written_ends_and_the_run_goes_on(stage):
    def full(text):
        raise OSError(28, "No space left on device")

    stage.file.write = full
    stage.follow(PLAYED, PLAYED, OVER)

    assert stage.file.closed


def test_a_file_that_cannot_be_made_is_a_bad_option(tmp_path):
    with pytest.raises(UsageError, match="--conformance-progress"), streamed(tmp_path / "no" / "p", SENT, lambda: 0):
        pass


@pytest.mark.long
def test_a_run_writes_its_progress(tmp_path):
    run = Kit(tmp_path).run("reference", *ONE, "--conformance-progress", "p")

    last = json.loads((tmp_path / "p").read_text().splitlines()[-1])
    assert last["tests"] == last["of"] > 0
    assert last["exchanges"] == run.report["run"]["exchanges"]
