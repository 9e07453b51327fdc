"""Operations of a laboratory: who may do what, and what comes of the runs."""

import io
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from beckn_conformance.client.reach import Reach
from beckn_conformance.commands.lab import execution, laboratory, operations, runs
from beckn_conformance.commands.lab.execution import Jobs
from beckn_conformance.commands.lab.laboratory import Settings
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.refusals import Conflict, Forbidden, Invalid, NotFound
from beckn_conformance.config.credentials import HIDDEN
from beckn_conformance.errors import UsageError
from beckn_conformance.report.files import present
from tests.commands.lab.laboratories import ALICE, BOB, OFFICER, begun, entered, over, played, scripted
from tests.end_to_end.kit import ROOT, until

HELD = 'say(f"begin {url}")\nwhile not (log.parent / "go").exists(): time.sleep(0.01)\nsay(f"end {url}")\njudge()'
"""A run that ends once there is a file ``go``."""


@pytest.fixture
def data(tmp_path):
    return tmp_path / "lab"


@pytest.fixture
def lab(data, monkeypatch):
    scripted(monkeypatch)
    with laboratory.opened(Settings(data)) as lab:
        yield lab


def test_a_run_is_queued_played_and_reported(lab):
    run = played(lab)

    assert (run.state, run.status, run.verdict, run.reason) == ("ended", 1, "non-conformant", "")
    assert run.failed > 0
    assert lab.reports.report(ALICE, run.id)["verdict"] == "non-conformant"
    assert [*present(lab.runs.folder(ALICE, run.id))] == ["report.json"]
    assert lab.gateways.get(ALICE, run.gateway).trend == (run,)


def test_a_run_belongs_to_the_owner_of_its_gateway_whoever_starts_it(lab):
    run = begun(lab, OFFICER, entered(lab))

    assert over(lab, run, ALICE).owner == "alice"


def test_all_that_is_wrong_with_a_gateway_is_said_at_its_fields(lab):
    wrong = (" ", "gw.example", {"settle": "long", "signup_token": "env:X"})
    with pytest.raises(Invalid) as refused:
        lab.gateways.add(ALICE, *wrong)
    assert refused.value.fields.keys() == {"name", "url", "settle", "signup_token"}
    assert lab.gateways.list(ALICE) == []

    with pytest.raises(Invalid) as refused:
        lab.gateways.edit(ALICE, entered(lab), *wrong, {"rate": "no number"})
    assert refused.value.fields.keys() == {"name", "url", "settle", "signup_token", "rate"}


@pytest.mark.parametrize("url", ["reference", "reference:get-mixes-old-phone"])
def test_only_officers_test_the_reference_gateway(lab, url):
    with pytest.raises(Invalid, match="only officers"):
        entered(lab, ALICE, url)

    assert entered(lab, OFFICER, url)


def test_an_edit_keeps_what_it_does_not_change(lab):
    gateway = lab.gateways.add(ALICE, "one", "http://gw.example/", {"signup_token": "t0ken", "settle": 1})
    changed = lab.gateways.edit(ALICE, gateway.id, "two", "https://GW.example", {"signup_token": "t0ken"})

    assert (changed.name, changed.url, changed.badge) == ("two", "https://gw.example", gateway.badge)
    assert lab.gateways.declaration(ALICE, gateway.id) == {"signup_token": "t0ken"}


@pytest.mark.parametrize(
    ("url", "more", "refused"),
    [
        ("http://evil.example", {}, True),
        ("https://gw.example", {}, True),
        ("http://gw.example:81", {}, True),
        ("http://gw.example", {"proxy": "http://evil.example:1"}, True),
        ("http://gw.example", {"peers": ["http://evil.example"], "clone_within": 1}, True),
        ("http://proxy.example:1", {}, True),
        ("HTTP://GW.example:80/below", {"proxy": HIDDEN}, False),
        ("http://gw.example", {}, False),
    ],
)
def test_no_stored_secret_is_sent_to_another_host(lab, url, more, refused):
    secrets = {"headers": {"X-Key": "s3cret"}, "proxy": "http://u:p@proxy.example:1"}
    gateway = lab.gateways.add(ALICE, "one", "http://gw.example", secrets).id
    kept = {"headers": {"X-Key": HIDDEN}, **more}

    if refused:
        with pytest.raises(Invalid) as error:
            lab.gateways.edit(OFFICER, gateway, "one", url, kept)
        assert error.value.fields == {"headers.0.value": "it was stored for another host; enter it again, or remove it"}
        again = {**secrets, **more}
        assert lab.gateways.edit(OFFICER, gateway, "one", url, again)
        assert lab.gateways.declaration(OFFICER, gateway) == again
    else:
        lab.gateways.edit(OFFICER, gateway, "one", url, kept)
        assert lab.gateways.declaration(ALICE, gateway)["headers"] == {"X-Key": "s3cret"}


