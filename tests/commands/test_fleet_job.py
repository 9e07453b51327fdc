"""A run of a fleet ends in time, leaves nothing behind, and gives back only the files of a report."""

import contextlib
import subprocess
import sys
import textwrap
import time
import zlib
from types import SimpleNamespace

import pytest

from beckn_conformance.commands.fleet import job
from beckn_conformance.commands.fleet.job import Job, Outcome, make
from beckn_conformance.process import bounded, children
from tests.commands.clusters import cluster as running_cluster
from tests.end_to_end.kit import until


@pytest.fixture
def begun(monkeypatch, tmp_path):
    """Whether a script says that it has begun. An hour passes at once then, however slow the machine is."""

    def begun():
        return any(tmp_path.glob("job-*/report/begun"))

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + (3600 if begun() else 0))
    monkeypatch.setattr(bounded, "time", clock)
    return begun


def scripted(code, **changes):
    """A run that is played by a few lines of Python; ``report`` is the folder it writes to."""
    begin = "import pathlib, signal, subprocess, sys, time\nreport = pathlib.Path(sys.argv[-1])\nreport.mkdir()\n"
    return Job(**{"name": "a", "command": ("-c", begin + textwrap.dedent(code)), "config": {}, "limit": 60.0} | changes)


def test_only_the_files_of_a_report_come_back_from_a_run(tmp_path):
    outcome = make(
        scripted(
            """
            for name in ("report.json", "exchanges.jsonl", "exchanges.har", "notes.txt"):
                (report / name).write_text(name * 1000)
            (report / "findings").mkdir()
            (report / "findings" / "A-0000000a.sh").write_text("true")
            sys.exit(1)
            """
        ),
        str(tmp_path),
    )
    outcome.unpack(tmp_path / "back")

    assert (outcome.status, outcome.reason) == (1, "")
    written = {str(path.relative_to(tmp_path / "back")) for path in (tmp_path / "back").rglob("*") if path.is_file()}
    assert written == {"report.json", "exchanges.jsonl", "exchanges.har", "findings/A-0000000a.sh"}
    assert (tmp_path / "back" / "report.json").read_text() == "report.json" * 1000
    assert [path.name for path in tmp_path.iterdir()] == ["back"]


def test_a_run_reads_what_was_declared_and_looks_up_its_secrets_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("BECKN_TOKEN", "not-for-files")
    declared = {"signup_token": "env:BECKN_TOKEN", "gateway": {"name": "Süd, \U0001f68c"}}
    script = """
        import os
        (report / "report.json").write_bytes(pathlib.Path(sys.argv[-3]).read_bytes())
        sys.exit(0 if os.environ["BECKN_TOKEN"] == "not-for-files" else 3)
    """

    outcome = make(scripted(script, config=declared), str(tmp_path))

    written = zlib.decompress(outcome.files["report.json"]).decode()
    assert outcome.status == 0
    assert "env:BECKN_TOKEN" in written
    assert "Süd, \U0001f68c" in written


def test_the_last_words_of_a_run_that_failed_are_told():
    outcome = make(scripted("print('one'); print(f'{report.parent}/gateway.yaml: no', file=sys.stderr); sys.exit(4)"))

    assert (outcome.status, outcome.reason) == (4, "exit status 4: gateway.yaml: no")


def test_a_run_over_its_limit_is_asked_for_its_report_and_ended(tmp_path, begun):
    outcome = make(
        scripted(
            """
            def asked(number, frame):
                (report / "report.json").write_text("all there is")
                sys.exit(2)
            signal.signal(signal.SIGINT, asked)
            (report / "begun").touch()
            time.sleep(600)
            """
        ),
        str(tmp_path),
    )

    assert (outcome.status, outcome.reason) == (None, "ended after 60 s, its limit")
    assert zlib.decompress(outcome.files["report.json"]) == b"all there is"


DEAF = """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.PIPE)
    (report / "report.json").write_text(str(child.pid))
    (report / "begun").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("asked", ["play", "kill"])
def test_nothing_is_left_of_a_run_that_does_not_listen_or_is_not_wanted(monkeypatch, tmp_path, begun, asked):
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(job, "GRACE", 0.2)

    outcome = make(scripted(DEAF), str(tmp_path), instruction=lambda: asked if begun() else "play")

    child = int(zlib.decompress(outcome.files["report.json"]))
    # Whoever is killed goes a moment later.
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(child)
        until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_a_report_that_is_too_large_is_left_but_for_what_it_says(monkeypatch):
    monkeypatch.setattr(job, "LARGEST", 2000)

    outcome = make(
        scripted(
            """
            import os
            (report / "report.json").write_text("x")
            (report / "exchanges.jsonl").write_bytes(os.urandom(9000))
            """
        )
    )

    assert set(outcome.files) == {"report.json"}
    assert "larger than" in outcome.reason


def test_another_version_of_the_kit_judges_nothing():
    outcome = make(scripted("", kit="0.0.0"))

    assert outcome.status is None
    assert "not 0.0.0" in outcome.reason


def test_only_files_of_a_report_are_written(tmp_path):
    packed = zlib.compress(b"x")

    Outcome(
        "a", 0, files={"../out": packed, "/out": packed, "findings/../../out.sh": packed, "badge.svg": packed}
    ).unpack(tmp_path / "in" / "a")

    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == ["in/a/badge.svg"]


def test_a_run_ends_with_its_standard_input():
    code = f"import time, {children.__name__} as i; i.end_with_stdin(); print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        process.stdout.readline()
        process.stdin.close()

        assert process.wait(300) == -9


@pytest.mark.filterwarnings("default")
def test_runs_are_played_on_the_cluster_of_a_scheduler(tmp_path):
    jobs = [scripted("sys.exit(0)", name=name) for name in ("a", "b")]
    began = []

    from beckn_conformance.commands.fleet import cluster

    with running_cluster(tmp_path) as address, cluster.remote(address) as client:
        outcomes = [*cluster.outcomes(client, jobs, began.append)]

    assert {(outcome.name, outcome.status, outcome.reason) for outcome in outcomes} == {("a", 0, ""), ("b", 0, "")}
    assert {*began} == {"a", "b"}
