"""What is uploaded is judged and verified as a stranger's: bounded, in another process, and believed in nothing."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from beckn_conformance.commands.certificate import keys
from beckn_conformance.commands.lab import examinations, execution
from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.examinations import Examinations
from beckn_conformance.commands.lab.execution import Jobs
from beckn_conformance.commands.lab.operations import CommandSlots
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.queue import Queue
from beckn_conformance.commands.lab.refusals import Conflict, Invalid, NotFound
from beckn_conformance.commands.lab.store import Gateway, Run, Store
from beckn_conformance.commands.lab.vault import Vault
from tests.run.recordings import archive, entries

VENDOR, OTHER = Account("vendor", "vendor"), Account("other", "vendor")
HAR = json.dumps(archive(entries())).encode()
NAMES = {
    "traffic.har": "traffic.har",
    "C:\\Users\\me\\log-1.jsonl": "log-1.jsonl",
    "../../etc/passwd": "passwd",
    "$(touch x).har": "upload.har",
    "a b.ZIP": "upload.zip",
    "-h": "upload",
    ".bashrc": "upload",
    "..": "upload",
    "": "upload",
    "a\0.json": "upload.json",
    "é.yml": "upload.yml",
    "x" * 300 + ".har": "upload.har",
}


@pytest.fixture
def lab(tmp_path, certificate):
    places = Places(tmp_path / "lab")
    with places.held():
        store, vault = Store(places.database), Vault(places.data / "secrets.key")
        waiver = {"requirement": "REPLY-JSON", "reason": "r", "owner": "o", "expires": "2999-01-01"}
        declared = vault.seal({"waivers": [waiver], "tls": {"ca": certificate.read_text()}}, "g-1")
        store.add(Gateway("g-1", "vendor", "Ours", "https://gw.example", declared))
        jobs = Jobs(store, places, vault, 10.0, {})
        queue = Queue(store, places, jobs.play, 0)
        yield Examinations(store, places, vault, jobs, queue, CommandSlots(places), None, None, b""), store, places
        store.close()


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return made.getvalue()


def judge(lab, content, name="traffic.har", account=VENDOR, **how):
    return lab[0].judge(account, io.BytesIO(content), name, **how)


def refused(lab, content, name="traffic.har", **how):
    """What is wrong with a file; nothing of it is left."""
    with pytest.raises(Invalid) as caught:
        judge(lab, content, name, **how)
    _, store, places = lab
    assert store.all(Run) == []
    assert [*(places.data / "runs").iterdir()] == [*places.private.iterdir()] == []
    assert str(places.data) not in caught.value.fields["file"]
    return caught.value.fields["file"]


def test_recorded_traffic_becomes_a_run_with_a_report(lab):
    run = judge(lab, HAR)

    _, store, places = lab
    assert store.all(Run) == [run]
    assert (run.kind, run.state, run.owner, run.gateway) == ("judged", "ended", "vendor", "")
    assert run.exchanges
    assert run.verdict == "incomplete" or run.failed
    assert "<html" in (places.report(run.id) / "report.html").read_text()
    assert [*places.private.iterdir()] == []


def test_traffic_of_a_gateway_is_judged_as_it_declares(lab, monkeypatch):
    seen = []

    def look(arguments, private, **how):
        config = Path(arguments[arguments.index("--gateway-config") + 1])
        seen.extend([*arguments, config.read_text()])
        assert (private / "ca.pem").read_text().startswith("-----BEGIN")
        return execution.Finished(4, b"", "no")

    monkeypatch.setattr(execution, "command", look)
    refused(lab, HAR, gateway="g-1", strict=True)

    assert "--gateway-url=https://gw.example" in seen
    assert seen[seen.index("--conformance-class") + 1] == "strict"
    assert "REPLY-JSON" in seen[-1]


def test_traffic_of_a_gateway_that_is_removed_meanwhile_leaves_nothing(lab, monkeypatch):
    _, store, places = lab
    run = execution.command

    def removed(*arguments, **how):
        store.remove(store.get(Gateway, "g-1"))
        return run(*arguments, **how)

    monkeypatch.setattr(execution, "command", removed)
    with pytest.raises(NotFound):
        judge(lab, HAR, gateway="g-1", url="https://gw.example")
    assert store.all(Run) == []
    assert [*(places.data / "runs").iterdir()] == []


def test_nobody_judges_for_the_gateway_of_another_vendor(lab):
    for gateway in ("g-1", "g-2"):
        with pytest.raises(NotFound):
            judge(lab, HAR, gateway=gateway, account=OTHER)


def test_a_file_that_is_no_recording_is_refused_in_one_line(lab):
    content = zipped({"../../x.har": HAR})

    assert refused(lab, content, "x.zip") == "x.zip: '../../x.har' is not a plain name of a file in a folder"


def test_the_record_of_a_run_is_judged_without_options(lab, monkeypatch):
    seen = []
    monkeypatch.setattr(
        execution, "command", lambda given, *_, **__: seen.extend(given) or execution.Finished(4, b"", "")
    )

    refused(lab, zipped({"course.jsonl": b""}), "report.zip")

    assert [argument for argument in seen if argument.startswith("--")] == ["--conformance-report"]


def test_a_url_is_no_option(lab, monkeypatch):
    seen = []
    monkeypatch.setattr(
        execution, "command", lambda arguments, *_, **__: seen.extend(arguments) or execution.Finished(4, b"", "no")
    )

    assert refused(lab, HAR, url="--conformance-spec=/tmp") == "no"
    assert seen[-1] == "--gateway-url=--conformance-spec=/tmp"


def test_a_file_that_takes_too_long_is_given_up(lab, monkeypatch):
    monkeypatch.setattr(examinations, "LIMIT", 0.01)

    assert refused(lab, HAR) == "it could not be read: it took longer than 0.01 s"


def test_a_file_that_takes_too_much_memory_is_given_up(lab, monkeypatch):
    monkeypatch.setattr(examinations, "MEMORY", 64 << 20)

    assert refused(lab, HAR)


def test_an_account_examines_one_file_at_a_time(lab, monkeypatch):
    def meanwhile(*arguments, **how):
        with pytest.raises(Conflict, match="still does something else"):
            judge(lab, HAR)
        return execution.Finished(4, b"", "no")

    monkeypatch.setattr(execution, "command", meanwhile)
    assert refused(lab, HAR) == "no"
    assert refused(lab, HAR) == "no"


def test_a_certificate_is_verified_with_the_key_that_is_given(lab, tmp_path):
    public = keys.generate(tmp_path / "key").read_bytes()

    def verify(content, key=b""):
        with pytest.raises(Invalid) as caught:
            lab[0].verify(VENDOR, io.BytesIO(content), "certificate.json", key)
        return caught.value.fields

    assert verify(b"{}") == {"key": "the laboratory has no key of its own; paste the public key of the issuer"}
    assert verify(b"{}", b"no key")["key"].startswith("this text holds no usable public key")
    assert verify(b"{}", b"x" * 100_000)["key"].startswith("this text cannot be read: it is larger than")
    assert verify(zipped({"a/certificate.json": "{}"}), public)["file"].startswith(
        "certificate.json is not a certificate"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_file_keeps_its_name_only_if_it_is_plain(tmp_path, name):
    path = examinations.save(io.BytesIO(b"content"), name, tmp_path)

    assert path == tmp_path / "uploaded" / NAMES[name]
    assert path.read_bytes() == b"content"


def test_an_endless_file_is_refused_at_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(examinations, "LARGEST", 100)
    monkeypatch.setattr(examinations, "CHUNK", 10)

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return b"x" * size

    with pytest.raises(Invalid, match="larger than"):
        examinations.save(Endless(), "traffic.har", tmp_path)
    assert (tmp_path / "uploaded" / "traffic.har").stat().st_size == 100


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(Invalid, match="choose a file that is not empty"):
        examinations.save(io.BytesIO(b""), "traffic.har", tmp_path)
