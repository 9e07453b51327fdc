"""What can be done with the record of a run, or of somebody else's traffic: report, replay, judge and diff."""

import asyncio
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.record import masking
from beckn_conformance.specification.loading import load
from tests.changed_schemas import with_operation
from tests.end_to_end.kit import LONGEST, Kit, Started, environment, until
from tests.end_to_end.loopback import Loopback
from tests.run.recordings import ORIGIN, archive, entries

SPREAD = ("-p", "xdist.plugin", "-n2")
FAULTS = ("-k", "test_one_fault and not test_fuzz", "--gateway-timeout=900")
"""Leaves out what is drawn, which takes each process of a run seconds to begin."""
SOME = ("-k", "test_get or test_header or test_plain_update or SIGNUP-NACK-PHONE", "--fuzz-examples=5")
UNDRAWN = ("-k", "test_plain_get or SIGNUP-NACK-PHONE and malformed")
DEFECTS = ("signup-info-phone-error-echoes-value", "get-email-upper-case")
SEEN = "NACK-ECHO"


def _report(folder):
    return json.loads((folder / "report.json").read_text())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A narrowed run against a gateway with two defects, which is gone since."""
    server = Loopback(defects=DEFECTS)
    try:
        return Kit(tmp_path_factory.mktemp("recorded")).run(server.url, *SOME)
    finally:
        server.close()


@pytest.fixture
def run(recorded, tmp_path):
    """The same, in a folder of its own."""
    return replace(recorded, folder=Path(shutil.copytree(recorded.folder, tmp_path / "run")))


# The record.


def test_the_record_says_all_that_the_report_says(run, capsys):
    before = {path.name: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}

    status = main(["report", str(run.folder)])

    assert len(run.findings) > 1
    assert status == run.status
    assert {path.name: path.read_bytes() for path in run.folder.iterdir() if path.is_file()} == before
    assert capsys.readouterr().out.splitlines()[-1] in run.output


def test_the_record_of_an_envelope_says_all_that_the_report_says(kit, gateway):
    run = kit.run(gateway(binding="envelope", defects=DEFECTS).url, *UNDRAWN)

    assert main(["report", str(run.folder)]) == run.status
    assert _report(run.folder) == run.report


def _stalling(judged):
    """Answers no more calls once enough is judged, so that no run comes to its end before somebody ends it."""

    async def stall(seen, answer):
        if seen.number > 300 and judged():
            await asyncio.Event().wait()
        return answer

    return stall


@pytest.mark.parametrize("options", [(), SPREAD], ids=["one process", "two processes"])
def test_what_a_killed_run_had_judged_is_reported(kit, gateway, options, capsys):
    def judged():
        return sum(path.read_text().count('"tested"') for path in kit.report.glob("course*.jsonl")) > 60

    started = kit.start(gateway(_stalling(judged), defects=DEFECTS).url, *FAULTS, *options)
    until(judged)
    started.kill()
    started.wait()
    assert not (kit.report / "report.json").exists()

    status = main(["report", str(kit.report)])

    report = _report(kit.report)
    assert report["verdict"] == "incomplete"
    assert status == 0
    assert report["run"]["exchanges"] > 120
    assert report["registrations"]
    assert [row for row in report["requirements"] if row["id"] == SEEN and row["status"] == "warned"]
    assert "incomplete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ending", "options"),
    [(Started.interrupt, ()), (Started.terminate, SPREAD)],
    ids=["Ctrl-C, one process", "SIGTERM, two processes"],
)
def test_what_was_judged_before_the_end_is_reported(kit, gateway, ending, options):
    def judged():
        return sum(path.read_text().count("\n") for path in kit.report.glob("course*.jsonl")) > 99

    started = kit.start(gateway(_stalling(judged), defects=DEFECTS).url, *FAULTS, *options)
    until(judged)
    ending(started)
    run = started.wait()

    assert run.status == 2
    assert run.report["verdict"] == "incomplete"
    assert run.report["run"]["exchanges"] > 50
    main(["report", str(run.folder)])
    assert _report(run.folder) == run.report
    assert [path.name for path in run.folder.iterdir() if "gw" in path.name] == []


def _course(content):
    return lambda folder: (folder / "course.jsonl").write_bytes(content)


DAMAGES = {
    "no record": (lambda folder: (folder / "course.jsonl").unlink(), "it has no course.jsonl"),
    "an empty one": (_course(b""), "course.jsonl is empty"),
    "no JSON": (_course(b"\xff\x00\n"), "damaged at course.jsonl, line 1"),
    "other JSON": (_course(b"[1]\n"), "damaged at course.jsonl, line 1"),
    "another format": (_course(b'{"kind":"run","format":"x"}\n'), "with the version of the kit that wrote it"),
    "no exchanges": (lambda folder: (folder / "exchanges.jsonl").unlink(), "or in the exchanges that it names"),
    "no folder": (lambda folder: shutil.rmtree(folder), ""),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_record_that_cannot_be_used_is_told_in_one_line(run, damage, capsys):
    change, said = DAMAGES[damage]
    change(run.folder)

    assert main(["report", str(run.folder)]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert "Error" not in line


# Replay.


def test_a_finding_is_replayed_where_it_holds_and_where_it_does_not(run, gateway, capsys):
    finding = next(f["id"] for f in run.findings if f["requirement"] == SEEN)
    as_before = gateway(defects=DEFECTS).url

    still = main(["replay", str(run.folder), finding, "--gateway-url", as_before])
    fixed = main(["replay", str(run.folder), SEEN, "--gateway-url", gateway().url, "--json"])

    said = capsys.readouterr().out
    assert (still, fixed) == (1, 0)
    assert f"{finding} still holds" in said
    assert json.loads(said[said.index("{\n") :])["holds"] is False


def test_a_history_is_replayed_with_its_pauses(kit, gateway):
    name = "update-after-get-ignored"
    run = kit.run(
        gateway(defects=(name,)).url, kit.configure("settle: 0.3"), "-k", "test_update_back_to_earlier_values"
    )
    assert [f["requirement"] for f in run.findings] == ["UPDATE-VISIBLE"]

    assert main(["replay", str(run.folder), "UPDATE-VISIBLE", "--yes"]) == 1
    assert main(["replay", str(run.folder), "UPDATE-VISIBLE", "--gateway-url", gateway().url]) == 0


def test_a_race_is_told_and_replayed_with_what_was_under_way(kit, gateway):
    server = gateway(defects=("update-takes-info-of-parallel-update",))
    run = kit.run(server.url, kit.configure("settle: 0.2"), "-k", "test_two_registrations_at_once")
    finding = next(f for f in run.findings if f["requirement"] == "UPDATE-ECHO")

    *_, other, last = (step for step in finding["steps"] if "update" in step)
    assert "(registration A)" in other + last
    assert "(registration B)" in other + last
    assert "sent before the answer to" in last
    for lines in (finding["script"], finding["curl"]):
        shown = subprocess.run(["sh"], input=lines, env=environment(), capture_output=True, text=True, timeout=LONGEST)
        assert shown.stderr == ""
        assert shown.stdout.count('"ACK"') + shown.stdout.casefold().count("action: ack") >= 1
    assert " &\n" in finding["script"]
    assert "\nwait\n" in finding["script"]
    # It takes luck to see it again, and nobody calls it fixed for the want of that.
    assert main(["replay", str(run.folder), finding["id"], "--yes"]) in (1, 10)


def test_what_takes_more_calls_than_a_finding_names_is_not_called_fixed(kit, gateway, capsys):
    run = kit.run(gateway(defects=("signup-id-every-second-repeated",)).url, "-k", "test_ids_are_unique")
    name = next(f["id"] for f in run.findings if f["requirement"] == "SIGNUP-ID-UNIQUE")

    status = main(["replay", str(run.folder), name, "--gateway-url", gateway().url])

    assert status in (0, 10)
    said = capsys.readouterr().out
    assert status == 0 or "takes more calls than these" in said or "depends on timing" in said


def test_a_gateway_that_is_gone_leaves_a_finding_open(run):
    assert main(["replay", str(run.folder), SEEN, "--gateway-url", "http://127.0.0.1:9"]) == 10


@pytest.mark.parametrize("finding", ["nonsense", ""])
def test_a_finding_that_is_not_there_is_told_in_one_line(run, finding, capsys):
    assert main(["replay", str(run.folder), finding]) == 4
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert SEEN in error


def test_a_secret_that_is_not_in_the_report_is_asked_for(kit, gateway, capsys):
    option = kit.configure("signup_token: agreed-before")
    run = kit.run(gateway(defects=DEFECTS).url, option, *UNDRAWN)

    assert main(["replay", str(run.folder), SEEN]) == 4
    assert "--gateway-config" in capsys.readouterr().err
    assert main(["replay", str(run.folder), SEEN, option, "--yes"]) == 1


# Judge.


def _write(folder, calls):
    path = folder / "traffic.har"
    path.write_text(json.dumps(archive(calls)), encoding="utf-8-sig")
    return str(path)


def test_recorded_traffic_with_a_fair_gateway_has_no_findings(tmp_path, capsys):
    (page, *_), calls = entries(), entries()
    page["request"]["url"] = ORIGIN
    har = _write(tmp_path, [*calls, page])

    status = main(["judge", har, "--json"])

    report = json.loads(capsys.readouterr().out)
    assert [f for row in report["requirements"] for f in row["findings"]] == []
    assert (status, report["verdict"]) == (0, "incomplete")
    statuses = {row["id"]: row["status"] for row in report["requirements"]}
    assert statuses["GET-ACK"] == "passed"
    assert statuses["TOKEN-NACK-FOREIGN"] == "untested"
    assert "1 recorded requests are not calls" in " ".join(report["observations"])
    assert main(["judge", str(tmp_path)]) == 0, "a folder with one recording stands for it"


def test_recorded_traffic_is_judged_by_the_checks_of_a_run(tmp_path, capsys):
    har = _write(tmp_path, entries("get-email-upper-case"))

    status = main(["judge", har, "--conformance-class=strict", "--conformance-report", str(tmp_path / "reports")])

    report = _report(tmp_path / "reports")
    assert {row["id"] for row in report["requirements"] if row["findings"]} == {"GET-ROUND-TRIP-EXACT"}
    assert status == 1
    assert main(["report", str(tmp_path / "reports")]) == status
    assert _report(tmp_path / "reports") == report
    capsys.readouterr()
    assert main(["judge", str(tmp_path / "reports"), "--conformance-class=strict"]) == 4, "the record has its own"
    assert "--conformance-class: " in capsys.readouterr().err


def test_tokens_of_recorded_traffic_are_masked(tmp_path):
    calls = entries()
    har = _write(tmp_path, calls)

    main(["judge", har, "--conformance-report", str(tmp_path / "reports")])

    replies = [json.loads(call["response"]["content"]["text"]) for call in calls]
    tokens = [reply["auth"]["token"] for reply in replies if "auth" in reply]
    assert tokens
    texts = [path.read_text() for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert not [token for token in tokens for text in texts if token in text]


def test_the_record_of_a_run_is_judged_as_the_run_was(run, capsys):
    main(["report", str(run.folder), "--har"])
    capsys.readouterr()
    for traffic in (run.folder, run.folder / "exchanges.har", run.folder / "exchanges.jsonl"):
        main(["judge", str(traffic), "--json"])
        report = json.loads(capsys.readouterr().out)
        found = {finding["id"] for row in report["requirements"] for finding in row["findings"]}
        assert found == {finding["id"] for finding in run.findings}


def test_one_of_several_gateways_is_named(tmp_path, capsys):
    other = "https://other.example"
    calls = entries("get-email-upper-case")
    for call in calls:
        call["request"]["url"] = call["request"]["url"].replace(ORIGIN, other)
    har = _write(tmp_path, [*entries(), *calls])

    assert main(["judge", har]) == 4
    assert ORIGIN in capsys.readouterr().err
    main(["judge", har, "--gateway-url", ORIGIN, "--json"])
    assert not [f for row in json.loads(capsys.readouterr().out)["requirements"] for f in row["findings"]]
    main(["judge", har, "--gateway-url", f"{other}/", "--json"])
    assert [f for row in json.loads(capsys.readouterr().out)["requirements"] for f in row["findings"]]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"log": {"entries": []}}', '{"log": {"entries": [1]}}', "\0"])
def test_traffic_that_cannot_be_judged_is_told_in_one_line(tmp_path, content, capsys):
    (tmp_path / "traffic.har").write_text(content)

    assert main(["judge", str(tmp_path / "traffic.har")]) == 4
    assert main(["judge", str(tmp_path / "none.har")]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 2


# Diff.


def test_what_changed_between_two_runs_is_told(kit, gateway, tmp_path, capsys):
    server = gateway(defects=DEFECTS)
    before = kit.run(server.url, *UNDRAWN).folder.rename(tmp_path / "before")
    again = kit.run(server.url, *UNDRAWN).folder.rename(tmp_path / "again")
    fixed = kit.run(gateway().url, *UNDRAWN).folder

    assert main(["diff", str(before), str(again)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verdict: incomplete, as before"
    assert main(["diff", str(before), str(fixed)]) == 0
    assert "fixed    GET-ROUND-TRIP-EXACT" in capsys.readouterr().out
    assert main(["diff", str(fixed / "report.json"), str(before), "--json"]) == 1
    assert "new" in {change["kind"] for change in json.loads(capsys.readouterr().out)["changes"]}


# Masks.


def test_documents_and_personal_data_are_masked_on_request(kit, gateway):
    server = gateway(defects=DEFECTS)
    option = kit.configure("{mask: [documents, personal], settle: 0.2}")

    some = (
        "test_plain or SIGNUP-NACK-PHONE and malformed or test_many_documents"
        " or signup and (test_unreadable_body or test_large_document)"
    )

    run = kit.run(server.url, option, "-k", some, "--junitxml=reports/junit.xml")

    private = set()
    for seen in server.seen:
        try:
            body = json.loads(seen.body)
        except ValueError:
            continue
        if isinstance(body, dict) and isinstance(body.get("info"), dict):
            private |= {v for v in body["info"].values() if isinstance(v, str) and len(v) >= 6}
        if isinstance(body, dict) and isinstance(body.get("documents"), list):
            data = [document.get("data") for document in body["documents"] if isinstance(document, dict)]
            private |= {value for value in data if isinstance(value, str) and len(value) >= 6}
    # Faulty values that the schemas name are nobody's.
    named = {
        value for operation in load().operations for m in load().members(operation.action) for value in m.named_faults
    }
    private = {value for value in private - named if not masking.is_word(value)}
    assert len(private) > 50
    texts = [run.printed] + [path.read_bytes() for path in run.folder.rglob("*") if path.is_file()]
    cut = {value[:100].encode("utf-8", "surrogatepass") for value in private}
    assert not [value for value in cut for text in texts if value in text]
    # What is masked is judged again as it was judged.
    assert main(["report", str(run.folder)]) == run.status
    assert _report(run.folder) == run.report


def test_a_run_under_a_changed_copy_is_judged_again_under_that(kit, tmp_path):
    folder = with_operation(tmp_path / "schemas")
    run = kit.run("reference", f"--conformance-spec={folder}", "-k", "Provider_status or Provider/status")
    before = run.report

    assert run.requirement("STATUS-ACK")["status"] == "passed"
    assert main(["report", str(run.folder), "--conformance-spec", str(folder)]) == run.status
    assert _report(run.folder) == before
    assert main(["report", str(run.folder), "--conformance-spec", str(tmp_path)]) == 4
