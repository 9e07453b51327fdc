"""Writes recorded calls in the forms that ``judge`` reads besides a record."""

import base64
import json
from urllib.parse import urlsplit

import yaml

from tests.run.recordings import archive, zipped


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
            "elapsed": str(call["time"] / 1000),
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


def har(calls, folder):
    path = folder / "traffic.har"
    path.write_text(json.dumps(archive(calls)))
    return path


def zipped_har(calls, folder):
    return zipped(folder / "traffic.har.zip", {"traffic.har": json.dumps(archive(calls)).encode()})


PAYLOADS = (lines, capital_lines, listed, folder_of_files, zip_of_files, zip_of_lines)
VAGUE = (newman, cassette_of_vcrpy)
"""Forms without the time of each call, so that a later read may have come too early."""
FORMS = (*PAYLOADS, har, zipped_har, newman, cassette, cassette_of_bytes, cassette_of_vcrpy)
