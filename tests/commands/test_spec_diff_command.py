"""The command ``spec diff``: versions, output, exit statuses; and how single changes are worded."""

import json
import re
import shutil
import subprocess

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.diff.changes import BOTH, CANNOT_TELL, Change, Changes
from beckn_conformance.commands.spec.diff.release_notes import notes as release_notes
from beckn_conformance.commands.spec.revision import folder
from beckn_conformance.errors import UsageError
from beckn_conformance.specification.loading import load
from tests.changed_schemas import changed, copied
from tests.commands.test_spec_diff import GONE, compared, part, renamed, several

ADD, SIGNUP = "Provider/documents/add", "Provider/signup"


def lines(*edits):
    return list(compared(several(*edits))[1].lines())


def test_a_break_is_told_with_its_witness():
    assert lines(part("failed_registration/properties/status/const", "UPDATE-FAILED")) == [
        "breaking      gateways   Provider/info/update NACK /registration/status: is allowed no longer: "
        'enum ["UPDATE-FAILED"], before ["UPDATE-FAIL"]',
        '    witness  {"registration": {"status": "UPDATE-FAIL"}}',
        "             before: allowed; now: not allowed",
        "breaking      providers  Provider/info/update NACK /registration/status: is allowed now: "
        'enum ["UPDATE-FAILED"], before ["UPDATE-FAIL"]',
        '    witness  {"registration": {"status": "UPDATE-FAILED"}}',
        "             before: not allowed; now: allowed",
        "not breaking  gateways   Provider/info/update NACK /registration/status: is allowed now: "
        'enum ["UPDATE-FAILED"], before ["UPDATE-FAIL"]',
        "2 breaking, 0 cannot tell, 1 not breaking",
        "gateways: breaking; providers: breaking; raise the major version",
    ]


def test_what_nobody_can_tell_is_told_as_such():
    told = lines(part("email/x-safe/format", "email"))

    assert told[0].startswith("cannot tell   providers  Provider/signup request /info/email: perhaps no longer need be")
    assert told[1].endswith("messages shows a difference, and the keywords do not rule one out")
    assert told[-1] == "gateways: not breaking; providers: cannot tell; raise the major version"


@pytest.mark.parametrize(
    ("edit", "version"),
    [
        (part("phone/examples", ["+91-8023329990"]), "patch"),
        (part("phone/pattern", GONE), "minor"),
        (part("auth/properties/token/minLength", 16), "major"),
    ],
)
def test_the_part_of_the_version_to_raise_is_suggested(edit, version):
    assert compared(edit)[1].version == version


def test_changes_of_one_message_are_told_apart():
    _, found = compared(
        several(
            part("registration_pending/properties/status/const", "UPDATE-QUEUED"),
            part("document_numbered/required", ["name", "data", "status"]),
            part("api_kept/properties/endpoint_url/minLength", 1),
        )
    )

    broken = {(c.party, c.pointer): c.witness for c in found.changes if c.effect == "breaking" and c.operation == ADD}
    assert set(broken) == {
        ("gateways", "/registration/status"),
        ("providers", "/registration/status"),
        ("providers", "/documents/*/id"),
        ("gateways", "/api/endpoint_url"),
    }
    shown = {place: witness.message for place, witness in broken.items() if witness is not None}
    assert shown["gateways", "/api/endpoint_url"]["api"] == {"endpoint_url": ""}
    assert "id" not in shown["providers", "/documents/*/id"]["documents"][0]


def test_a_rename_is_one_change_for_each_party():
    _, found = compared(renamed("auth", "exp", "expires"))

    told = [(c.effect, c.party, c.pointer, c.text) for c in found.changes]
    assert told == [("breaking", party, "/auth/expires", "renamed, before exp") for party in ("gateways", "providers")]


def test_witnesses_lie_at_the_border():
    _, found = compared(part("name/x-safe/maxLength", 32))

    names = [c.witness.message["info"]["name"] for c in found.changes if c.witness and c.effect == "breaking"]
    assert {len(name) for name in names} == {33}


# Versions.


