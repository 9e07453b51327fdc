"""A certificate holds for what it was issued for, wherever it is taken, and for nothing else."""

import base64
import contextlib
import datetime
import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from beckn_conformance.commands.certificate import dsse, examination, keys, statement
from beckn_conformance.commands.cli import main
from beckn_conformance.commands.lab import execution, laboratory
from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.laboratory import Settings
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.store import Run, Store
from beckn_conformance.errors import UsageError
from beckn_conformance.specification.loading import load
from tests.end_to_end.records import SOME, called_whole, certifiable, due_of, rewrite, stated

DEFECT = "signup-info-phone-error-echoes-value"
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """A report folder with a certificate, a key pair beside it, and the tests that are due."""
    home = certifiable(tmp_path_factory.mktemp("issued"), DEFECT, status=0)
    due = due_of(home / "reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examination, "expected_tests", lambda run: due)
        examination.issue(home / "reports", keys.signer(home / "key"), load(), days=30)
    return home, due


@pytest.fixture
def home(issued, tmp_path, monkeypatch):
    """A copy of it, in another place, and a suite that has just the tests that ran."""
    made, due = issued
    monkeypatch.setattr(examination, "expected_tests", lambda run: due)
    return Path(shutil.copytree(made, tmp_path / "elsewhere"))


def test_an_officer_of_a_laboratory_issues_one(home, monkeypatch):
    def here(arguments, private, **options):
        return execution.Finished(main(arguments), b"", "")

    monkeypatch.setattr(execution, "command", here)
    officer = Account("olga", "officer")
    (home / "lab").mkdir()
    with contextlib.closing(Store(Places(home / "lab").database)) as store:
        store.add(Run("r1", "g1", "alice", "http://gw.example", state="ended", verdict="conformant"))
    with laboratory.opened(Settings(home / "lab", key=home / "key")) as lab:
        shutil.copytree(home / "reports", home / "lab" / "runs" / "r1")
        (home / "lab" / "runs" / "r1" / statement.NAME).unlink()

        certified = lab.reports.certify(officer, "r1", days=30)

        assert certified.certified
        assert (lab.runs.folder(officer, "r1") / statement.NAME).is_file()
    assert main(["verify", str(home / "lab" / "runs" / "r1"), "--public-key", str(home / "key.pub")]) == 0


def _examine(home, *, key="key.pub", now=NOW, **wanted):
    folder = home / "reports"
    later = now if now != NOW else datetime.datetime.now(datetime.UTC)
    return examination.examine(
        folder, keys.public_key(home / key), load(), now=later, wanted=examination.Wanted(**wanted)
    )


def _resign(home, change, key="key"):
    """Signs the certificate anew, as somebody would who has the key and is no honest person."""
    path = home / "reports" / statement.NAME
    said = stated(home / "reports")
    change(said)
    path.write_text(statement.sign(said, keys.signer(home / key)))


def _digested_again(home):
    """Binds the files as they are now."""

    def change(said):
        for row in said["subject"]:
            row["digest"]["sha256"] = statement.digest(home / "reports", row["name"])

    return change


def test_a_certificate_holds_in_another_folder(home, capsys):
    examined = _examine(home)

    assert examined.problems == ()
    assert examined.notes == ()
    said = examined.statement["predicate"]
    assert said["verdict"] == "inconclusive"
    assert said["requirements"]["NACK-ECHO"] == "warned"
    assert any(name.startswith("NACK-ECHO-") for name in said["findings"])
    assert main(["verify", str(home / "reports"), "--public-key", str(home / "key.pub")]) == 0
    lines = capsys.readouterr().out.splitlines()
    url = said["gateway"]["url"]
    assert lines[0] == f"gateway: {url}"
    assert lines[-1] == f"The certificate holds, and it says that {url} is inconclusive (core)."


def test_a_certificate_in_a_zip_is_verified(home, capsys):
    packed = shutil.make_archive(str(home / "packed"), "zip", home, "reports")

    assert main(["verify", packed, "--public-key", str(home / "key.pub")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("The certificate holds")


def _flip(name, place):
    """Changes one bit of a file, at a part of its length."""

    def change(folder):
        path = folder / name
        content = bytearray(path.read_bytes())
        content[int(place * (len(content) - 1))] ^= 1
        path.write_bytes(bytes(content))

    return change


def _report(change):
    def tamper(folder):
        def changed(report):
            change(report)
            return report

        rewrite(folder / "report.json", changed)

    return tamper


def _without_finding(report):
    for row in report["requirements"]:
        if row["findings"]:
            row["findings"], row["status"] = [], "passed"


def _with_waiver(report):
    waiver = {"requirement": "NACK-ECHO", "pointer": None, "reason": "r", "owner": "o", "expires": "2099-01-01"}
    report["waivers"].append({**waiver, "class": "disputed-test", "state": "used", "findings": []})


def _lines(name, change):
    return lambda folder: rewrite(folder / name, change)


def _certificate(change):
    def tamper(folder):
        path = folder / statement.NAME
        envelope = json.loads(path.read_text())
        change(envelope)
        path.write_text(json.dumps(envelope, sort_keys=True, separators=(",", ":")))

    return tamper


def _other_pad_bits(envelope):
    """Other base64 of the same bytes, where there are bits to spare."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sig = envelope["signatures"][0]["sig"]
    body = sig.rstrip("=")
    last = alphabet[alphabet.index(body[-1]) ^ 1]
    envelope["signatures"][0]["sig"] = body[:-1] + last + "=" * (len(sig) - len(body))


def _append(name, text):
    def tamper(folder):
        with (folder / name).open("a") as file:
            file.write(text)

    return tamper


def _script(name):
    def tamper(folder):
        path = folder / "findings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    return tamper


TAMPERINGS = {
    **{
        f"a bit of {name}": _flip(name, 0.5)
        for name in ("report.json", "report.html", "exchanges.har", "earl.jsonld", "summary.md", "badge.svg")
    },
    **{
        f"a bit of {name} at {place}": _flip(name, place)
        for name in ("exchanges.jsonl", "course.jsonl", "certificate.json")
        for place in (0.01, 0.5, 0.99)
    },
    "a finding removed": _report(_without_finding),
    "a waiver added": _report(_with_waiver),
    "the verdict": _report(lambda report: report.update(verdict="conformant")),
    "the seed": _report(lambda report: report["run"].update(seed=2)),
    "another gateway": _report(lambda report: report["gateway"].update(name="Somebody Else")),
    "an exchange removed": _lines("exchanges.jsonl", lambda rows: rows[:7] + rows[8:]),
    "the last exchange removed": _lines("exchanges.jsonl", lambda rows: rows[:-1]),
    "two exchanges exchanged": _lines("exchanges.jsonl", lambda rows: [rows[1], rows[0], *rows[2:]]),
    "an exchange twice": _lines("exchanges.jsonl", lambda rows: [*rows, rows[0]]),
    "what was judged removed": _lines("course.jsonl", lambda rows: [row for row in rows if row["kind"] != "judged"]),
    "a test removed": _lines(
        "course.jsonl", lambda rows: [row for row in rows if not row.get("test", "").endswith("test_plain_get")]
    ),
    "a file removed": lambda folder: (folder / "report.html").unlink(),
    "the record removed": lambda folder: (folder / "exchanges.jsonl").unlink(),
    "a script added": _script("x.sh"),
    "a script added further down": _script("x/y.sh"),
    "a text among the scripts": _script("x.txt"),
    "a link in the folder": lambda folder: (folder / "more").symlink_to(folder.parent),
    "a file that is a link": lambda folder: [
        (folder / "report.html").rename(folder.parent / "r"),
        (folder / "report.html").symlink_to(folder.parent / "r"),
    ],
    "white space after the certificate": _append("certificate.json", "\n"),
    "white space after the report": _append("report.json", "\n"),
    "the signature": _certificate(lambda envelope: envelope["signatures"][0].update(sig="A" * 86 + "==")),
    "no signature": _certificate(lambda envelope: envelope.update(signatures=[])),
    "a signature twice": _certificate(
        lambda envelope: envelope["signatures"].append({**envelope["signatures"][0], "keyid": "0" * 64})
    ),
    "the signature in other base64": _certificate(_other_pad_bits),
    "the id of the key": _certificate(lambda envelope: envelope["signatures"][0].update(keyid="0" * 64)),
    "the kind of payload": _certificate(lambda envelope: envelope.update(payloadType="text/plain")),
    "a member more": _certificate(lambda envelope: envelope.update(note="valid")),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_whatever_is_changed_is_detected(home, name):
    folder = home / "reports"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    TAMPERINGS[name](folder)

    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert before != after or any(path.is_symlink() for path in folder.iterdir())
    try:
        problems = _examine(home).problems
    except UsageError as error:
        problems = (str(error),)
    assert problems
    assert not [problem for problem in problems if "\n" in problem]


@pytest.mark.parametrize("name", ["exchanges.jsonl", "course.jsonl", "report.html", "earl.jsonld", "badge.svg"])
def test_of_one_file_that_was_changed_nothing_else_is_accused(home, name):
    _append(name, " ")(home / "reports")

    assert _examine(home).problems == (f"{name} was changed",)


def test_of_a_report_that_was_changed_only_the_report_is_accused(home):
    _report(_without_finding)(home / "reports")

    problems = _examine(home).problems

    assert problems[0] == "report.json was changed"
    assert not [problem for problem in problems if "not what this kit makes" in problem or "certificate" in problem]


def test_a_file_beside_those_of_the_certificate_is_told(home):
    folder = home / "reports"
    (folder / "allure").mkdir()
    (folder / "allure" / "x.json").write_text("")
    (folder / "junit.xml").write_text("")

    examined = _examine(home)

    assert examined.problems == ()
    assert [note.split()[0] for note in examined.notes] == ["junit.xml", "allure/x.json"]


FORGERIES = {
    "a verdict": (lambda s: s["predicate"].update(verdict="conformant"), "verdict in the certificate"),
    "an outcome": (lambda s: s["predicate"]["requirements"].update({"NACK-ECHO": "passed"}), "requirements in the"),
    "a finding": (lambda s: s["predicate"].update(findings=[]), "findings in the certificate"),
    "a waiver": (
        lambda s: s["predicate"]["waivers"].append(
            dict.fromkeys(("requirement", "pointer", "reason", "owner", "expires", "class", "state"), "")
        ),
        "waivers in the certificate",
    ),
    "what is waived": (lambda s: s["predicate"].update(waived={"MUST": ["SIGNUP-ACK"]}), "waived in the certificate"),
    "the number of tests": (lambda s: s["predicate"]["tests"].update(count=9), "tests in the certificate"),
    "a chain": (lambda s: s["predicate"]["record"].update(course="0" * 64), "record in the certificate"),
    "the record left out": (lambda s: s.update(subject=s["subject"][:1]), "exchanges.jsonl is not covered"),
    "the time of the run": (
        lambda s: s["predicate"]["run"].update(finished="2099-01-01T00:00:00+00:00"),
        "issued before the run ended",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_statement_that_does_not_follow_from_the_record_is_detected_all_the_same(home, name):
    change, words = FORGERIES[name]
    _resign(home, change)

    assert [problem for problem in _examine(home).problems if words in problem]


def test_a_report_that_does_not_follow_from_the_record_is_detected_all_the_same(home):
    _report(_without_finding)(home / "reports")
    _resign(home, _digested_again(home))

    assert [problem for problem in _examine(home).problems if "which the report does not have" in problem]


@pytest.mark.parametrize("claimed", ["this build", "another build"])
def test_a_page_that_does_not_follow_from_the_report_is_told_whatever_build_is_claimed(home, claimed):
    page = home / "reports" / "report.html"
    page.write_text(page.read_text().replace("inconclusive", "conformant"))
    _resign(home, _digested_again(home))
    if claimed == "another build":
        _resign(home, lambda said: said["predicate"]["kit"].update(digest="0" * 64))

    examined = _examine(home)

    told = examined.problems if claimed == "this build" else examined.notes
    assert "report.html is not what this kit makes of the record" in told


def test_a_statement_that_says_something_twice_is_no_certificate(home):
    path = home / "reports" / statement.NAME
    payload = base64.b64decode(json.loads(path.read_text())["payload"])
    twice = payload.replace(b'"verdict":', b'"verdict":"conformant","verdict":', 1)
    envelope = dsse.sealed(twice, statement.PAYLOAD, keys.signer(home / "key"))
    path.write_text(json.dumps(envelope, sort_keys=True, separators=(",", ":")))

    with pytest.raises(UsageError, match="'verdict' is given twice"):
        _examine(home)


def test_a_certificate_holds_for_one_key_and_for_its_time(home):
    keys.generate(home / "other")

    assert _examine(home, key="other.pub").problems == ("the signature is not of this key",)
    assert [p for p in _examine(home, now=NOW + datetime.timedelta(days=31)).problems if "valid until" in p]
    assert [p for p in _examine(home, now=NOW - datetime.timedelta(days=1)).problems if "valid from" in p]


def test_a_clock_that_is_a_little_behind_does_no_harm(home):
    issued = statement.moment(_examine(home).statement, "issued")

    assert _examine(home, now=issued - datetime.timedelta(minutes=4)).problems == ()
    assert _examine(home, now=issued - datetime.timedelta(minutes=6)).problems


def test_another_build_of_the_kit_is_noted(home, monkeypatch):
    monkeypatch.setattr(statement, "kit", lambda: {"name": "beckn-conformance", "version": "9", "digest": "0" * 64})

    examined = _examine(home)

    assert examined.problems == ()
    assert "another build" in examined.notes[0]


MET = ("--gateway={URL}/", "--class=core", "--not-older-than=1")
UNMET = ("--gateway={url}/other", "--class=strict", "--not-older-than=2999-01-31", "--verdict=conformant")


@pytest.mark.parametrize(("options", "status"), [(MET, 0), (("--not-older-than=2020-01-31",), 0), (UNMET, 1)])
def test_a_certificate_about_something_else_than_asked_for_fails(home, options, status, capsys):
    url = stated(home / "reports")["predicate"]["gateway"]["url"]
    asked = [option.format(url=url, URL=url.replace("http", "HTTP")) for option in options]

    assert main(["verify", str(home / "reports"), "--public-key", str(home / "key.pub"), *asked]) == status
    out = capsys.readouterr().out
    assert out.count("not as asked: ") == (len(options) if status else 0)
    assert ("that is not what was asked for" in out) == bool(status)


@pytest.mark.parametrize("asked", ["--not-older-than=yesterday", "--not-older-than=-1", "--gateway=gw.example"])
def test_what_cannot_be_asked_for_is_told(home, asked):
    try:
        status = main(["verify", str(home / "reports"), "--public-key", str(home / "key.pub"), asked])
    except SystemExit as error:
        status = error.code
    assert status in (2, 4)


def test_a_narrowed_run_is_not_certified_even_if_it_iscalled_whole(kit, gateway, tmp_path, capsys):
    main(["keygen", str(tmp_path / "key")])
    narrowed = kit.run(gateway().url, "-k", SOME)

    status = main(["certify", str(narrowed.folder), "--key", str(tmp_path / "key")])

    assert status == 4
    assert "the run was narrowed" in capsys.readouterr().err
    # To call it a whole one is not enough: the tests that had to run are found out again.
    called_whole(narrowed.folder)
    assert main(["certify", str(narrowed.folder), "--key", str(tmp_path / "key")]) == 4
    assert "tests of the suite did not run" in capsys.readouterr().err


def test_keys_are_made_for_their_owner_only_and_never_over_others(tmp_path, capsys):
    mask = os.umask(0)
    try:
        assert main(["keygen", str(tmp_path / "key")]) == 0
    finally:
        os.umask(mask)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "key.pub").stat().st_mode) == 0o644
    before = (tmp_path / "key").read_bytes()
    assert main(["keygen", str(tmp_path / "key")]) == 4
    assert (tmp_path / "key").read_bytes() == before
    assert "key exists already, and no key is overwritten" in capsys.readouterr().err
    (tmp_path / "key").unlink()
    assert main(["keygen", str(tmp_path / "key")]) == 4
    assert not (tmp_path / "key").exists()


def _pem(encryption):
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    "made",
    [lambda: b"", lambda: b"no key", lambda: _pem(NoEncryption()), lambda: _pem(BestAvailableEncryption(b"x"))],
    ids=["nothing", "no PEM", "RSA", "encrypted"],
)
def test_a_key_that_cannot_be_used_is_told_in_one_line(home, made, capsys):
    (home / "bad").write_bytes(made())

    assert main(["certify", str(home / "reports"), "--key", str(home / "bad")]) == 4
    assert main(["verify", str(home / "reports"), "--public-key", str(home / "bad")]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"payload":"","payloadType":"","signatures":[]}'])
def test_what_is_no_certificate_is_told_in_one_line(home, content, capsys):
    (home / "reports" / statement.NAME).write_bytes(content)

    assert main(["verify", str(home / "reports"), "--public-key", str(home / "key.pub")]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_report_of_another_form_is_told_and_not_written_down(home):
    path = home / "reports" / "report.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"obligations"', '"obligatinns"', 1), encoding="utf-8")

    problems = _examine(home).problems

    assert "report.json was changed" in problems
    assert any("is not a valid report" in problem for problem in problems)
