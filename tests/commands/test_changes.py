"""What changed between two versions of the schemas is told for both parties, each break with a message to show it."""

import copy
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec import diff, examples
from beckn_conformance.commands.spec.revision import folder
from beckn_conformance.errors import SpecificationError, UsageError
from beckn_conformance.specification.loading import default_folder, load
from beckn_conformance.specification.validators import BASE, compile_schema

OLD = load()
SIGNUP, UPDATE, ADD, GET = "Provider/signup", "Provider/info/update", "Provider/documents/add", "Provider/get"


def edited(**edits):
    """The specification with some of its files edited; ``signup_ack`` stands for signup.ack.json."""
    files = dict(OLD.files)
    for name, edit in edits.items():
        file = f"{name.replace('__', '-').replace('_', '.')}.json"
        files[file] = copy.deepcopy(files[file])
        edit(files[file])
    return replace(OLD, files=files, digest="0" * 64)


def defs(edit):
    """An edit of common.json's definitions."""
    return edited(common=lambda file: edit(file["$defs"]))


COMPARED = []
"""Versions that were compared, and what was found."""


def compared(old, new):
    """The changes, found once."""
    for one, other, found in COMPARED:
        if one is old and other is new:
            return found
    COMPARED.append((old, new, diff.compare(old, new).changes))
    return COMPARED[-1][2]


def told(new, old=OLD):
    """Effect, party, operation, direction and pointer of each change."""
    found = compared(old, new)
    return {(c.effect, c.party, c.operation, c.direction, c.pointer) for c in found}


def broken(new, old=OLD):
    """The breaking changes, of which each has been seen to have a witness that the validator judges so."""
    found = [c for c in compared(old, new) if c.effect == "breaking"]
    for change in found:
        assert change.witness is not None, change
        verdicts = []
        for version in (old, new):
            key = {o.action: o.key for o in version.operations}.get(change.operation, "header")
            kind = {"request header": "request", "reply header": "reply"}.get(change.direction, change.direction)
            name = f"{key}.{kind}.json"
            verdicts.append(compile_schema({"$ref": BASE + name}, version.files).is_valid(change.witness.message))
        if change.direction != "request":
            assert verdicts == [change.witness.before in ALLOWED, change.witness.now in ALLOWED]
            assert verdicts[0] != verdicts[1]
        elif "must be refused" in (change.witness.before, change.witness.now):
            assert verdicts == [w != "must be refused" for w in (change.witness.before, change.witness.now)]
        else:
            assert True in verdicts
    return found


ALLOWED = ("allowed", "may be sent")


def test_nothing_changed_is_no_change():
    found = diff.compare(OLD, OLD)

    assert found.changes == ()
    assert [*found.lines()] == ["no change"]
    assert not found.breaking


def test_other_titles_are_no_change():
    new = defs(lambda d: d["phone"].update(title="Telephone"))

    assert diff.compare(OLD, new).changes == ()


def test_a_safe_border_that_shrinks_breaks_providers():
    new = defs(lambda d: d["name"]["x-safe"].update(maxLength=32))

    assert told(new) == {
        (effect, party, operation, "request", "/info/name")
        for operation in (SIGNUP, UPDATE)
        for effect, party in (("breaking", "providers"), ("widening", "gateways"))
    }
    for change in broken(new):
        assert len(change.witness.message["info"]["name"]) == 33
        assert (change.witness.before, change.witness.now) == ("must be accepted", "need not be accepted")


def test_a_safe_border_that_grows_breaks_gateways():
    pattern = "^\\+[0-9]{1,3}-[0-9]{7,12}(-[0-9]{1,8})?$"
    new = defs(lambda d: d["phone"]["x-safe"].update(pattern=pattern))

    assert told(new) == {
        (effect, party, operation, "request", "/info/phone")
        for operation in (SIGNUP, UPDATE)
        for effect, party in (("breaking", "gateways"), ("widening", "providers"))
    }
    for change in broken(new):
        assert len(change.witness.message["info"]["phone"].split("-")[2]) in (7, 8)


