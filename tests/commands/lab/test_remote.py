"""A laboratory plays its runs on a Dask cluster, hears of their progress, and waits while the cluster is away."""

from types import SimpleNamespace

import pytest

from beckn_conformance.commands.fleet.job import Outcome
from beckn_conformance.commands.lab import laboratory
from beckn_conformance.commands.lab.laboratory import Settings
from beckn_conformance.commands.lab.refusals import Unavailable
from beckn_conformance.commands.lab.store import Run
from beckn_conformance.errors import UsageError
from beckn_conformance.report.files import present
from tests.commands.clusters import cluster
from tests.commands.lab.laboratories import ALICE, begun, entered, over, played, scripted
from tests.end_to_end.kit import until

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def scheduler(tmp_path):
    with cluster(tmp_path) as address:
        yield address


def test_a_run_comes_back_with_its_report_and_progress(tmp_path, scheduler, monkeypatch):
    scripted(monkeypatch, "progress.write_text('{}\\n{}\\n')\njudge()")
    with laboratory.opened(Settings(tmp_path / "lab", scheduler=scheduler)) as lab:
        run = played(lab)

        assert (run.status, run.verdict, run.reason) == (1, "non-conformant", "")
        assert [*present(lab.runs.folder(ALICE, run.id))] == ["report.json"]
        until(lambda: lab.runs.progress(ALICE, run.id).read_text() == "{}\n{}\n")


def test_a_run_is_cancelled_with_a_report(tmp_path, scheduler, monkeypatch):
    wait = "try:\n    progress.write_text('{}\\n'); time.sleep(60)\nexcept KeyboardInterrupt:\n    judge(2)"
    scripted(monkeypatch, wait)
    with laboratory.opened(Settings(tmp_path / "lab", scheduler=scheduler)) as lab:
        run = begun(lab, ALICE, entered(lab))
        lines = lab.runs.progress(ALICE, run)
        until(lambda: lines.exists() and lines.read_text() == "{}\n")
        lab.runs.cancel(ALICE, run)
        ended = over(lab, run)

    assert (ended.state, ended.verdict) == ("cancelled", "non-conformant")


def test_a_run_waits_for_a_scheduler_that_was_lost_and_is_connected_to_again(monkeypatch):
    from beckn_conformance.commands.fleet import cluster as dask
    from beckn_conformance.commands.lab.remote import Cluster

    made = []

    def connect(address):
        made.append(SimpleNamespace(status="running", subscribe_topic=lambda *_: None))
        return made[-1]

    monkeypatch.setattr(dask, "connect", connect)
    monkeypatch.setattr(dask, "followed", lambda *_: Outcome("r1", reason=dask.LOST))
    played, run = (
        Cluster("tcp://127.0.0.1:9", SimpleNamespace(of=lambda run: None)),
        Run("r1", "g", "alice", "http://x"),
    )

    for connections in (1, 1, 2):
        made[0].status = "running" if connections == 1 else "closed"
        with pytest.raises(Unavailable, match="the scheduler was lost"):
            played.play(run, lambda: "play")
        assert len(made) == connections


def test_a_scheduler_that_does_not_answer_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("beckn_conformance.commands.fleet.cluster.PATIENCE", 0.3)
    with (
        pytest.raises(UsageError, match="no scheduler answers"),
        laboratory.opened(Settings(tmp_path / "lab", scheduler="tcp://127.0.0.1:9")),
    ):
        pass
