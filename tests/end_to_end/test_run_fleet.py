"""A fleet on a cluster of this machine, of which a worker is killed while a gateway hangs."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import yaml

from tests.end_to_end.kit import LONGEST, environment, until


def _run_of(name: str, worker: psutil.Process) -> psutil.Process | None:
    """The run of a gateway, if it is this process that waits for it."""
    # Whoever is asked may be gone by then.
    with contextlib.suppress(psutil.Error):
        for child in worker.children():
            if name in child.cmdline():
                return child
    return None


def test_a_killed_worker_costs_a_retry_and_a_hanging_gateway_its_own_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        rows = [
            {"name": "hanging", "url": url, "limit": 5},
            {"name": "killed", "url": "reference", "options": {"k": "test_plain_get"}},
        ]
        (tmp_path / "FLEET.yaml").write_text(yaml.safe_dump({"gateways": rows}))
        process = psutil.Popen(
            [sys.executable, "-m", "beckn_conformance", "fleet", "FLEET.yaml", "--workers", "2"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        found: list[psutil.Process] = []

        def begun() -> bool:
            assert process.poll() is None, process.stdout.read()
            found[:] = [worker for worker in process.children() if _run_of("reference", worker)]
            return bool(found)

        until(begun)
        run = _run_of("reference", found[0])
        found[0].kill()
        output, _ = process.communicate(timeout=LONGEST)

    written = json.loads((tmp_path / "fleet" / "fleet.json").read_text())["gateways"]
    assert process.returncode == 10, output
    assert [(row["verdict"], row["attempts"]) for row in written] == [("unfinished", 1), ("incomplete", 2)], output
    assert "again killed: the worker that ran it died" in output
    assert "(ended after 5 s, its limit)" in output
    assert "Traceback" not in output
    assert "Warning" not in output
    assert (tmp_path / "fleet" / "killed" / "report.html").exists()
    # Nothing goes on, not even what the killed worker had begun.
    assert run is not None
    with contextlib.suppress(psutil.NoSuchProcess):
        until(lambda: not run.is_running() or run.status() == psutil.STATUS_ZOMBIE)


def test_termination_ends_a_fleet_and_keeps_what_was_judged(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        rows = [
            {"name": "judged", "url": "reference", "options": {"k": "test_plain_get"}},
            {"name": "hanging", "url": url, "config": {"timeout": 60, "patience": 60}},
        ]
        (tmp_path / "FLEET.yaml").write_text(yaml.safe_dump({"gateways": rows}))
        with subprocess.Popen(
            [sys.executable, "-m", "beckn_conformance", "fleet", "FLEET.yaml", "--workers", "2"],
            cwd=tmp_path,
            env={**environment(), "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            process.terminate()
            rest, _ = process.communicate(timeout=LONGEST)

    written = json.loads((tmp_path / "fleet" / "fleet.json").read_text())
    assert first.startswith("1/2 incomplete judged")
    assert process.returncode == 2, rest
    assert "1 incomplete, 1 pending" in rest
    assert "Traceback" not in rest
    assert not written["ended"]
    assert [row["verdict"] for row in written["gateways"]] == ["incomplete", "pending"]
    assert (tmp_path / "fleet" / "judged" / "report.html").exists()
    assert list(temporary.iterdir()) == []
