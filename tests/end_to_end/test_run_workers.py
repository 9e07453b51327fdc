"""A run that several processes share says what one process would say, and survives the loss of one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.end_to_end.kit import ROOT, Kit, Run
from tests.end_to_end.loopback import Loopback

SPREAD = ("-p", "xdist.plugin", "-n2")
SOME = ("-k", "test_get or test_header or (test_fuzz and test_header)", "--fuzz-examples=220")
DEFECT = "get-email-upper-case"


def outcomes(run: Run) -> dict[str, Any]:
    """Status, number of obligations and findings of every requirement. Values that are drawn anew in each run decide
    which kinds of them were exercised."""
    return {
        row["id"]: (row["status"], row["obligations"]["of"], sorted(f["id"] for f in row["findings"]))
        for row in run.report["requirements"]
    }


def test_two_processes_reach_the_outcomes_of_one_and_leave_one_record(
    kit: Kit, gateway: Callable[..., Loopback]
) -> None:
    url = gateway(defects=(DEFECT,)).url

    alone = kit.run(url, *SOME)
    # The other run takes the same folder.
    expected = outcomes(alone)
    spread = kit.run(url, *SOME, *SPREAD)

    assert outcomes(spread) == expected
    assert (spread.status, spread.report["verdict"]) == (alone.status, alone.report["verdict"])
    assert any(findings for _, _, findings in expected.values())
    assert {file.name for file in spread.folder.glob("*.jsonl")} == {"exchanges.jsonl", "course.jsonl"}
    assert not list(spread.folder.glob(".worker*"))
    ids = Counter(row["id"] for row in spread.journal)
    assert len(ids) == spread.report["run"]["exchanges"]
    assert set(ids.values()) == {1}
    assert {e for finding in spread.findings for e in finding["exchanges"]} <= set(ids)


def test_what_a_lost_process_had_shown_is_kept(kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path) -> None:
    (tmp_path / "loss.py").write_text(
        "import os\n"
        "ended = 0\n"
        "def pytest_runtest_logfinish(nodeid, location):\n"
        "    global ended\n"
        "    ended += 1\n"
        "    if os.environ.get('PYTEST_XDIST_WORKER') == 'gw0' and ended == 5:\n"
        "        os._exit(9)\n"
    )
    url = gateway(defects=(DEFECT,)).url

    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    run = kit.pytest(f"--gateway-url={url}", *SOME, "-n2", "-p", "loss", PYTHONPATH=path)

    assert run.status == 3, run.output
    assert "worker process gw0 ended before its time" in run.output
    assert run.report["verdict"] == "incomplete"
    assert any(row["id"].startswith("gw0-") for row in run.journal)
    tests = {name for row in run.report["requirements"] for name in row["tests"]}
    assert len(tests) >= 30
