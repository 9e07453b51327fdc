"""What is recorded comes out as HAR 1.2 and back without loss; recordings of others are read for what they hold."""

import base64
import io
import json
import tracemalloc

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.record import har
from beckn_conformance.record.foreign import forms as recorded
from beckn_conformance.record.foreign.har import address
from beckn_conformance.record.rows import content_of
from beckn_conformance.record.rows import written as packed_of
from tests import har_format, reports
from tests.reports import FOUND, HOSTILE, finding, report


def row(id="x1", **changes):
    """A recorded exchange with a query, cookies and a time in microseconds."""
    return {
        **reports.row(id, operation="Provider/get", started=1795379813.718136, seconds=0.00512),
        "request": {
            "method": "POST",
            "url": "http://127.0.0.1:1/v1/Provider/get?tenant=a%20b&empty=",
            "headers": [["Action", "Provider/get"], ["Content-Type", "application/json"], ["Cookie", "a=b; c=d"]],
            "content": '{"registration":{"id":"reg-1"}}',
        },
        "reply": {
            "status": 200,
            "headers": [["content-type", "application/json"], ["action", "ACK"], ["Set-Cookie", "s=1; HttpOnly"]],
            "content": '{"registration":{"id":"reg-1","status":"VERIFIED"}}',
        },
        **changes,
    }


def written(*rows, **changes):
    file = io.StringIO()
    har.write(rows, report(**changes), file)
    return file.getvalue()


def read_back(text, folder):
    file = folder / "traffic.har"
    file.write_text(text, encoding="utf-8")
    return [one.row for one in recorded.read(file)]


def only(text):
    (entry,) = json.loads(text)["log"]["entries"]
    return entry


UNANSWERED = row("x2", reply=None, trouble="timeout: no reply within 10 s")
BINARY = row("x3", request={**row()["request"], "content": "\xff\x00{", "form": "latin-1"})
BINARY["reply"] = {"status": 599, "headers": [], "content": "\xfe", "form": "latin-1"}
HARSH = row(
    "x4",
    about=HOSTILE,
    tags=["after malformed"],
    trouble="patience: given up",
    message=False,
    raw={"sizes": [3], "pause": 0.5, "ending": "reset", "wait": 1.0},
    request={
        "method": "POST",
        "url": "http://[<secret 1>@h/?&=&",
        "headers": [["A", HOSTILE], ["A", ""]],
        "content": "",
    },
    reply={"status": 200, "headers": [["x", HOSTILE]], "content": HOSTILE.replace("\ud800", "")},
)


@pytest.mark.parametrize("rows", [(), (row(),), (UNANSWERED,), (BINARY,), (HARSH,), (row(), UNANSWERED, BINARY, HARSH)])
def test_another_program_writes_the_same_archive(rows):
    archive = json.loads(written(*rows))

    har_format.check(archive)
    assert len(archive["log"]["entries"]) == len(rows)


def test_everything_is_read_back_as_it_was_recorded(tmp_path):
    rows = [row(), UNANSWERED, BINARY, HARSH]

    assert read_back(written(*rows), tmp_path) == rows


@pytest.mark.parametrize(
    "changes",
    [{"_tags": 5}, {"_seconds": None}, {"_raw": {"sizes": 1}}, {"_peer": "file:///x"}, {"_id": "\x1b"}, {"_more": 1}],
)
def test_what_only_claims_to_be_of_this_kit_is_refused(tmp_path, changes):
    archive = json.loads(written(row("x1"), row("x2")))
    archive["log"]["entries"][1].update(changes)

    with pytest.raises(UsageError, match="its entry 2 is none of this kit's: "):
        read_back(json.dumps(archive), tmp_path)


def test_replies_of_one_letter_do_not_make_a_long_file(tmp_path, monkeypatch):
    monkeypatch.setattr(har, "LARGEST", 5_000_000)
    long = packed_of(b"a" * 2_000_000)
    replies = [{"status": 200, "headers": [], **long} for _ in range(20)]

    text = written(*(row(f"x{number}", reply=reply) for number, reply in enumerate(replies)), row("x99"))

    assert len(text) < 6_000_000
    first, *_, last, short = read_back(text, tmp_path)
    assert content_of(first["reply"]) == b"a" * 2_000_000
    assert (last["reply"], last["trouble"][:6]) == (None, "limit:")
    assert short == row("x99")


def test_an_entry_says_what_was_sent_and_received():
    entry = only(written(row()))

    assert entry["startedDateTime"] == "2026-11-22T20:36:53.718136+00:00"
    assert entry["time"] == entry["timings"]["wait"] == 5.12
    assert entry["request"]["queryString"] == [{"name": "tenant", "value": "a b"}, {"name": "empty", "value": ""}]
    assert entry["request"]["cookies"] == [{"name": "a", "value": "b"}, {"name": "c", "value": "d"}]
    assert entry["request"]["postData"] == {"mimeType": "application/json", "text": '{"registration":{"id":"reg-1"}}'}
    assert entry["response"]["cookies"] == [{"name": "s", "value": "1"}]
    assert entry["response"]["statusText"] == "OK"
    assert entry["response"]["content"]["size"] == 51
    assert (entry["_id"], entry["_operation"]) == ("x1", "Provider/get")


