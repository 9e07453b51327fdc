"""A crash of a command is told in one line, and never has the status of a gateway that does not conform."""

import signal
import subprocess
import sys

import pytest

from beckn_conformance.commands import cli
from beckn_conformance.commands.certificate import examination, keys
from beckn_conformance.commands.spec import catalogue
from beckn_conformance.errors import KitError, UsageError


@pytest.fixture
def crashing(monkeypatch, tmp_path):
    """Has ``spec catalogue`` raise an exception, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def crash(error):
        def page(specification):
            raise error

        monkeypatch.setattr(catalogue, "page", page)
        return cli.main(["spec", "catalogue"])

    return crash


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ZeroDivisionError("a\nb\x1b[2J"), 3),
        (KeyError("x"), 3),
        (RecursionError(), 3),
        (MemoryError(), 3),
        (OSError(28, "No space left on device"), 3),
        (IsADirectoryError(21, "Is a directory", "report.\x1b[2J"), 4),
        (KitError("no\x1b[2J"), 3),
        (UsageError("no"), 4),
        (KeyboardInterrupt(), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_command_that_raises_has_its_status(crashing, capfd, error, status):
    assert crashing(error) == status

    said = capfd.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err
    assert said.err.count("\n") == 1


def test_what_nobody_expected_is_written_down(crashing, tmp_path):
    crashing(ZeroDivisionError("deliberate \x1b[2J"))

    written = (tmp_path / "reports" / "crash.txt").read_text()
    assert "ZeroDivisionError: deliberate" in written
    assert "in page" in written
    assert "\x1b" not in written


def test_a_crash_of_report_is_written_down_in_its_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("beckn_conformance.commands.judge._rejudged", lambda *_, **__: 1 // 0)
    (tmp_path / "theirs").mkdir()

    assert cli.main(["report", "theirs"]) == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["theirs", "crash.txt"]


def test_what_certify_may_take_for_a_record_is_bounded(monkeypatch, tmp_path, capsys):
    def issued(*_, **__):
        raise KitError(f"{signal.getitimer(signal.ITIMER_PROF)[0] > 0}")

    monkeypatch.setattr(examination, "issue", issued)
    keys.generate(tmp_path / "lab.key")

    assert cli.main(["certify", str(tmp_path), "--key", str(tmp_path / "lab.key")]) == 3
    assert capsys.readouterr().err == "beckn-conformance: True\n"


def test_no_link_is_followed_to_write_it(crashing, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("kept")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "crash.txt").symlink_to(mine)

    crashing(ZeroDivisionError("deliberate"))

    assert mine.read_text() == "kept"
    assert "deliberate" in (tmp_path / "reports" / "crash.txt").read_text()


def test_a_crash_without_a_folder_to_write_to_is_told_nevertheless(crashing, capfd, tmp_path):
    (tmp_path / "reports").write_text("a file")

    assert crashing(ZeroDivisionError("deliberate")) == 3
    assert capfd.readouterr().err == "beckn-conformance: ZeroDivisionError: deliberate\n"


def test_a_file_that_a_certificate_covers_is_not_written_over(tmp_path, capsys):
    (tmp_path / "certificate.json").touch()

    assert cli.main(["report", str(tmp_path), "--har"]) == 4

    (line,) = capsys.readouterr().err.splitlines()
    assert "certificate.json covers exchanges.har" in line
    assert [path.name for path in tmp_path.iterdir()] == ["certificate.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "beckn-conformance run: error: the following arguments are required: URL"),
        (["diff", "a", "b", "--nope"], "beckn-conformance diff: error: unrecognized arguments: --nope"),
    ],
)
def test_a_usage_error_is_told_with_the_usage_of_its_command(arguments, said, capsys):
    assert cli.main(arguments) == 4

    usage, *_, last = capsys.readouterr().err.splitlines()
    assert usage.startswith(f"usage: beckn-conformance {arguments[0]} ")
    assert last == said


@pytest.mark.parametrize(
    ("read", "name", "said"),
    [(keys.signer, "lab.key.pub", "holds the public key"), (keys.public_key, "lab.key", "holds the private key")],
)
def test_the_wrong_key_of_a_pair_is_named(tmp_path, read, name, said):
    keys.generate(tmp_path / "lab.key")

    with pytest.raises(UsageError, match=said):
        read(tmp_path / name)


def test_what_a_command_starts_imports_nothing_from_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "struct.py").write_text("raise SystemExit('not the one that was meant')")

    assert cli.main(["--version"]) == 0

    assert subprocess.run([sys.executable, "-c", "import struct"], check=False).returncode == 0
