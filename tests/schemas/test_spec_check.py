"""What somebody who edits the schemas is told, and that what they add is tested without a line of Python."""

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
from beckn_conformance.specification.loading import default_folder
from beckn_conformance.suite.specification import choose
from tests.changed_schemas import changed, copied, with_everything, with_operation, with_website


@pytest.fixture(autouse=True)
def kept() -> Any:
    yield
    choose(None)


def _told(folder: Path) -> list[str]:
    return [str(problem) for problem in problems(folder)]


def test_nothing_is_to_be_mended() -> None:
    assert _told(default_folder()) == []


def _set(pointer: str, value: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        *path, last = pointer.split("/")[1:]
        for part in path:
            content = content[part]
        content[last] = value

    return change


PHONE = "/$defs/phone"


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        (f"{PHONE}/type", "text", "is no JSON Schema"),
        (f"{PHONE}/x-saef", {}, "x-saef is no keyword of the kit; did you mean 'x-safe'?"),
        ("/$defs/info/properties/phone", {"$ref": "#/$defs/telephone"}, "$ref #/$defs/telephone leads nowhere"),
        ("/$defs/telephone", {"type": "string"}, "nothing refers to telephone"),
        (f"{PHONE}/examples", ["8023329991"], "its example '8023329991' is not valid under its own schema"),
        (
            f"{PHONE}/x-malformed/no dash",
            "+91-8023329991",
            "is to be refused (no dash), but",
        ),
        (f"{PHONE}/x-variants/of Mars", "^[+]999-", "no value of the kind 'of Mars' is found"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, pointer: str, value: Any, message: str) -> None:
    folder = copied(tmp_path / "schemas")
    changed(folder, "common.json", _set(pointer, value))

    told = _told(folder)

    assert any(message in line for line in told), told
    line = next(line for line in told if message in line)
    named = re.match(r"common\.json:([0-9]+): ", line)
    assert named is not None
    text = (folder / "common.json").read_text(encoding="utf-8").splitlines()[int(named[1]) - 1]
    assert any(part in text for part in (*pointer.split("/")[-2:], "$ref", "8023329991")), (line, text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reading: [T8]", "reading: [T99]", "REPLY-JSON cites T99, which is no reading"),
        ("- id: REPLY-ACTION", "- id: REPLY-JSON", "REPLY-JSON is there twice"),
        ("members: [/info/email]", "members: [/info/mail]", "names /info/mail, which its requests do not have"),
        ("operations: [get]", "operations: [fetch]", "is of fetch, which is no operation"),
        ("level: MUST", "level: SHALL", '"SHALL" is not one of'),
        ("- id: GET-ENDPOINT", "- id: GET-ENTRY", "requirements.yaml has no GET-ENDPOINT"),
        ("- id: REPLY-JSON", "- id: REPLY-JASON", "no check judges REPLY-JASON; write one"),
        ("id: REPLY-JSON", "id: [", "make it YAML"),
    ],
)
def test_a_fault_of_the_catalogue_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = copied(tmp_path / "schemas")
    file = folder / "requirements.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")

    told = _told(folder)

    if "JASON" in new:
        # That no test exercises it cannot be told: some tests exercise whatever the catalogue holds of replies.
        assert any("no defect breaks REPLY-JASON; plant one" in line for line in told)
    line = next(line for line in told if message in line)
    named = re.match(r"(?:requirements|operations)\.yaml:([0-9]+): ", line)
    assert named is not None
    if line.startswith("requirements") and "YAML" not in line:
        entry = "\n".join(file.read_text(encoding="utf-8").splitlines()[int(named[1]) - 1 :][:9])
        assert new.split(": ")[-1].strip("[]") in entry


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


def test_a_description_that_is_out_of_step_is_told(tmp_path: Path) -> None:
    folder = copied(tmp_path / "schemas")
    file = folder / "openapi.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("  /Provider/get:", "  /Provider/fetch:"),
        ("schema: {$ref: signup.request.json}", "schema: {$ref: get.request.json}"),
    ):
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    told = _told(folder)

    assert any("/Provider/get is missing" in line for line in told)
    assert any("/Provider/fetch is no path of operations.yaml" in line for line in told)
    assert any("its schema is not signup.request.json" in line for line in told)


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
        assert f"defect signup-{place}-ignored: as it should be" in said


def test_a_fifth_operation_is_proved_without_a_line_of_python(tmp_path: Path) -> None:
    folder = with_operation(tmp_path / "schemas")

    status, said = _run(
        "spec", "check", "--spec", str(folder), "--prove", "--only", "status-registration", "--jobs", "1", "--json"
    )

    assert status == 0, said
    told = json.loads(said)
    assert told["problems"] == []
    assert {"status-registration-missing-accepted", "status-registration-not-blamed"} <= {
        name for row in told["proved"] for name in row["names"]
    }


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
