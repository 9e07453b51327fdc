"""Recordings of other forms than HAR are judged for what they hold: payload logs, newman's export, VCR cassettes."""

import base64
import json
from urllib.parse import urlsplit

import pytest
import yaml

from beckn_conformance.commands.cli import main
from beckn_conformance.errors import UsageError
from tests.run.recordings import entries, judged, zipped

DEFECTS = {
    "get-name-ascii": ("GET-ROUND-TRIP", "Provider/get", "/info/name"),
    "documents-add-second-addition-replaces-first": ("DOCUMENTS-LISTED", "Provider/documents/add", "/documents"),
    "update-partial-blanks-email": None,
    "signup-info-error-blank": None,
    "get-ack-registration-id-missing": ("GET-ID", "Provider/get", "/registration/id"),
}


def pairs(calls, header="header", body="body"):
    """The messages of calls, as vendors log them."""
    for call in calls:
        sent = {one["name"].casefold(): one["value"] for one in call["request"]["headers"]}
        back = {one["name"].casefold(): one["value"] for one in call["response"]["headers"]}
        yield {
            "time": call["startedDateTime"],
            "request": {
                header: {name: sent[name.casefold()] for name in ("Action", "Token", "Timestamp")},
                body: json.loads(call["request"]["postData"]["text"]),
            },
            "reply": {
                header: {name: back[name] for name in ("action", "message")},
                body: json.loads(call["response"]["content"]["text"]),
            },
        }


def lines(calls, folder):
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs(calls)), "utf-8")
    return path


def capital_lines(calls, folder):
    path = folder / "log.txt"
    path.write_text("\n".join(json.dumps(pair) for pair in pairs(calls, "Header", "Body")))
    return path


def listed(calls, folder):
    path = folder / "log.json"
    path.write_text(json.dumps([*pairs(calls)], indent=2))
    return path


def messages(calls):
    for number, pair in enumerate(pairs(calls), 1):
        action = pair["request"]["header"]["Action"].rpartition("/")[2]
        yield f"{number}-{action}.request.json", json.dumps({"time": pair["time"], **pair["request"]}).encode()
        yield f"{number}-{action}.reply.json", json.dumps(pair["reply"]).encode()


def folder_of_files(calls, folder):
    path = folder / "log"
    path.mkdir()
    for name, content in messages(calls):
        (path / name).write_bytes(content)
    (path / "notes.txt").write_text("made on Monday")
    return path


def zip_of_files(calls, folder):
    return zipped(folder / "log.zip", {f"log/{name}": content for name, content in messages(calls)})


def zip_of_lines(calls, folder):
    return zipped(folder / "log.zip", {"log.jsonl": lines(calls, folder).read_bytes()})


def newman(calls, folder):
    def fields(part):
        return [{"key": one["name"], "value": one["value"]} for one in part["headers"]]

    def execution(call):
        url = urlsplit(call["request"]["url"])
        return {
            "item": {"name": url.path},
            "request": {
                "url": {
                    "protocol": url.scheme,
                    "path": url.path[1:].split("/"),
                    "host": url.hostname.split("."),
                    "query": [],
                },
                "header": fields(call["request"]),
                "method": call["request"]["method"],
                "body": {"mode": "raw", "raw": call["request"]["postData"]["text"]},
            },
            "response": {
                "status": "OK",
                "code": call["response"]["status"],
                "header": fields(call["response"]),
                "stream": {"type": "Buffer", "data": [*call["response"]["content"]["text"].encode()]},
                "responseTime": 2900,
            },
        }

    run = {"timings": {"started": 1793700000000}, "executions": [execution(call) for call in calls]}
    path = folder / "newman.json"
    path.write_text(json.dumps({"collection": {"item": []}, "run": run}))
    return path


def interaction(call, body):
    def fields(part):
        return {one["name"]: [one["value"]] for one in part["headers"]}

    return {
        "recorded_at": call["startedDateTime"],
        "request": {
            "uri": call["request"]["url"],
            "method": call["request"]["method"],
            "headers": fields(call["request"]),
            "body": body(call["request"]["postData"]["text"]),
        },
        "response": {
            "status": {"code": str(call["response"]["status"]), "message": "OK"},
            "elapsed": "0.02",
            "headers": fields(call["response"]),
            "body": body(call["response"]["content"]["text"]),
            "http_version": "1.1",
        },
    }


def cassette(calls, folder):
    path = folder / "cassette.yaml"

    def body(text):
        return {"encoding": "utf-8", "string": text}

    found = {"recorded_with": "Schemathesis", "http_interactions": [interaction(call, body) for call in calls]}
    path.write_text(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), "utf-8")
    return path


def cassette_of_bytes(calls, folder):
    path = folder / "cassette.yaml"

    def body(text):
        return {"encoding": "utf-8", "base64_string": base64.b64encode(text.encode()).decode()}

    found = {"recorded_with": "Schemathesis", "http_interactions": [interaction(call, body) for call in calls]}
    path.write_text(yaml.safe_dump(found, sort_keys=False))
    return path


def cassette_of_vcrpy(calls, folder):
    path = folder / "cassette.yaml"
    made = [interaction(call, lambda text: {"string": text}) for call in calls]
    for one in made:
        one["request"]["body"] = one["request"]["body"]["string"]
        one["response"]["status"]["code"] = int(one["response"]["status"]["code"])
        del one["recorded_at"], one["response"]["elapsed"]
    path.write_text(yaml.safe_dump({"interactions": made, "version": 1}))
    return path


PAYLOADS = (lines, capital_lines, listed, folder_of_files, zip_of_files, zip_of_lines)
VAGUE = (newman, cassette_of_vcrpy)
"""Forms without the time of each call, so that a later read may have come too early."""
FORMS = (*PAYLOADS, newman, cassette, cassette_of_bytes, cassette_of_vcrpy)


@pytest.mark.parametrize("form", FORMS)
def test_a_fair_gateway_has_no_findings_in_any_form(form, tmp_path):
    result = judged(form(entries(), tmp_path))

    assert result.found == set()
    assert result.status("GET-ROUND-TRIP") == "passed"
    assert result.verdict.exit_status == 0


@pytest.mark.parametrize(
    ("form", "defect"),
    [(form, defect) for form in FORMS for defect in DEFECTS if form not in VAGUE or "second" not in defect],
)
def test_what_a_recording_holds_of_a_defect_is_found_in_any_form(form, defect, tmp_path):
    sound = judged(lines(entries(defect), tmp_path))
    other = tmp_path / "other"
    other.mkdir()

    result = judged(form(entries(defect), other))

    assert result.found == sound.found
    assert DEFECTS[defect] is None or DEFECTS[defect] in result.found


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


def test_a_folder_of_messages_is_judged_from_the_command_line(tmp_path, capsys):
    assert main(["judge", str(folder_of_files(entries("get-name-ascii"), tmp_path))]) == 1

    assert "GET-ROUND-TRIP" in capsys.readouterr().out