def test_a_schema_proper_that_narrows_breaks_gateways_and_providers_only_where_it_reaches_what_is_safe():
    within = defs(lambda d: d["document"]["properties"]["name"].update(maxLength=100))
    reaching = defs(lambda d: d["document"]["properties"]["name"].update(maxLength=40))

    pointer = "/documents/*/name"
    assert told(within) == {("breaking", "gateways", o, "request", pointer) for o in (SIGNUP, ADD)}
    assert {(c.party, c.operation) for c in broken(within)} == {("gateways", SIGNUP), ("gateways", ADD)}
    assert told(reaching) == {
        *(("breaking", "gateways", o, "request", pointer) for o in (SIGNUP, ADD)),
        *(("breaking", "providers", o, "request", pointer) for o in (SIGNUP, ADD)),
        *(("widening", "gateways", o, "request", pointer) for o in (SIGNUP, ADD)),
    }
    assert {len(c.witness.message["documents"][0]["name"]) for c in broken(reaching)} == {41}


def test_a_schema_proper_that_widens_breaks_nobody():
    new = defs(lambda d: d["phone"].pop("pattern"))

    assert told(new) == {
        ("widening", "gateways", operation, "request", "/info/phone") for operation in (SIGNUP, UPDATE)
    }


def test_a_member_that_is_required_now_breaks_gateways():
    new = edited(signup_request=lambda file: file["required"].append("documents"))

    assert told(new) == {("breaking", "gateways", SIGNUP, "request", "/documents")}
    (change,) = broken(new)
    assert "documents" not in change.witness.message


def test_null_that_is_refused_now_breaks_gateways():
    new = defs(lambda d: d["documents"]["anyOf"].pop())

    assert told(new) == {("breaking", "gateways", operation, "request", "/documents") for operation in (SIGNUP, ADD)}
    assert all(change.witness.message["documents"] is None for change in broken(new))


@pytest.mark.parametrize("required", [True, False])
def test_a_new_member_of_a_request_breaks_both(required):
    def edit(info):
        info["properties"]["website"] = {"type": "string", "examples": ["https://example.com"]}
        if required:
            info["required"].append("website")

    new = defs(lambda d: edit(d["info"]))

    found = broken(new)
    assert {(c.party, c.operation, c.pointer) for c in found} == {
        ("gateways", SIGNUP, "/info/website"),
        ("providers", SIGNUP, "/info/website"),
    }
    shown = {c.text.partition(":")[0]: c.witness.message["info"] for c in found}
    assert "website" in shown["must be accepted now"]
    assert "website" not in shown["no longer need be accepted"]
    assert ("website" in shown["must be refused now"]) is (not required)


def test_another_literal_in_a_reply_breaks_both():
    new = defs(lambda d: d["registration_pending"]["properties"]["status"].update(const="UPDATE-QUEUED"))

    found = broken(new)
    assert {(c.party, c.operation, c.direction, c.pointer) for c in found} == {
        (party, operation, "ack", "/registration/status")
        for party in ("gateways", "providers")
        for operation in (UPDATE, ADD)
    }
    shown = {c.party: c.witness.message["registration"]["status"] for c in found}
    assert shown == {"gateways": "UPDATE-PENDING", "providers": "UPDATE-QUEUED"}


def test_one_more_literal_in_a_reply_breaks_providers():
    new = defs(lambda d: d["document_numbered"]["properties"]["status"]["enum"].append("REJECTED"))

    assert told(new) == {
        ("breaking", "providers", ADD, "ack", "/documents/*/status"),
        ("widening", "gateways", ADD, "ack", "/documents/*/status"),
    }
    (change,) = broken(new)
    assert change.witness.message["documents"][0]["status"] == "REJECTED"


def test_a_member_of_a_reply_that_may_be_left_out_breaks_providers():
    new = defs(lambda d: d["auth"]["required"].remove("exp"))

    assert told(new) == {
        ("breaking", "providers", SIGNUP, "ack", "/auth/exp"),
        ("widening", "gateways", SIGNUP, "ack", "/auth/exp"),
    }
    (change,) = broken(new)
    assert set(change.witness.message["auth"]) == {"token"}


def test_a_member_of_a_reply_that_is_gone_breaks_providers():
    def edit(auth):
        auth["required"].remove("exp")
        del auth["properties"]["exp"]

    found = broken(defs(lambda d: edit(d["auth"])))

    assert [(c.party, c.pointer) for c in found] == [("providers", "/auth/exp")]


def test_a_new_member_of_a_reply_breaks_gateways():
    def edit(file):
        file["required"].append("session")
        file["properties"]["session"] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}

    assert told(edited(get_ack=edit)) == {("breaking", "gateways", GET, "ack", "/session")}


def test_a_failure_body_with_a_list_for_an_error_breaks_providers():
    errors = {"type": ["string", "null", "array"]}
    new = defs(lambda d: d["api_errors"]["anyOf"][1]["properties"].update(endpoint_url=errors))

    (change,) = broken(new)

    assert (change.party, change.operation, change.direction) == ("providers", SIGNUP, "nack")
    assert change.witness.message == {"api": {"endpoint_url": []}}