def test_names_that_take_long_to_look_up_keep_nobody_waiting(data, monkeypatch):
    scripted(monkeypatch)
    looked_up, answered = threading.Semaphore(0), threading.Event()

    def refusal(reach, url):
        looked_up.release()
        answered.wait(60)
        return "it may not be connected to"

    monkeypatch.setattr(Reach, "refusal", refusal)
    with laboratory.opened(Settings(data, allow=())) as lab, ThreadPoolExecutor(runs.LOOKUPS) as pool:
        gateway = entered(lab)
        waiting = [pool.submit(begun, lab, ALICE, gateway) for _ in range(runs.LOOKUPS)]
        for _ in waiting:
            assert looked_up.acquire(timeout=60)
        over(lab, begun(lab, BOB, entered(lab, BOB, "http://other.example")))
        answered.set()
        for one in waiting:
            with pytest.raises(Invalid, match="it may not be connected to"):
                one.result(60)


def test_without_the_key_everything_has_to_be_declared_again(data, monkeypatch):
    # The job is made of what is declared, and then played by a script.
    of = Jobs.of
    scripted(monkeypatch)
    scripted_of = Jobs.of
    monkeypatch.setattr(Jobs, "of", lambda jobs, run: of(jobs, run) and scripted_of(jobs, run))
    with laboratory.opened(Settings(data)) as lab:
        gateway = lab.gateways.add(ALICE, "one", "http://gw.example", {"signup_token": "secret"}).id
    (data / "secrets.key").unlink()

    with laboratory.opened(Settings(data)) as lab:
        assert lab.gateways.declaration(ALICE, gateway) == {}
        assert "declare it again" in played(lab, gateway).reason
        with pytest.raises(Conflict, match="declare it again"):
            lab.examinations.judge(ALICE, io.BytesIO(b"{}"), "log.json", gateway=gateway)
        lab.gateways.edit(ALICE, gateway, "one", "http://gw.example", {"signup_token": "again"})
        assert played(lab, gateway).verdict


def test_the_reports_of_a_vendor_have_a_share_of_the_disk(lab, monkeypatch):
    gateway = entered(lab)
    run = played(lab, gateway)
    monkeypatch.setattr(operations, "LARGEST_SHARE", 1000)

    with pytest.raises(Conflict, match="the reports of alice take more than"):
        begun(lab, ALICE, gateway)
    with pytest.raises(Conflict, match="the reports of alice take more than"):
        lab.examinations.judge(ALICE, io.BytesIO(b"{}"), "log.json")
    begun(lab, BOB, entered(lab, BOB, "http://other.example"))
    lab.runs.remove(ALICE, run.id)
    begun(lab, ALICE, gateway)


def test_no_verdict_is_shown_that_is_not_of_a_run_at_the_url(lab, data, monkeypatch):
    gateway = entered(lab)
    run = played(lab, gateway)
    assert lab.gateways.get(ALICE, gateway).latest == run

    lab.gateways.edit(ALICE, gateway, "one", "http://other.example", {})
    monkeypatch.setattr(execution, "command", lambda arguments, *_, **__: _sample(Path(arguments[3])))
    judged = lab.examinations.judge(ALICE, io.BytesIO(b"{}"), "made-up.zip", gateway=gateway)

    view = lab.gateways.get(ALICE, gateway)
    assert (judged.gateway, judged.verdict) == (gateway, run.verdict)
    assert (view.latest, view.trend, view.certified) == (None, (), None)
    assert {one.id for one in lab.runs.list(ALICE, gateway)} == {run.id, judged.id}


def _sample(folder):
    """What a child leaves that has judged something."""
    folder.mkdir()
    shutil.copy(ROOT / "reports" / "sample" / "report.json", folder)
    return execution.Finished(1, b"", "")


def test_gateways_are_searched_by_name_url_and_owner(lab):
    entered(lab, ALICE, "http://north.example", "Harbour")
    entered(lab, BOB, "http://south.example", "Airport")

    def found(account, search):
        return [view.gateway.name for view in lab.gateways.list(account, search)]

    assert found(OFFICER, "") == ["Airport", "Harbour"]
    assert found(OFFICER, "NORTH har") == found(OFFICER, "alice") == ["Harbour"]
    assert found(ALICE, "airport") == []


def test_a_gateway_is_removed_with_its_runs_and_reports(lab, data):
    gateway = entered(lab)
    run = played(lab, gateway)
    lab.gateways.remove(ALICE, gateway)

    assert lab.gateways.list(OFFICER) == lab.runs.list(OFFICER) == []
    assert not (data / "runs" / run.id).exists()
    assert [*(data / "tmp").iterdir()] == [*(data / "progress").iterdir()] == []


def test_a_run_is_not_queued_for_a_gateway_that_changes_meanwhile(data, monkeypatch):
    scripted(monkeypatch)
    deeds = []

    def refusal(reach, url):
        deeds.pop()()
        return ""

    monkeypatch.setattr(Reach, "refusal", refusal)
    with laboratory.opened(Settings(data, allow=())) as lab:
        gateway = entered(lab)
        deeds.append(lambda: lab.gateways.edit(ALICE, gateway, "one", "http://other.example", {}))
        with pytest.raises(Conflict, match="changed just now"):
            begun(lab, ALICE, gateway)
        deeds.append(lambda: lab.gateways.remove(ALICE, gateway))
        with pytest.raises(NotFound):
            begun(lab, ALICE, gateway)
        assert lab.runs.list(ALICE) == []