def test_a_request_has_the_header_fields_that_the_client_added():
    headers = only(written(row()))["request"]["headers"]
    own = row(request={**row()["request"], "headers": [["user-agent", "mine"], ["HOST", "other.example"]]})
    values = {header["name"]: header["value"] for header in headers}

    assert [*values][:4] == ["Host", "User-Agent", "Accept", "Accept-Encoding"]
    assert [*values][4:] == ["Action", "Content-Type", "Cookie", "Content-Length"]
    assert (values["Host"], values["Content-Length"]) == ("127.0.0.1:1", "31")
    names = [header["name"] for header in only(written(own))["request"]["headers"]]
    assert names == ["Accept", "Accept-Encoding", "user-agent", "HOST", "Content-Length"]


def test_nothing_is_added_to_raw_bytes_or_to_what_others_recorded():
    raw = row(raw={"sizes": [3], "pause": 0, "ending": "", "wait": 1})
    recorded = {**report()["run"], "recorded": True}

    for text in (written(raw), written(row(), run=recorded)):
        assert [h["name"] for h in only(text)["request"]["headers"]] == ["Action", "Content-Type", "Cookie"]


def test_a_run_is_one_page():
    log = json.loads(written(row(), row("x2")))["log"]

    (page,) = log["pages"]
    assert page["startedDateTime"] == report()["run"]["started"]
    assert {entry["pageref"] for entry in log["entries"]} == {page["id"]}


def test_what_got_no_reply_has_no_status_and_a_reason():
    response = only(written(UNANSWERED))["response"]

    assert (response["status"], response["_error"]) == (0, "timeout: no reply within 10 s")


def test_what_is_no_text_is_base64():
    entry = only(written(BINARY))

    assert entry["request"]["postData"]["_encoding"] == entry["response"]["content"]["encoding"] == "base64"
    assert base64.b64decode(entry["request"]["postData"]["text"]) == b"\xff\x00{"
    assert base64.b64decode(entry["response"]["content"]["text"]) == b"\xfe"


def test_an_entry_names_the_findings_that_it_shows():
    requirements = report(finding(exchanges=["x1", "x9"]), finding("NACK-TEXT"))["requirements"]

    entry, other = json.loads(written(row("x1"), row("x2"), requirements=requirements))["log"]["entries"]

    assert set(entry["comment"].removeprefix("shows ").split(", ")) == {f"{FOUND}-00000001", "NACK-TEXT-00000001"}
    assert "comment" not in other


def test_writing_holds_one_exchange_at_a_time():
    class Nowhere(io.StringIO):
        def write(self, text):
            return len(text)

    def rows(count):
        for n in range(count):
            yield row(f"x{n}", about="a" * 20_000)

    tracemalloc.start()
    try:
        har.write(rows(500), report(), Nowhere())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


# Recordings of others.


def foreign(*entries, creator="WebInspector", **log):
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": entries, **log}}
    )


def entry(**changes):
    """The least that a browser writes."""
    request = {
        "method": "POST",
        "url": "https://gw.example/Provider/get",
        "headers": [{"name": ":method", "value": "POST"}, {"name": "ACTION", "value": "Provider/get"}],
        "postData": {"mimeType": "application/json", "text": "{}"},
        **changes.pop("request", {}),
    }
    response = {
        "status": 200,
        "headers": [{"name": "action", "value": "ACK"}],
        "content": {"size": 2, "text": "{}"},
        **changes.pop("response", {}),
    }
    return {
        "startedDateTime": "2026-11-22T20:36:53.718Z",
        "time": 12.5,
        "_initiator": {"type": "script"},
        "request": request,
        "response": response,
        **changes,
    }


def test_a_recording_of_a_browser_is_read(tmp_path):
    (only_row,) = read_back(foreign(entry(), pages=[]), tmp_path)

    assert only_row == {
        "id": "",
        "operation": "",
        "started": 1795379813.718,
        "seconds": 0.0125,
        "purpose": "",
        "tags": [],
        "about": "",
        "trouble": "",
        "request": {
            "method": "POST",
            "url": "https://gw.example/Provider/get",
            "headers": [["ACTION", "Provider/get"], ["Content-Type", "application/json"]],
            "content": "{}",
        },
        "reply": {"status": 200, "headers": [["action", "ACK"]], "content": "{}"},
    }


def test_a_byte_order_mark_before_a_recording_is_forgiven(tmp_path):
    assert len(read_back("\ufeff" + foreign(entry(), entry()), tmp_path)) == 2


@pytest.mark.parametrize(
    ("when", "started"),
    [
        ("2026-11-22T21:36:53.718+01:00", 1795379813.718),
        ("2026-11-22T20:36:53.7181234Z", 1795379813.718123),
        ("2026-11-22T20:36:53", 1795379813.0),
        ("yesterday", 0.0),
        (None, 0.0),
    ],
)
def test_times_are_read_in_every_notation(when, started, tmp_path):
    (only_row,) = read_back(foreign(entry(startedDateTime=when)), tmp_path)

    assert only_row["started"] == pytest.approx(started, abs=1e-6)