def test_changes_of_one_message_are_told_apart():
    def edit(d):
        d["registration_pending"]["properties"]["status"]["const"] = "UPDATE-QUEUED"
        d["document_numbered"]["required"].remove("id")
        d["api_kept"]["properties"]["endpoint_url"]["minLength"] = 1

    found = [c for c in broken(defs(edit)) if c.operation == ADD]

    assert {(c.party, c.pointer) for c in found} == {
        ("gateways", "/registration/status"),
        ("providers", "/registration/status"),
        ("providers", "/documents/*/id"),
        ("gateways", "/api/endpoint_url"),
    }
    shown = {(c.party, c.pointer): c.witness.message for c in found}
    assert shown["gateways", "/api/endpoint_url"]["api"] == {"endpoint_url": ""}
    assert "id" not in shown["providers", "/documents/*/id"]["documents"][0]


def test_a_time_with_a_zone_breaks_gateways():
    def edit(file):
        file["properties"]["Timestamp"]["pattern"] = file["properties"]["Timestamp"]["pattern"].replace("$", "Z?$")

    new = edited(header_request=edit)

    assert told(new) == {
        ("breaking", "gateways", "every operation", "request header", "/Timestamp"),
        ("widening", "providers", "every operation", "request header", "/Timestamp"),
    }
    (change,) = broken(new)
    assert change.witness.message["Timestamp"].endswith("Z")


def test_a_new_operation_breaks_gateways_and_one_that_is_gone_breaks_providers():
    files = {**OLD.files, "delete.request.json": OLD.files["get.request.json"]}
    new = replace(OLD, files=files, digest="1" * 64)

    assert told(new) == {("breaking", "gateways", "delete", "", ""), ("widening", "providers", "delete", "", "")}
    assert told(OLD, new) == {("breaking", "providers", "delete", "", ""), ("widening", "gateways", "delete", "", "")}
    assert all(change.witness.message["registration"] for change in compared(OLD, new))


def test_a_pattern_in_other_words_is_neutral():
    pattern = "^[LU]\\d{5}[A-Z]{2}\\d{4}[A-Z]{3}[0-9]{6}$".replace("\\d", "[0123456789]")
    new = defs(lambda d: d["company_id"]["x-safe"].update(pattern=pattern))

    found = diff.compare(OLD, new)

    assert {c.effect for c in found.changes} == {"neutral"}
    assert all("messages tells the two apart" in c.text for c in found.changes)
    assert not found.breaking


def test_what_the_keywords_say_and_no_message_shows_is_told_as_such():
    # A pattern asks for more characters than that already.
    new = defs(lambda d: d["auth"]["properties"]["token"].update(minLength=1))

    (change,) = diff.compare(OLD, new).changes

    assert (change.effect, change.party, change.pointer) == ("breaking", "gateways", "/auth/token")
    assert change.witness is None
    assert change.tries > 100
    assert [*change.lines()][1] == f"    no witness found in {change.tries} tries"


def test_samples_and_should_are_neutral():
    new = defs(lambda d: (d["phone"]["x-malformed"].pop("words"), d["name"].pop("x-should")))

    assert told(new) == {
        ("neutral", "both", operation, "request", pointer)
        for operation in (SIGNUP, UPDATE)
        for pointer in ("/info/phone", "/info/name")
    }


# The catalogue.


def with_requirement(id_, **values):
    requirements = {**OLD.requirements, id_: replace(OLD.requirements[id_], **values)}
    return replace(OLD, requirements=requirements, digest="2" * 64)


SHOULD = next(r for r in OLD.requirements.values() if r.level == "SHOULD")
MUST = next(r for r in OLD.requirements.values() if r.level == "MUST" and len(r.operations) > 1)


@pytest.mark.parametrize(
    ("id_", "values", "effect", "text"),
    [
        (SHOULD.id, {"level": "MUST"}, "breaking", "MUST, before SHOULD"),
        (MUST.id, {"level": "SHOULD"}, "widening", "SHOULD, before MUST"),
        (MUST.id, {"operations": MUST.operations[1:]}, "widening", f"no longer of {MUST.operations[0]}"),
        (MUST.id, {"text": "Other words."}, "neutral", "another text"),
        (SHOULD.id, {"level": "MAY"}, "neutral", "MAY, before SHOULD"),
    ],
)
def test_a_changed_requirement_is_told_with_what_it_means(id_, values, effect, text):
    (change,) = diff.compare(OLD, with_requirement(id_, **values)).changes

    assert (change.effect, change.operation, change.text) == (effect, f"requirement {id_}", text)
    assert len([*change.lines()]) == 1


