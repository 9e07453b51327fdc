"""A report folder of a stranger, or one that others use, is refused in one line and harms nothing outside of it."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from beckn_conformance.commands.certificate import keys
from beckn_conformance.commands.cli import main
from beckn_conformance.untrusted.writing import locked
from tests.run.recordings import archive, entries

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and locks are others there")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A report folder of recorded traffic, made without a gateway."""
    home = tmp_path_factory.mktemp("judged")
    (home / "traffic.har").write_text(json.dumps(archive(entries()[:2])))
    main(["judge", str(home / "traffic.har"), "--conformance-report", str(home / "reports")])
    return home / "reports"


@pytest.fixture
def folder(judged, tmp_path):
    return Path(shutil.copytree(judged, tmp_path / "reports"))


@pytest.fixture
def outside(tmp_path):
    """A folder with a file in it that nobody may touch."""
    made = tmp_path / "outside"
    made.mkdir()
    (made / "kept.sh").write_text("kept")
    return made


@pytest.fixture
def refused(tmp_path, capsys):
    """Does something with a folder that is to be refused; gives the one line that says so."""
    public = keys.generate(tmp_path / "key")

    def do(command, folder):
        options = {
            "report": ["report", str(folder)],
            "certify": ["certify", str(folder), "--key", str(tmp_path / "key")],
            "verify": ["verify", str(folder), "--public-key", str(public)],
            "judge": ["judge", str(folder)],
            "judge into": ["judge", str(tmp_path / "traffic.har"), "--conformance-report", str(folder)],
        }
        (tmp_path / "traffic.har").write_text(json.dumps(archive(entries()[:2])))
        assert main(options[command]) == 4
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return do


COMMANDS = ("report", "certify", "verify", "judge", "judge into")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["findings", "report.json", "course.jsonl", "summary.md", "notes"])
def test_a_folder_with_a_link_in_it_is_refused_by_name(folder, outside, refused, command, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(outside if name == "findings" else outside / "kept.sh")

    assert f"{folder / name} is a link" in refused(command, folder)
    assert (outside / "kept.sh").read_text() == "kept"
    assert os.listdir(outside) == ["kept.sh"]


def test_a_folder_that_is_reached_through_a_link_is_as_good_as_any(folder, tmp_path):
    (tmp_path / "latest").symlink_to(folder)

    assert main(["report", str(tmp_path / "latest")]) == main(["report", str(folder)])


def test_a_report_folder_in_a_zip_is_judged_by_its_record_alone(folder, tmp_path):
    for name in ("report.html", "report.json", "summary.md"):
        (folder / name).write_text("<script>alert(1)</script>")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)

    statuses = {main(["judge", str(where), "--conformance-report", str(tmp_path / "r")]) for where in (folder, packed)}

    assert statuses == {main(["report", str(folder)])}
    assert "alert" not in (tmp_path / "r" / "report.html").read_text()


def test_scripts_that_the_kit_did_not_make_are_left_alone(folder):
    (folder / "findings").mkdir(exist_ok=True)
    (folder / "findings" / "mine.sh").write_text("mine")
    (folder / "findings" / "GET-BODY-0123abcd.sh").write_text("of an earlier report")

    main(["report", str(folder)])

    assert (folder / "findings" / "mine.sh").read_text() == "mine"
    assert not (folder / "findings" / "GET-BODY-0123abcd.sh").exists()


def test_temporary_files_that_were_planted_are_not_written_to(folder, outside):
    for name in ("summary.md", "report.json", "exchanges.har"):
        os.link(outside / "kept.sh", folder / f".{name}.{os.getpid()}")

    main(["report", str(folder)])

    assert (outside / "kept.sh").read_text() == "kept"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_a_run_writes_to_is_refused(folder, refused, command):
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    with locked(folder):
        assert "is in use by another run" in refused(command, folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_run_into_a_folder_that_is_in_use_ends_at_once(kit):
    kit.report.mkdir()
    with locked(kit.report):
        run = kit.run("http://127.0.0.1:9", "-k", "test_plain_get")

    assert run.status == 4
    assert "is in use by another run" in run.output
    assert os.listdir(kit.report) == []


def test_a_run_into_a_folder_with_a_link_touches_nothing(kit, outside):
    kit.report.mkdir()
    (kit.report / "findings").symlink_to(outside)
    run = kit.run("http://127.0.0.1:9", "-k", "test_plain_get")

    assert run.status == 4
    assert "findings is a link" in run.output
    assert os.listdir(outside) == ["kept.sh"]


BROKEN = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_text(""),
    "list": lambda path: path.write_text("[]"),
    "another format": lambda path: path.write_text('{"format": "another"}'),
    "no form": lambda path: path.write_text('{"format": "beckn-conformance-report/1", "verdict": "<b>"}'),
    "another type": lambda path: path.write_text('{"format": ["beckn-conformance-report/1"]}'),
    "deep": lambda path: path.write_text("[" * 100_000),
    "twice": lambda path: path.write_text('{"format": 1, "format": "beckn-conformance-report/1"}'),
    "sparse": lambda path: os.truncate(path, 2**40),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("command", ["diff", "replay"])
def test_a_report_that_no_kit_wrote_is_refused_in_one_line(folder, judged, kind, command, capsys):
    BROKEN[kind](folder / "report.json")
    options = {"diff": ["diff", str(folder), str(judged)], "replay": ["replay", str(folder), "X"]}

    assert main(options[command]) == 4

    (line,) = capsys.readouterr().err.splitlines()
    assert "report.json" in line
