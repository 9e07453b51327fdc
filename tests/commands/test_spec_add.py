"""``spec add`` writes all rows that a member, an operation or a reading needs, and says what is left to decide."""

import difflib

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.additions import member, operation, reading
from beckn_conformance.commands.spec.additions.editing import styled
from beckn_conformance.commands.spec.check import problems
from beckn_conformance.specification import loading
from beckn_conformance.specification.loading import default_folder, load
from tests.changed_schemas import copied


@pytest.fixture
def folder(tmp_path):
    return copied(tmp_path / "schemas")


def told(folder):
    return list(problems(folder))


def texts(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize("name", [n for n in load().files if n.endswith(("common.json", ".ack.json", "request.json"))])
def test_the_schemas_have_the_style_that_is_written(name):
    assert styled(load().files[name]) + "\n" == (default_folder() / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("type_", ["string", "integer", "boolean"])
def test_members_lack_nothing_but_examples(folder, type_):
    pointers = ("/info/website", "/documents/*/kind", "/api/sandbox", "/registration/region")

    added = {pointer: member.add(folder, pointer, type_, optional=False) for pointer in pointers}

    # No test of the suite asks for a registration in several ways.
    found = [problem for problem in told(folder) if not problem.message.startswith("no test exercises GET-ACK-REGION")]
    assert {problem.file for problem in found} <= {"description.yaml"}
    specification = load(folder)
    members = [member.pointer for o in specification.operations for member in specification.members(o.action)]
    for pointer in pointers:
        assert any("examples" in line for line in added[pointer].left)
        assert members.count(pointer) >= (1 if pointer.startswith("/api") else 2)


def test_an_optional_member_lacks_nothing_at_all(folder):
    member.add(folder, "/info/website", "string", optional=True)

    assert told(folder) == []
    (website,) = [m for m in load(folder).members("Provider/signup") if m.pointer == "/info/website"]
    assert website.omissible


def test_lines_that_are_not_concerned_stay_as_they_are(folder):
    before = texts(folder)

    member.add(folder, "/info/website", "string", optional=False)

    lost = [
        line
        for name, text in texts(folder).items()
        for line in difflib.unified_diff(before[name].splitlines(), text.splitlines(), n=0, lineterm="")
        if line.startswith("-") and not line.startswith("---")
    ]
    assert len(lost) < 12, lost


@pytest.mark.parametrize("like", ["get", "info-update", "documents-add"])
def test_an_operation_is_described_everywhere(folder, like):
    added = operation.add(folder, "Provider/status", like)

    assert told(folder) == []
    assert "Provider/status" in {o.action for o in load(folder).operations}
    assert any("replaces or adds_to" in line for line in added.left)


def test_a_reading_is_a_row_that_can_be_cited(folder):
    reading.add(folder, "R20", "what a gateway does on a Sunday", "R")

    assert told(folder) == []
    assert load(folder).readings["R20"]["topic"] == "what a gateway does on a Sunday"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("member", "/info/phone"), "/info/phone exists already"),
        (("member", "/inof/website"), "no request has an object at /inof; did you mean '/info'?"),
        (("member", "/info/Web Site"), "write a pointer of lower-case letters"),
        (("operation", "Provider/get"), "Provider/get exists already"),
        (("operation", "status"), "write the Action of the operation"),
        (("operation", "Provider/status", "--like", "fetch"), "--like fetch is not an operation"),
        (("reading", "R1", "--topic", "x"), "R1 exists already"),
        (("reading", "20", "--topic", "x"), "write a letter and a number"),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_written(folder, arguments, message, capsys):
    before = texts(folder)

    assert main(["spec", "add", *arguments, "--spec", str(folder)]) == 4

    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert texts(folder) == before


def test_the_schemas_of_an_installed_kit_are_not_changed(tmp_path, monkeypatch, capsys):
    package = tmp_path / "beckn_conformance"
    folder = copied(package / "schemas")
    monkeypatch.setattr(loading, "__file__", str(package / "specification" / "loading.py"))
    before = texts(folder)

    assert main(["spec", "add", "member", "/info/website"]) == 4

    (line,) = capsys.readouterr().err.splitlines()
    assert f"{folder} belongs to an installed kit" in line
    assert texts(folder) == before


def test_the_command_prints_what_was_written_and_what_is_left(folder, capsys):
    assert main(["spec", "add", "member", "/info/website", "--spec", str(folder)]) == 0

    said = {line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()}
    assert said == {"folder", "wrote", "decide", "fix"}