def test_a_new_must_breaks_gateways_and_one_that_is_gone_does_not():
    less = replace(OLD, requirements={k: v for k, v in OLD.requirements.items() if k != MUST.id}, digest="3" * 64)

    assert told(OLD, less) == {("breaking", "gateways", f"requirement {MUST.id}", "", "")}
    assert told(less) == {("widening", "gateways", f"requirement {MUST.id}", "", "")}


def test_a_changed_reading_is_told():
    readings = {**OLD.readings, "R8": {**OLD.readings["R8"], "level": ["S"], "accepts": "Give ids."}}
    del readings["R9"]

    found = diff.compare(OLD, replace(OLD, readings=readings, digest="4" * 64)).changes

    assert {(c.effect, c.operation, c.text) for c in found} == {
        ("neutral", "reading R8", "another accepts; level S, before M S"),
        ("neutral", "reading R9", "is gone: order of documents"),
    }


# Schemas that lead astray, folders and revisions.


def test_a_reference_that_leads_nowhere_or_in_a_circle_is_named():
    nowhere = edited(get_ack=lambda file: file["properties"].update(api={"$ref": "common.json#/$defs/nothing"}))
    circle = defs(lambda d: d["api_kept"].update({"$ref": "#/$defs/api_kept"}))

    for new, match in ((nowhere, "leads nowhere"), (circle, "leads back to itself")):
        with pytest.raises(SpecificationError, match=match):
            diff.compare(OLD, new)


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
    (root / "schemas").mkdir()
    for path in default_folder().iterdir():
        (root / "schemas" / path.name).write_bytes(path.read_bytes())
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
    out = capsys.readouterr().out
    assert "breaking  gateways   Provider/info/update NACK /registration/status: is allowed no longer: " in out
    assert '    witness  {"registration": {"status": "UPDATE-FAIL"}}\n' in out
    assert out.endswith("2 breaking, 1 widening, 0 neutral\n")

    assert main(["spec", "diff", "HEAD", str(repository)]) == 0
    assert capsys.readouterr().out == "no change\n"
    assert sorted(
        path.name for path in repository.rglob("*") if "schemas" not in path.parts and ".git" not in path.parts
    ) == ["inner"]


def test_the_command_gives_json(repository, capsys):
    assert main(["spec", "diff", "v1", str(repository / "schemas"), "--json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["breaking"] is True
    assert {c["effect"] for c in found["changes"]} == {"breaking", "widening"}
    assert {c["pointer"] for c in found["changes"]} == {"/registration/status"}
    assert found["changes"][0]["witness"] == {
        "message": {"registration": {"status": "UPDATE-FAIL"}},
        "before": "allowed",
        "now": "not allowed",
    }


@pytest.mark.parametrize("name", ["v9", "nothing/here", "--output=x", "HEAD:schemas"])
def test_what_is_neither_folder_nor_revision_is_told_in_one_line(repository, capsys, name):
    assert main(["spec", "diff", "--", "v1", name]) == 4

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"beckn-conformance: {name} is neither a folder nor a revision of a git repository here\n"


def test_a_folder_without_schemas_and_a_revision_without_are_told(repository, tmp_path):
    git(repository, "rm", "-rq", "schemas")
    git(repository, "commit", "-qm", "Three")
    (tmp_path / "empty").mkdir()

    for name, match in ((str(tmp_path / "empty"), "no copy of schemas/"), ("HEAD", "has no schemas/")):
        with pytest.raises(UsageError, match=match), folder(name):
            pass


def test_outside_of_a_repository_a_revision_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path(tmp_path).parent))

    with pytest.raises(UsageError, match="neither a folder nor a revision"), folder("HEAD"):
        pass


# Borders.


def test_what_is_safe_is_every_member_and_none_that_is_null():
    safe = examples.Side(examples.bordered(examples.inlined(OLD.files, "signup.request.json"), "safe"))
    body = examples.sample(safe.schema)

    assert safe.accepts(body)
    assert not safe.accepts({**body, "documents": None})
    assert not safe.accepts({**body, "documents": []})
    assert not safe.accepts({name: value for name, value in body.items() if name != "documents"})
    assert not safe.accepts({**body, "more": 1})
    assert not safe.accepts({**body, "info": {**body["info"], "phone": "+91-1"}})
