"""A laboratory that is killed loses nothing: runs are reported from their record, and the queue goes on."""

import os
import signal
import subprocess
import sys
import textwrap

import psutil

from beckn_conformance.commands.lab import laboratory
from beckn_conformance.commands.lab.laboratory import Settings
from beckn_conformance.commands.lab.queue import RESTARTED
from beckn_conformance.report.files import present
from tests.commands.lab.laboratories import OFFICER, over, scripted
from tests.end_to_end.kit import environment, until

LABORATORY = """
import pathlib, sys, time
from beckn_conformance.commands.lab import laboratory
from tests.commands.lab.laboratories import OFFICER, begun, entered

with laboratory.opened(laboratory.Settings(pathlib.Path(sys.argv[1]), workers=1)) as lab:
    ids = [begun(lab, OFFICER, entered(lab, OFFICER, "reference:get-mixes-old-phone", name)) for name in ("a", "b")]
    print(*ids, flush=True)
    time.sleep(600)
"""


def killed_in_a_run(data):
    """Kills a laboratory with one run under way and one queued; returns their ids."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(LABORATORY), str(data)], stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        first, second = process.stdout.readline().decode().split()
        record = data / "runs" / first / "exchanges.jsonl"
        until(lambda: record.exists() and record.stat().st_size > 100_000)
        children = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    return first, second


def test_killed_runs_are_reported_and_queued_ones_played(tmp_path, monkeypatch):
    first, second = killed_in_a_run(tmp_path)
    secret = tmp_path / "tmp" / "left" / "gateway.yaml"
    secret.parent.mkdir()
    secret.touch()

    scripted(monkeypatch)
    with laboratory.opened(Settings(tmp_path)) as lab:
        assert not secret.exists()
        reported, played = over(lab, first), over(lab, second)
        report = lab.reports.report(OFFICER, first)
        names = [*present(lab.runs.folder(OFFICER, first))]

    assert (reported.state, reported.verdict, reported.reason) == ("ended", "incomplete", RESTARTED)
    assert reported.exchanges == report["run"]["exchanges"] > 0
    assert {"report.html", "exchanges.har", "exchanges.jsonl"} <= {*names}
    assert (played.state, played.verdict, played.attempts) == ("ended", "non-conformant", 1)
