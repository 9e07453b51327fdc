"""What is added to the schemas is tested without a line of Python."""

import json

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.check import problems
from beckn_conformance.commands.spec.prove import unproved
from beckn_conformance.suite.specification import choose
from tests.changed_schemas import changed, with_everything, with_website


@pytest.fixture(autouse=True)
def kept():
    yield
    choose(None)


def _told(folder):
    return [str(problem) for problem in problems(folder)]


def _set(pointer, value):
    def change(content):
        *path, last = pointer.split("/")[1:]
        for part in path:
            content = content[part]
        content[last] = value

    return change


def test_a_member_without_requirements_is_told_unless_a_reason_is_given(tmp_path):
    folder = with_website(tmp_path / "schemas")
    file = folder / "requirements.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("\n- id: SIGNUP-ACK-WEBSITE")], encoding="utf-8")

    told = [line for line in _told(folder) if "/info/website" in line]

    assert sum("refused where it is faulty" in line for line in told) == 2
    assert sum("accepted where it is valid" in line for line in told) == 2
    changed(folder, "common.json", _set("/$defs/website/x-unheld", "it is on trial"))
    assert [line for line in _told(folder) if "/info/website" in line] == []


@pytest.mark.long
def test_what_is_added_is_proved_without_a_line_of_python(tmp_path, capsys):
    folder = with_everything(tmp_path / "schemas")
    # Examples in the description are mended by others than this test.
    file = folder / "description.yaml"
    file.write_text(file.read_text(encoding="utf-8").partition("calls:")[0] + "calls: {}\n", encoding="utf-8")

    status = main(
        ["spec", "check", "--spec", str(folder), "--prove", "--only=info-website-ignored", "--jobs=1", "--json"]
    )

    told = json.loads(capsys.readouterr().out)
    assert (status, told["problems"]) == (0, []), told
    assert ["signup-info-website-ignored"] in [row["names"] for row in told["proved"]]
    places = ("info-size", "api-sandbox", "documents-item-kind", "contact-person")
    for name in (
        *(f"signup-{place}-ignored" for place in places),
        *("contact-update-ignored", "status-registration-missing-accepted", "status-registration-error-unsaid"),
    ):
        assert unproved([name]) == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--spec", "nowhere"), "nowhere: there is no requirements.yaml"),
        (("--prove", "--only", "nothing-of-the-kind"), "nothing that is planted has that in its name"),
        (("--jobs", "0"), "--jobs 0: at least one process is needed"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(arguments, message, capsys):
    assert main(["spec", "check", *arguments]) == 4
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert message in said[0]
