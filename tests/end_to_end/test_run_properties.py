"""Properties in a run: as many examples as asked for, the same again from their seed, small findings that run again."""

import json
import subprocess

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


def test_a_seed_is_told_and_draws_the_same_messages_again(kit, gateway):
    def faulty(seed):
        run = kit.run(gateway().url, *FAULTS, "--fuzz-examples=6", f"--hypothesis-seed={seed}")
        assert (run.status, run.report["run"]["seed"]) == (0, seed), run.output
        assert f"seed {seed}" in run.output
        return sorted(str(value) for value in sent(run, "phone") if not str(value).startswith("+"))

    assert faulty(5) == faulty(5) != faulty(6)


def test_a_long_property_is_several_tests(kit, gateway):
    run = kit.run("reference", *FAULTS, "--fuzz-examples=250", "--collect-only", "-q")

    parts = [line.partition("[")[2] for line in run.lines if "test_one_fault[" in line]
    assert parts == [f"{number}_of_6]" for number in range(1, 7)]


def test_what_is_found_by_chance_is_shrunk_to_the_smallest_message(kit, gateway):
    server = gateway(defects=("signup-info-phone-no-plus-accepted",))

    run = kit.run(server.url, *FAULTS, "--fuzz-examples=60")

    (finding,) = (f for f in run.findings if f["requirement"] == "SIGNUP-NACK-PHONE")
    assert finding["sent"].startswith('Provider/signup with /info/phone = "91-8023329991" (malformed')


def test_a_history_is_told_in_steps_and_runs_again_as_a_script(kit, gateway):
    server = gateway(defects=("documents-add-reverts-update", "update-drops-documents"))

    run = kit.run(server.url, *HISTORIES, "--fuzz-examples=10")

    told = {finding["requirement"]: finding for finding in run.findings if finding["steps"]}
    assert len(told) > 1
    for finding in [*told.values()][:2]:
        steps = finding["steps"]
        assert [step.partition(".")[0] for step in steps] == [str(n + 1) for n in range(len(steps))]
        assert steps[0].startswith("1. Provider/signup")
        script = run.folder / "findings" / f"{finding['id']}.sh"
        assert script.read_text() == finding["script"]
        assert f"sh {script}" in run.output
        again = subprocess.run(
            ["sh", str(script)], env=environment(), capture_output=True, text=True, timeout=LONGEST, check=False
        )
        assert again.returncode == 0, again.stderr
        assert [line for line in again.stdout.splitlines() if line in steps] == steps
        assert again.stdout.count('"registration"') >= 2


def test_schemathesis_leaves_neither_folder_nor_warning(kit):
    kit.seeded = False
    (kit.folder / "schemathesis.toml").write_text("this is no TOML")

    run = kit.run("reference", "-p", "no:cacheprovider", "-W", "error", "-k", "schemathesis", "--fuzz-examples", "5")

    assert run.status == 0, run.output
    assert "warning" not in run.output.casefold()
    left = {file.name for file in kit.folder.iterdir()} - {"printed.txt", "printed.peak"}
    assert left == {"reports", "schemathesis.toml"}
