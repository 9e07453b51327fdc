"""newman runs the collection of a finding: it fails at the gateway that has the defect, and passes at a sound one."""

import json
import os
import shutil
import subprocess

import pytest

from beckn_conformance.commands.cli import main
from tests.end_to_end.loopback import with_body

SHOWN = {
    "signup-info-phone-no-dash-accepted": ("SIGNUP-NACK-PHONE", "the reply says NACK"),
    "get-name-upper-case": ("GET-ROUND-TRIP-EXACT", "info is what was sent"),
    "update-refused-pending": ("UPDATE-NACK-STATUS-UNCHANGED", "the status stays"),
    "documents-document-id-fresh": ("DOCUMENTS-DOCUMENT-ID-STABLE", "document ids stay"),
    "get-status-409": ("REPLY-STATUS-ACK", "the status fits the reply"),
}
"""By defect, the requirement that its finding breaks, and the test that fails."""
SELECTED = {"REPLY-STATUS-ACK": "test_plain_get"}


def newman(collection, url, told=None):
    """Names of the tests that fail; what they say is ``told``."""
    program = shutil.which("newman")
    if program is None:
        pytest.skip("newman is not there")
    made = collection.with_suffix(".result.json")
    options = ["--env-var", f"baseUrl={url}", "--env-var", "mine=hunter2"]
    options += ["--reporters", "json", "--reporter-json-export", str(made)]
    env = {**os.environ, "NO_PROXY": "*"}
    subprocess.run([program, "run", str(collection), *options], env=env, capture_output=True, timeout=120, check=False)
    run = json.loads(made.read_text())["run"]
    assert run["stats"]["assertions"]["total"]
    if told is not None:
        told += [failure["error"]["message"] for failure in run["failures"]]
    return [failure["error"]["test"] for failure in run["failures"]]


@pytest.fixture
def collected(kit, gateway):
    """Makes the collection of a finding from a run at a gateway with a defect; returns both."""

    def collect(defect, requirement, *options, selected="", binding="http"):
        faulty = gateway(defects=(defect,), binding=binding)
        kit.run(faulty.url, "-k", selected or requirement, *options)
        made = kit.folder / f"{requirement}.postman.json"
        assert main(["postman", "--finding", requirement, "--report", str(kit.report), "-o", str(made)]) == 0
        return made, faulty

    return collect


@pytest.mark.parametrize("defect", SHOWN)
def test_the_collection_fails_at_the_faulty_gateway_and_passes_at_a_sound_one(defect, collected, gateway):
    requirement, failing = SHOWN[defect]
    collection, faulty = collected(defect, requirement, selected=SELECTED.get(requirement, ""))

    assert failing in newman(collection, faulty.url)
    assert newman(collection, gateway().url) == []


def test_an_envelope_is_sent_and_read_as_such(kit, collected, gateway):
    declared = kit.configure("binding: envelope\n")
    defect, requirement = "signup-info-phone-no-dash-accepted", "SIGNUP-NACK-PHONE"
    collection, faulty = collected(defect, requirement, declared, binding="envelope")

    assert "the reply says NACK" in newman(collection, faulty.url)
    assert newman(collection, gateway(binding="envelope").url) == []


def test_the_collection_of_the_four_calls_passes_at_a_sound_gateway(tmp_path, gateway):
    made = tmp_path / "calls.json"
    assert main(["postman", "-o", str(made)]) == 0

    assert newman(made, gateway().url) == []


def test_a_reply_reads_no_variable_and_commands_no_log(tmp_path, gateway):
    evil = "{{{mine}}{{$guid}} \x9b2J ##vso[task] ::error::"
    made, told = tmp_path / "calls.json", []
    assert main(["postman", "-o", str(made)]) == 0
    stranger = gateway(lambda seen, answer: with_body(answer, json.dumps(deep(json.loads(answer.body), evil)).encode()))

    newman(made, stranger.url, told)

    assert {seen.action for seen in stranger.seen} == {"signup", "get", "info/update", "documents/add"}
    assert not any("hunter2" in f"{seen.headers}{seen.body}" for seen in stranger.seen)
    assert any("vso[task]" in one for one in told)
    assert not any(one in text for text in told for one in ("\x9b", "##", "::"))


def deep(value, more):
    """A value with more at the end of its texts."""
    if isinstance(value, dict):
        return {name: deep(child, more) for name, child in value.items()}
    return f"{value}{more}" if isinstance(value, str) else value


NAME = "{{baseUrl}} {{$guid}}"


def test_postman_replaces_nothing_that_a_record_says(kit):
    kit.run("reference:signup-info-phone-no-dash-accepted", "-k", "SIGNUP-NACK-PHONE")
    made = kit.folder / "made.json"
    files = {path: path.read_bytes() for path in kit.report.glob("*.jsonl")}

    def posted(old, new):
        assert any(old in whole for whole in files.values())
        for path, whole in files.items():
            path.write_bytes(whole.replace(old, new))
        return main(["postman", "--finding", "SIGNUP-NACK-PHONE", "--report", str(kit.report), "-o", str(made)])

    assert posted(b'["Action",', b'["{{baseUrl}}",') == 4
    assert posted(b'"method":"POST"', b'"method":"{{baseUrl}}"') == 4
    assert posted(b'"about":""', b'"about":"{{baseUrl}}"') == 4
    assert posted(b"http://127.0.0.1:", b"http://{{mine}}:") == 4
    assert posted(b"http://127.0.0.1:", b"http://{mine}:") == 4
    # Half a character cannot be written in UTF-8.
    assert posted(b'["Timestamp",', b'["X-Odd","\\ud800"],["Timestamp",') == 0
    assert posted(b".pdf", f"{NAME}.pdf".encode()) == 0
    for item in json.loads(made.read_text())["item"]:
        raw = item["request"]["body"]["raw"]
        assert NAME not in raw
        assert json.loads(raw)["documents"][0]["name"].endswith(f"{NAME}.pdf")
