"""Properties in a run: as many examples as asked for, the same again from their seed, small findings that run again."""

import json
import subprocess

import pytest

from tests.end_to_end.kit import LONGEST, environment

FAULTS = ("-k", "test_fuzz and test_one_fault")
HISTORIES = ("-k", "test_lifecycle.py and test_history")


def sent(run, member):
    """What the requests of a run had as a member of info, in the order of sending."""
    values = []
    for row in run.journal:
        if "Provider/info/update" in row["operation"]:
            info = json.loads(row["request"]["content"]).get("info")
            values.append(info.get(member) if isinstance(info, dict) else info)
    return values


def test_a_seed_draws_the_same_messages_again(kit, gateway):
    def faulty(*options):
        run = kit.run(gateway().url, *FAULTS, "--fuzz-examples=6", *options)
        assert run.status == 0, run.output
        return sorted(str(value) for value in sent(run, "phone") if not str(value).startswith("+"))

    assert faulty("--hypothesis-seed=5") == faulty("--hypothesis-seed=5") != faulty("--hypothesis-seed=6")


def test_the_seed_is_told_and_reported(kit, gateway):
    run = kit.run(gateway().url, "-k", "test_plain_get", "--hypothesis-seed=31")

    assert "seed 31" in run.output
    assert run.report["run"]["seed"] == 31


def test_no_examples_at_all_is_a_bad_option(kit):
    run = kit.run("http://127.0.0.1:9", "--fuzz-examples=0")

    assert run.status == 4
    assert "--fuzz-examples 0: it takes 1 or more" in run.output


def test_a_long_property_is_several_tests(kit, gateway):
    run = kit.run("reference", *FAULTS, "--fuzz-examples=250", "--collect-only", "-q")

    assert [line.partition("[")[2] for line in run.lines if "test_one_fault[" in line] == [
        "1_of_6]",
        "2_of_6]",
        "3_of_6]",
        "4_of_6]",
        "5_of_6]",
        "6_of_6]",
    ]


def test_what_is_found_by_chance_is_shrunk_to_the_smallest_message(kit, gateway):
    server = gateway(defects=("signup-info-phone-no-plus-accepted",))

    run = kit.run(server.url, *FAULTS, "--fuzz-examples=60")

    (finding,) = (f for f in run.findings if f["requirement"] == "SIGNUP-NACK-PHONE")
    assert finding["sent"].startswith('Provider/signup with /info/phone = "91-8023329991" (malformed')


@pytest.mark.parametrize("defect", ["documents-add-reverts-update", "update-drops-documents"])
def test_a_history_is_told_in_steps_and_runs_again_as_a_script(kit, gateway, defect):

    server = gateway(defects=(defect,))

    run = kit.run(server.url, *HISTORIES, "--fuzz-examples=10")

    finding = next(f for f in run.findings if f["steps"])
    assert [step.partition(".")[0] for step in finding["steps"]] == [str(n + 1) for n in range(len(finding["steps"]))]
    assert finding["steps"][0].startswith("1. Provider/signup")
    script = run.folder / "findings" / f"{finding['id']}.sh"
    assert script.read_text() == finding["script"]
    assert f"sh {script}" in run.output
    again = subprocess.run(
        ["sh", str(script)], env=environment(), capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert again.returncode == 0, again.stderr
    assert [line for line in again.stdout.splitlines() if line in finding["steps"]] == finding["steps"]
    assert again.stdout.count('"registration"') >= 2


def test_no_script_of_an_earlier_run_is_left(kit, gateway):
    stale = kit.report / "findings" / "GET-BODY-0123abcd.sh"
    stale.parent.mkdir(parents=True)
    stale.write_text("")

    kit.run(gateway().url, "-k", "test_plain_get")

    assert not stale.exists()


def test_schemathesis_leaves_neither_folder_nor_warning(kit):
    kit.seeded = False
    (kit.folder / "schemathesis.toml").write_text("this is no TOML")

    run = kit.run("reference", "-p", "no:cacheprovider", "-W", "error", "-k", "schemathesis", "--fuzz-examples", "5")

    assert run.status == 0, run.output
    assert "warning" not in run.output.casefold()
    left = {file.name for file in kit.folder.iterdir()} - {"printed.txt", "printed.peak"}
    assert left == {"reports", "schemathesis.toml"}