def test_a_gateway_is_not_removed_if_a_run_is_started_meanwhile(lab, monkeypatch):
    gateway = entered(lab)
    played(lab, gateway)
    remove = Places.remove

    def removed(places, run):
        remove(places, run)
        begun(lab, ALICE, gateway)

    monkeypatch.setattr(Places, "remove", removed)
    with pytest.raises(Conflict):
        lab.gateways.remove(ALICE, gateway)
    assert len(lab.runs.list(ALICE, gateway)) == 1


def test_old_runs_are_kept_until_their_owner_removes_them(lab, data):
    gateway = entered(lab)
    old, new = (played(lab, gateway) for _ in range(2))
    lab.runs.remove(ALICE, old.id)

    assert lab.runs.list(ALICE) == [new]
    assert [path.name for path in (data / "runs").iterdir()] == [new.id]


@pytest.mark.parametrize(
    ("wrong", "field"), [({"depth": 0}, "depth"), ({"depth": 10**9}, "depth"), ({"seed": -1}, "seed")]
)
def test_options_of_a_run_are_checked_at_their_fields(lab, wrong, field):
    with pytest.raises(Invalid) as refused:
        begun(lab, ALICE, entered(lab), **wrong)

    assert refused.value.fields.keys() == {field}
    assert lab.runs.list(ALICE) == []


def test_a_vendor_queues_so_many_runs_at_most(data, monkeypatch):
    scripted(monkeypatch, HELD)
    monkeypatch.setattr(runs, "MOST_UNDER_WAY", 2)
    with laboratory.opened(Settings(data)) as lab:
        gateway = entered(lab)
        first, _ = begun(lab, ALICE, gateway), begun(lab, ALICE, gateway)
        with pytest.raises(Conflict, match="2 runs under way"):
            begun(lab, ALICE, gateway)
        third = begun(lab, BOB, entered(lab, BOB))
        until(lambda: lab.runs.get(ALICE, first).state == "running")
        assert [lab.runs.place(OFFICER, run) for run in (first, third)] == [0, 1]
        lab.runs.cancel(ALICE, first)
        (data / "go").touch()
        over(lab, first)
        assert begun(lab, ALICE, gateway)


def test_what_is_under_way_is_neither_removed_nor_moved(data, monkeypatch):
    scripted(monkeypatch, HELD)
    with laboratory.opened(Settings(data)) as lab:
        gateway = entered(lab)
        run = begun(lab, ALICE, gateway)
        for refused in (
            lambda: lab.runs.remove(ALICE, run),
            lambda: lab.gateways.remove(ALICE, gateway),
            lambda: lab.gateways.edit(ALICE, gateway, "one", "http://other.example", {}),
            lambda: lab.reports.report(ALICE, run),
        ):
            with pytest.raises(Conflict):
                refused()
        assert lab.gateways.edit(ALICE, gateway, "two", "http://gw.example", {}).name == "two"


def test_two_runs_are_compared(lab, data):
    gateway = entered(lab)
    old, new = (played(lab, gateway) for _ in range(2))
    path = data / "runs" / new.id / "report.json"
    report = json.loads(path.read_text())
    failed = next(row for row in report["requirements"] if row["status"] == "failed")
    failed |= {"status": "passed", "findings": []}
    path.write_text(json.dumps(report))

    changes = lab.reports.compare(ALICE, old.id, new.id).changes
    assert {(change.kind, change.requirement) for change in changes} == {("fixed", failed["id"])}


def test_only_officers_certify_and_only_with_a_key(lab):
    run = played(lab)

    with pytest.raises(Forbidden):
        lab.reports.certify(ALICE, run.id)
    with pytest.raises(Conflict, match="--key"):
        lab.reports.certify(OFFICER, run.id)


def test_a_run_without_a_report_cannot_be_compared_certified_or_replayed(lab, data):
    run = played(lab)
    shutil.rmtree(data / "runs" / run.id)

    for refused in (
        lambda: lab.reports.report(ALICE, run.id),
        lambda: lab.reports.compare(ALICE, run.id, run.id),
        lambda: lab.reports.replay(ALICE, run.id, "SIGNUP-ID-1"),
    ):
        with pytest.raises(Conflict, match="no report"):
            refused()
    assert [*present(lab.runs.folder(ALICE, run.id))] == []


def test_a_data_folder_that_cannot_be_used_is_said_in_one_line(lab, data, tmp_path):
    (tmp_path / "file").touch()

    for folder, text in ((data, "in use by another laboratory"), (tmp_path / "file", "cannot be written")):
        with pytest.raises(UsageError, match=text), laboratory.opened(Settings(folder)):
            pass
