"""A run that several processes share says what one process would say, and survives the loss of one."""

from collections import Counter

from beckn_conformance.commands.cli import main

SPREAD = ("-p", "xdist.plugin", "-n2")
SOME = (
    "-k",
    "(SIGNUP-NACK-PHONE and malformed or test_get or test_header or test_form_of_replies)"
    " and not (test_fuzz or test_schemathesis or test_lifecycle) or test_fuzz and test_header",
    "--fuzz-examples=40",
)
DEFECTS = ("signup-info-phone-no-plus-accepted", "signup-info-phone-error-echoes-value", "get-email-upper-case")


def outcomes(run):
    """Status, number of obligations and findings of every requirement.

    Values are drawn anew in each run, so chance decides if all their kinds were exercised (passed) or only some
    (inconclusive).
    """
    alike = {"passed": "exercised", "inconclusive": "exercised"}
    return {
        row["id"]: (
            alike.get(row["status"], row["status"]),
            row["obligations"]["of"],
            sorted(f["id"] for f in row["findings"]),
        )
        for row in run.report["requirements"]
    }


def test_two_processes_reach_the_outcomes_of_one_and_leave_one_record(kit, gateway):
    url = gateway(defects=DEFECTS).url

    alone = kit.run(url, *SOME)
    # The other run takes the same folder.
    expected = outcomes(alone)
    spread = kit.run(url, *SOME, *SPREAD)

    assert outcomes(spread) == expected
    assert (spread.status, spread.report["verdict"]) == (alone.status, alone.report["verdict"])
    assert {status for status, _, findings in expected.values() if findings} == {"failed", "warned"}
    assert {file.name for file in spread.folder.glob("*.jsonl")} == {"exchanges.jsonl", "course.jsonl"}
    assert not list(spread.folder.glob(".worker*"))
    ids = Counter(row["id"] for row in spread.journal)
    assert len(ids) == spread.report["run"]["exchanges"]
    assert set(ids.values()) == {1}
    assert {e for finding in spread.findings for e in finding["exchanges"]} <= set(ids)
    before = {path.name: path.read_bytes() for path in spread.folder.iterdir() if path.is_file()}
    assert main(["report", str(spread.folder)]) == spread.status
    assert {path.name: path.read_bytes() for path in spread.folder.iterdir() if path.is_file()} == before


def test_what_a_lost_process_had_shown_is_kept(kit, gateway):
    run = kit.run(gateway(defects=DEFECTS).url, *SOME, *SPREAD, "-p", "tests.end_to_end.loss", faulty=True)

    assert run.status == 3, run.output
    assert "worker process gw0 ended before its time" in run.output
    assert run.report["verdict"] == "incomplete"
    assert any(row["id"].startswith("gw0-") for row in run.journal)
    tests = {name for row in run.report["requirements"] for name in row["tests"]}
    assert len(tests) >= 30


def test_a_worker_that_crashes_leaves_an_incomplete_run(kit, gateway, tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import os\n"
        "from beckn_conformance.client.actor import Actor\n"
        "async def settle(self):\n"
        "    os._exit(1)\n"
        "Actor.settle = settle\n"
    )

    some = "test_update_stays or test_plain_get"
    run = kit.run(gateway().url, *SPREAD, "--max-worker-restart=1", "-k", some, faulty=True)

    assert run.status not in (0, 2), run.output
    assert run.report["verdict"] == "incomplete"