def git(where, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=where, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with schemas/ in two revisions, of which the first has the tag v1; it is where one stands."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    root = tmp_path / "repository"
    (root / "inner").mkdir(parents=True)
    git(root, "init", "-q")
    copied(root / "schemas")
    git(root, "add", ".")
    git(root, "commit", "-qm", "One")
    git(root, "tag", "v1")
    common = root / "schemas" / "common.json"
    common.write_text(common.read_text().replace('"const": "UPDATE-FAIL"', '"const": "UPDATE-FAILED"'))
    git(root, "commit", "-qam", "Two")
    monkeypatch.chdir(root / "inner")
    return root


def test_two_revisions_are_compared_and_leave_no_traces(repository, capsys):
    assert main(["spec", "diff", "v1", "HEAD"]) == 1
    assert "gateways: breaking; providers: breaking" in capsys.readouterr().out

    assert main(["spec", "diff", "HEAD", str(repository)]) == 0
    assert capsys.readouterr().out == "no change\n"
    left = [path.name for path in repository.rglob("*") if "schemas" not in path.parts and ".git" not in path.parts]
    assert left == ["inner"]


def test_a_repository_of_a_stranger_runs_nothing(repository):
    (repository / ".gitattributes").write_text("* filter=evil\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "Three")
    git(repository, "config", "filter.evil.smudge", f"touch {repository / 'ran'}; cat")

    assert main(["spec", "diff", "v1", "HEAD"]) == 1

    assert not (repository / "ran").exists()


def test_names_of_members_are_no_markdown_in_release_notes():
    change = Change(CANNOT_TELL, BOTH, "Provider/get", "perhaps <b>", "ack", "/<img src=x>[a](b)`c`")

    text = "\n".join(release_notes(Changes((change,)), "old", "new"))

    assert not re.search(r"(?<!\\)[<>\[\]`]", text)


def test_json_and_release_notes_say_the_same(repository, capsys):
    assert main(["spec", "diff", "v1", "HEAD", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert main(["spec", "diff", "v1", "HEAD", "--format", "markdown"]) == 1
    notes = capsys.readouterr().out

    assert (found["breaking"], found["gateways"], found["providers"], found["version"]) == (
        *(True, "breaking", "breaking"),
        "major",
    )
    assert found["changes"][0]["witness"]["message"] == {"registration": {"status": "UPDATE-FAIL"}}
    assert notes.startswith("# Changes from v1 to HEAD\n\nThis is a **major** release.")
    assert [line for line in notes.splitlines() if line.startswith("##")] == [
        "## For gateways",
        "### Breaking",
        "### New",
        "## For providers",
        "### Breaking",
    ]
    assert '{"registration": {"status": "UPDATE-FAIL"}}' in notes


def test_a_change_that_cannot_be_told_ends_with_status_10(tmp_path, capsys):
    new = copied(tmp_path / "schemas")
    changed(new, "common.json", lambda c: c["$defs"]["email"]["x-safe"].update(format="email"))

    assert main(["spec", "diff", str(load().folder), str(new)]) == 10
    assert "cannot tell" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["v9", "nothing/here", "--output=x", "HEAD:schemas"])
def test_what_is_neither_folder_nor_revision_is_told_in_one_line(repository, capsys, name):
    assert main(["spec", "diff", "--", "v1", name]) == 4

    assert capsys.readouterr() == (
        "",
        f"beckn-conformance: {name} is neither a folder nor a revision of a git repository here\n",
    )


def _older(folder):
    (folder / "operations.yaml").unlink()


def _edited(edit):
    return lambda folder: changed(folder, "common.json", lambda content: edit({"common.json": content}))


def _circular(folder):
    circle = {"$ref": "#/properties/message"}
    changed(folder, "header.reply.json", lambda content: content["properties"].update(message=circle))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_older, "has an older layout of schemas/"),
        (_edited(part("api_kept", {"$ref": "#/$defs/api_kept"})), "a schema refers to itself"),
        (_circular, "a schema refers to itself"),
        (_edited(part("api_kept/properties/endpoint_url", {"$ref": "#/$defs/nothing"})), "leads nowhere"),
        (_edited(part("phone/pattern", "(")), "is not a"),
        (lambda folder: (folder / "get.ack.json").write_bytes(b'{"title": "caf\xe9"}'), "get.ack.json"),
        (lambda folder: (folder / "get.ack.json").write_text("{"), "get.ack.json, line 1"),
        (lambda folder: (folder / "requirements.yaml").write_text("- id: ["), "requirements.yaml, line"),
    ],
)
@pytest.mark.parametrize("side", [0, 1])
def test_a_version_that_cannot_be_read_is_named_in_one_line(tmp_path, capsys, spoil, message, side):
    spoiled = copied(tmp_path / "spoiled")
    spoil(spoiled)
    versions = [str(load().folder), str(load().folder)]
    versions[side] = str(spoiled)

    assert main(["spec", "diff", *versions]) == 4

    (line,) = capsys.readouterr().err.splitlines()
    assert str(spoiled) in line
    assert message in line


def test_a_folder_without_schemas_and_a_revision_without_are_told(repository, tmp_path):
    git(repository, "rm", "-rq", "schemas")
    git(repository, "commit", "-qm", "Three")
    (tmp_path / "empty").mkdir()

    for name, match in ((str(tmp_path / "empty"), "not a copy of schemas/"), ("HEAD", "has no schemas/")):
        with pytest.raises(UsageError, match=match), folder(name):
            pass


def test_outside_of_a_repository_a_revision_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(UsageError, match="neither a folder nor a revision"), folder("HEAD"):
        pass
