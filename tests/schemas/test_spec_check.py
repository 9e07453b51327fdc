"""What is added to the schemas is tested without a line of Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.check import problems
from beckn_conformance.suite.specification import choose
from tests.changed_schemas import changed, with_change, with_everything, with_operation, with_website


@pytest.fixture(autouse=True)
def kept() -> Any:
    yield
    choose(None)


def _told(folder: Path) -> list[str]:
    return [str(problem) for problem in problems(folder)]


def _set(pointer: str, value: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        *path, last = pointer.split("/")[1:]
        for part in path:
            content = content[part]
        content[last] = value

    return change


def test_a_member_without_requirements_is_told_unless_a_reason_is_given(tmp_path: Path) -> None:
    folder = with_website(tmp_path / "schemas")
    file = folder / "requirements.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("\n- id: SIGNUP-ACK-WEBSITE")], encoding="utf-8")

    told = [line for line in _told(folder) if "/info/website" in line]

    assert sum("refused where it is faulty" in line for line in told) == 2
    assert sum("accepted where it is valid" in line for line in told) == 2
    changed(folder, "common.json", _set("/$defs/website/x-unheld", "it is on trial"))
    assert [line for line in _told(folder) if "/info/website" in line] == []


def _run(*arguments: str) -> tuple[int, str]:
    """A command in a process of its own: which schemas are meant is chosen once in a process."""
    ended = subprocess.run(
        [sys.executable, "-m", "beckn_conformance", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def _described(folder: Path) -> None:
    """Takes the examples out of the description, which others than this test mend."""
    file = folder / "openapi.yaml"
    text = re.sub(r"\n +examples:\n(?: +[A-Za-z]+: \{\$ref: [^\n]*\}\n)+", "\n", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")


def test_what_is_added_is_proved_without_a_line_of_python(tmp_path: Path) -> None:
    folder = with_everything(tmp_path / "schemas")
    _described(folder)

    status, said = _run("spec", "check", "--spec", str(folder), "--prove", "--only=-ignored", "--jobs", "1")

    assert status == 0, said
    for place in ("info-website", "info-size", "api-sandbox", "documents-item-kind", "contact-person"):
        assert f"defect signup-{place}-ignored: as expected" in said


def test_a_fifth_operation_is_proved_without_a_line_of_python(tmp_path: Path) -> None:
    folder = with_operation(tmp_path / "schemas")

    status, said = _run(
        "spec", "check", "--spec", str(folder), "--prove", "--only", "status-registration", "--jobs", "1", "--json"
    )

    assert status == 0, said
    told = json.loads(said)
    assert told["problems"] == []
    assert {"status-registration-missing-accepted", "status-registration-error-unsaid"} <= {
        name for row in told["proved"] for name in row["names"]
    }


def test_an_operation_that_changes_something_is_proved_without_a_line_of_python(tmp_path: Path) -> None:
    folder = with_change(tmp_path / "schemas")
    _described(folder)

    only = "contact-update-ignored"
    status, said = _run("spec", "check", "--spec", str(folder), "--prove", "--only", only, "--jobs", "1", "--json")

    assert status == 0, said
    assert [only] in [row["names"] for row in json.loads(said)["proved"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--spec", "nowhere"), "--spec nowhere: there is no requirements.yaml"),
        (("--prove", "--only", "nothing-of-the-kind"), "nothing that is planted has that in its name"),
        (("--jobs", "0"), "--jobs 0: at least one process is needed"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spec", "check", *arguments]) == 4
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert message in said[0]
