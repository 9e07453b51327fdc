"""Recordings of other forms than HAR are judged for what they hold: payload logs, newman's export, VCR cassettes."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.errors import UsageError
from tests.run.forms import FORMS, PAYLOADS, VAGUE, folder_of_files, lines, pairs
from tests.run.recordings import entries, judged

DEFECTS = {
    "get-name-ascii": ("GET-ROUND-TRIP", "Provider/get", "/info/name"),
    "documents-add-second-addition-replaces-first": ("DOCUMENTS-LISTED", "Provider/documents/add", "/documents"),
    "update-partial-blanks-email": None,
    "signup-info-error-blank": None,
    "get-ack-registration-id-missing": ("GET-ID", "Provider/get", "/registration/id"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_fair_gateway_has_no_findings_in_any_form(form, tmp_path):
    result = judged(form(entries(), tmp_path))

    assert result.found == set()
    assert result.status("GET-ROUND-TRIP") == "passed"
    assert result.verdict.exit_status == 0


@pytest.mark.parametrize("form", FORMS)
def test_what_a_recording_holds_of_defects_is_found_in_any_form(form, tmp_path):
    planted = [defect for defect in DEFECTS if form not in VAGUE or "second" not in defect]

    found = judged(form(entries(*planted), tmp_path)).found

    assert found == found_in_lines(*planted)
    assert {DEFECTS[defect] for defect in planted} - {None} <= found


@cache
def found_in_lines(*defects):
    with TemporaryDirectory() as folder:
        return judged(lines(entries(*defects), Path(folder))).found


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("log.jsonl", '{"request": {"header": {}}}\n{"request": 7}\n', "log.jsonl, line 2: "),
        ("log.jsonl", '{"request": {"header": {}}}\n\n{"request":\n', "log.jsonl, line 3: "),
        ("log.json", '[\n{"request": {"header": {}}},\n{"request": {"header": 1}}\n]', "log.json, line 3: "),
        ("a.request.json", '{\n"header": }', "a.request.json, line 2: "),
        ("a.request.json", '{"body": {}}', "a.request.json, line 1: "),
        ("a.reply.json", '{"header": {}}', "a.reply.json has no a.request.json"),
        ("cassette.yaml", "http_interactions:\n- request: [\n", "line 3: "),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(name, text, where, tmp_path):
    (tmp_path / name).write_text(text)
    source = tmp_path if name.startswith("a.") else tmp_path / name

    with pytest.raises(UsageError) as raised:
        judged(source)

    assert where in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("form", PAYLOADS)
def test_what_only_http_shows_is_untested_in_a_payload_log(form, tmp_path):
    result = judged(form(entries(), tmp_path))

    for requirement in ("REPLY-STATUS-ACK", "REPLY-STATUS-NACK", "REPLY-MEDIA-TYPE", "REPLY-TIME", "GET-ENDPOINT"):
        outcome = next(o for o in result.verdict.outcomes if o.requirement.id == requirement)
        assert outcome.status == "untested"
        assert outcome.reason.startswith("the log holds headers and bodies only")
    assert result.status("REPLY-MESSAGE") != "untested"


def test_a_payload_log_is_of_the_gateway_that_the_user_names(tmp_path):
    result = judged(lines(entries("get-name-ascii"), tmp_path), "https://gw.example/api")

    assert DEFECTS["get-name-ascii"] in result.found
    assert "under https://gw.example/api" not in result.notes


def test_header_members_of_a_payload_log_may_be_in_any_case(tmp_path):
    path = tmp_path / "log.jsonl"
    with path.open("w") as file:
        for pair in pairs(entries()):
            pair["request"]["header"] = {name.lower(): value for name, value in pair["request"]["header"].items()}
            file.write(json.dumps(pair) + "\n")

    assert judged(path).status("GET-ROUND-TRIP") == "passed"


@pytest.mark.parametrize(("body", "found"), [("<html>502 Bad Gateway</html>", False), (None, False), ({}, True)])
def test_a_page_in_a_payload_log_may_come_from_something_in_front(body, found, tmp_path):
    path = tmp_path / "log.jsonl"
    logged = [*pairs(entries())]
    logged[1]["reply"] = {"header": {}, "body": body}
    path.write_text("".join(json.dumps(pair) + "\n" for pair in logged))

    assert bool(judged(path).found) is found


def test_a_folder_of_messages_is_judged_from_the_command_line(tmp_path, capsys):
    assert main(["judge", str(folder_of_files(entries("get-name-ascii"), tmp_path))]) == 1

    assert "GET-ROUND-TRIP" in capsys.readouterr().out
