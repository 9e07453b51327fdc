"""What is written goes into the folder that was named, whatever lies there already."""

import contextlib
import os
import subprocess
import sys

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.untrusted import writing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and locks are others there")


@pytest.fixture
def outside(tmp_path):
    """A file that nobody may touch."""
    file = tmp_path / "outside"
    file.write_text("kept")
    return file


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "reports"
    made.mkdir()
    return made


def replace(path):
    with writing.replaced(path) as file:
        file.write("new")


def begin(path):
    with writing.fresh(path) as file:
        file.write("new")


@pytest.mark.parametrize("write", [replace, begin])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_gives_way_to_a_file(folder, outside, write, link):
    link(outside, folder / "report.json")

    write(folder / "report.json")

    assert outside.read_text() == "kept"
    assert (folder / "report.json").read_text() == "new"
    assert not (folder / "report.json").is_symlink()
    assert os.listdir(folder) == ["report.json"]


def test_a_new_file_has_the_rights_that_any_file_has(folder):
    (folder / "any").write_text("")
    replace(folder / "report.json")
    begin(folder / "exchanges.jsonl")
    writing.appended(folder / "history.jsonl").close()
    with writing.Inner(folder, "findings") as inner:
        inner.write("a.sh", "")

    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode for path in files} == {(folder / "any").stat().st_mode}
    assert len(files) == 5


def test_nothing_is_left_of_a_file_that_was_not_finished(folder):
    with contextlib.suppress(KeyError), writing.replaced(folder / "report.json") as file:
        file.write("half")
        raise KeyError

    assert os.listdir(folder) == []


def test_nothing_is_appended_through_a_link(folder, outside):
    (folder / "history.jsonl").symlink_to(outside)

    with pytest.raises(OSError, match="symbolic links"):
        writing.appended(folder / "history.jsonl")

    assert outside.read_text() == "kept"


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "history.jsonl")

    with pytest.raises(OSError, match="history"):
        writing.appended(folder / "history.jsonl")


def test_a_folder_that_is_a_link_is_not_written_to(folder, tmp_path):
    (tmp_path / "other").mkdir()
    (folder / "findings").symlink_to(tmp_path / "other")

    with pytest.raises(OSError, match="findings"):
        writing.Inner(folder, "findings")


def test_a_script_is_written_over_a_link_and_not_through_it(folder, outside):
    (folder / "findings").mkdir()
    (folder / "findings" / "a.sh").symlink_to(outside)

    with writing.Inner(folder, "findings") as inner:
        assert inner.names() == []
        inner.write("a.sh", "new")
        assert inner.names() == ["a.sh"]

    assert outside.read_text() == "kept"
    assert (folder / "findings" / "a.sh").read_text() == "new"


@pytest.mark.parametrize("place", ["summary.md", "findings", "findings/a.sh"])
def test_a_folder_with_a_link_in_it_is_refused_by_name(folder, outside, place):
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).symlink_to(outside)

    with pytest.raises(UsageError) as raised:
        writing.refuse_links(folder, "findings")

    assert str(raised.value).startswith(f"{folder / place} is a link")


def test_a_folder_that_the_user_reaches_by_a_link_is_none_with_links(folder, tmp_path):
    (folder / "findings").mkdir()
    (tmp_path / "latest").symlink_to(folder)

    writing.refuse_links(tmp_path / "latest", "findings")
    writing.refuse_links(tmp_path / "missing")


def test_a_folder_in_use_is_refused_until_its_user_is_gone(folder):
    with writing.locked(folder):
        for shared in (False, True):
            with pytest.raises(UsageError, match="is in use by another run"), writing.locked(folder, shared=shared):
                pass
    with writing.locked(folder, shared=True), writing.locked(folder, shared=True):
        pass

    assert os.listdir(folder) == []


def test_a_killed_process_holds_no_folder(folder):
    hold = (
        "import sys, pathlib; from beckn_conformance.untrusted.writing import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UsageError), writing.locked(folder):
            pass
        process.kill()
        process.wait()

    with writing.locked(folder):
        pass