@pytest.mark.parametrize("time", [-1, None, "soon", float("nan")])
def test_a_time_that_was_not_measured_is_none(time, tmp_path):
    (only_row,) = read_back(foreign(entry(time=time)), tmp_path)

    assert only_row["seconds"] == 0


def test_a_reply_in_base64_is_decoded(tmp_path):
    content = {"size": 4, "text": base64.b64encode(b'"\xc3\xa4"').decode(), "encoding": "base64"}

    (only_row,) = read_back(foreign(entry(response={"content": content})), tmp_path)

    assert content_of(only_row["reply"]) == b'"\xc3\xa4"'


def test_repeated_header_fields_on_several_lines_are_several(tmp_path):
    headers = [{"name": "set-cookie", "value": "a=1\nb=2"}]

    (only_row,) = read_back(foreign(entry(response={"headers": headers})), tmp_path)

    assert only_row["reply"]["headers"] == [["set-cookie", "a=1"], ["set-cookie", "b=2"]]


def test_parameters_of_a_form_stand_for_its_text(tmp_path):
    posted = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}, {"name": "d"}]}

    (only_row,) = read_back(foreign(entry(request={"postData": posted})), tmp_path)

    assert only_row["request"]["content"] == "a=b+c&d="


@pytest.mark.parametrize("response", [{"status": 0, "_error": "net::ERR_FAILED"}, {"status": -1}, {"status": None}])
def test_no_reply_counts_as_a_lost_one(response, tmp_path):
    (only_row,) = read_back(foreign(entry(response=response)), tmp_path)

    assert only_row["reply"] is None
    assert only_row["trouble"] == f"connection: {response.get('_error', 'no reply is recorded')}"


@pytest.mark.parametrize(
    "changes",
    [
        {"response": {"content": {"size": 700, "mimeType": "application/json"}}},
        {"response": {"content": {}}},
        {"response": {"content": {"size": 0}}},
        {"response": {"content": {"size": 0, "text": ""}}},
        {"response": {"content": {"text": '{"info": {"name": "Gr'}}},
        {"response": {"status": 304}},
        {"_fromCache": "disk"},
        {"response": {"content": {"size": 700, "text": ""}}},
        {"response": {"content": {"size": 700, "text": "{"}}},
        {"response": {"content": {"size": 7, "text": "!", "encoding": "base64"}}},
        {"request": {"postData": {}, "bodySize": 31}},
        {"request": {"postData": None, "bodySize": -1}},
        {"request": {"postData": None, "headers": [{"name": "Content-Length", "value": "31"}], "bodySize": 0}},
    ],
)
def test_what_was_not_recorded_whole_counts_as_unanswered(changes, tmp_path):
    (only_row,) = read_back(foreign(entry(**changes)), tmp_path)

    assert only_row["reply"] is None
    assert only_row["trouble"].startswith("limit: the recording ")


@pytest.mark.parametrize(
    "changes",
    [
        {"response": {"status": 204, "content": {}}},
        {"response": {"content": {}, "headers": [{"name": "Content-Length", "value": "0"}]}},
        {"request": {"postData": None, "bodySize": 0}},
        {"request": {"method": "GET", "postData": None}},
        {"response": {"content": {"size": 5, "text": "{}"}}},
    ],
)
def test_what_was_empty_is_recorded_whole(changes, tmp_path):
    (only_row,) = read_back(foreign(entry(**changes)), tmp_path)

    assert only_row["reply"] is not None
    assert only_row["trouble"] == ""


def test_members_of_other_programs_mean_nothing(tmp_path):
    (only_row,) = read_back(foreign(entry(_id="7", _operation="x", _tags="y")), tmp_path)

    assert (only_row["id"], only_row["operation"], only_row["tags"]) == ("", "", [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"log": []}',
        '{"log": {"entries": {}}}',
        "[" * 100_000,
        foreign({}),
        foreign(7),
        foreign({"request": {"method": "POST"}}),
        '{"id":"x1"}\n{"id":"x2"}\n',
    ],
)
def test_what_is_no_har_is_refused_in_one_line(text, tmp_path):
    with pytest.raises(UsageError, match=r"traffic\.har is not a recording|entry 1 has no request") as raised:
        read_back(text, tmp_path)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_and_a_missing_file_are_refused(tmp_path):
    file = tmp_path / "traffic.har"

    with pytest.raises(UsageError, match="cannot be read"):
        recorded.read(file)
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(UsageError, match="is not a recording"):
        recorded.read(file)


def test_a_url_that_is_none_loses_its_user_too_and_is_searched_once():
    assert address("http://[me:pass/word@gw.example/x@y?to=z@a") == "http://y?to=z@a"
    url = f"http://[{'://' * 300_000}"
    assert address(url) == url
