"""A fleet on a cluster of this machine, of which a worker is killed while a gateway hangs, and which is then ended."""

import contextlib
import json
import socket
import subprocess
import sys

import psutil
import pytest
import yaml

from tests.end_to_end.kit import LONGEST, environment, until


def _run_of(name, worker):
    """The run of a gateway, if it is this process that waits for it."""
    # Whoever is asked may be gone by then.
    with contextlib.suppress(psutil.Error):
        for child in worker.children():
            if name in child.cmdline():
                return child
    return None


@pytest.mark.long
def test_a_fleet_survives_a_worker_and_a_hanging_gateway_and_is_ended(tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        rows = [
            {"name": "hanging", "url": url, "limit": 5},
            {"name": "killed", "url": "reference", "options": {"k": "test_plain_get"}},
            {"name": "ended", "url": f"{url}/other", "config": {"timeout": 60, "patience": 60}},
        ]
        (tmp_path / "FLEET.yaml").write_text(yaml.safe_dump({"gateways": rows}))
        process = psutil.Popen(
            [sys.executable, "-m", "beckn_conformance", "fleet", "FLEET.yaml", "--workers", "2"],
            cwd=tmp_path,
            env={**environment(), "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        found = []

        def begun():
            assert process.poll() is None, process.stdout.read()
            found[:] = [worker for worker in process.children() if _run_of("reference", worker)]
            return bool(found)

        until(begun)
        run = _run_of("reference", found[0])
        found[0].kill()
        output = ""
        for line in process.stdout:
            output += line
            if line.startswith("2/3 "):
                break
        process.terminate()
        output += process.communicate(timeout=LONGEST)[0]

    written = json.loads((tmp_path / "fleet" / "fleet.json").read_text())
    told = {row["name"]: (row["verdict"], row["attempts"]) for row in written["gateways"]}
    assert process.returncode == 2, output
    # A worker that is killed costs a retry, and a hanging gateway its own time; the termination keeps what was judged.
    assert told["hanging"] == ("unfinished", 1), output
    assert told["killed"] == ("incomplete", 2), output
    assert told["ended"][0] == "pending"
    assert "again killed: the worker that ran it died" in output
    assert "(ended after 5 s, its limit)" in output
    assert "1 unfinished, 1 incomplete, 1 pending" in output
    assert not written["ended"]
    assert "Traceback" not in output
    assert "Warning" not in output
    assert (tmp_path / "fleet" / "killed" / "report.html").exists()
    assert list(temporary.iterdir()) == []
    # Nothing goes on, not even what the killed worker had begun.
    assert run is not None
    with contextlib.suppress(psutil.NoSuchProcess):
        until(lambda: not run.is_running() or run.status() == psutil.STATUS_ZOMBIE)
