"""Rows of a record that a stranger wrote have a checked form, and unpack to no more than a run writes."""

import base64
import json
import os
import zlib

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.errors import UsageError
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.record import reader
from beckn_conformance.record.events import KINDS
from beckn_conformance.record.masking import Masker
from beckn_conformance.record.run import FORMAT
from beckn_conformance.run import rejudge
from beckn_conformance.specification.loading import load
from beckn_conformance.untrusted.reading import MB
from tests.reports import row as exchange_row

RUN = {
    "kind": "run",
    "format": FORMAT,
    "id": "0123456789ab",
    "version": "0.1.0",
    "specification": load().digest,
    "seed": 7,
    "started": "2026-11-29T10:00:00+00:00",
    "strict": False,
    "examples": 25,
    "recorded": False,
    "config": GatewayConfig("https://gw.example/api").to_json(Masker()),
}
JUDGED = {"kind": "judged", "test": "t", "exchanges": ["x1"], "unmet": ""}
BEGUN = {
    "kind": "begun",
    "binding": ["http"],
    "probe": [],
    "served": ["Provider/signup"],
    "signups_work": True,
    "serves_fresh": True,
    "notes": [],
}


def line(row):
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def packed(size, letter="a"):
    content = base64.b64encode(zlib.compress((letter * size).encode(), 9)).decode()
    return {"status": 200, "headers": [], "content": content, "form": "zlib"}


def written(folder, course, exchanges):
    (folder / "course.jsonl").write_bytes(b"".join(map(line, course)))
    (folder / "exchanges.jsonl").write_bytes(b"".join(map(line, exchanges)))
    return folder


def changed(row, path, value):
    """A copy of a row with another value at a path of names."""
    copy = json.loads(json.dumps(row))
    at = copy
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "../x1"),
        (("id",), "x1\x1b[31m"),
        (("operation",), "Provider/get; id"),
        (("started",), -1e30),
        (("started",), 1e300),
        (("seconds",), "1"),
        (("purpose",), "other"),
        (("tags",), ["a\nb"]),
        (("peer",), "file:///etc/passwd"),
        (("message",), 1),
        (("request", "method"), "$(id)"),
        (("request", "method"), "GET\r\nX: y"),
        (("request", "url"), "file:///etc/passwd"),
        (("request", "url"), "http://gw\n/x"),
        (("request", "headers"), [["Na\nme", "value"]]),
        (("request", "headers"), [["Name"]]),
        (("request", "headers"), {"Name": "value"}),
        (("request", "content"), None),
        (("request", "form"), "gzip"),
        (("reply", "status"), True),
        (("reply", "status"), 10**30),
        (("reply", "headers"), [[1, 2]]),
        (("raw",), {"sizes": [-1], "pause": 0, "ending": "", "wait": 1}),
        (("raw",), {"sizes": [1] * 20_000, "pause": 0, "ending": "", "wait": 1}),
        (("more",), 1),
    ],
)
def test_an_exchange_that_no_run_writes_is_refused(path, value):
    reader.row(line(exchange_row()), "exchange")

    with pytest.raises(ValueError) as raised:  # noqa: PT011
        reader.row(line(changed(exchange_row(), path, value)), "exchange")

    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    ("row", "path", "value"),
    [
        (RUN, ("version",), "1`id`"),
        (RUN, ("version",), "<b>"),
        (RUN, ("seed",), "7\x1b[2J"),
        (RUN, ("started",), "now"),
        (RUN, ("config", "timestamp_zone"), "UTC'; id; '"),
        (RUN, ("config", "method"), "POST -o x"),
        (RUN, ("config", "headers"), {"A\nB": "c"}),
        (RUN, ("config", "url"), "javascript:alert(1)"),
        (RUN, ("config", "concurrency"), -1),
        (RUN, ("config", "waivers"), [{"requirement": "X"}]),
        (RUN, ("config", "tls"), {"verify": False}),
        (JUDGED, ("exchanges",), ["x 1"]),
        (JUDGED, ("exchanges",), "x1"),
        (JUDGED, ("test",), "a\x1b"),
        (JUDGED, ("offset",), 0.5),
        (JUDGED, ("kind",), "other"),
        (BEGUN, ("binding",), ["smoke signals"]),
        (BEGUN, ("served",), ["../.."]),
    ],
)
def test_a_step_that_no_run_writes_is_refused(row, path, value):
    reader.row(line(row))

    with pytest.raises(ValueError):  # noqa: PT011
        reader.row(line(changed(row, path, value)))


@pytest.mark.parametrize("text", [b"[]\n", b"1\n", b'{"kind":"run","kind":"run"}\n', b"[" * 10_000, b"\xff\n", b"\n"])
def test_a_line_that_is_no_row_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        reader.row(text)


def test_half_a_character_in_a_text_is_no_fault():
    assert reader.row(line(exchange_row(about="r\ud83d")), "exchange")["about"] == "r\ud83d"


def test_contents_that_unpack_to_more_than_any_run_writes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "LARGEST_RECORD", MB)
    written(tmp_path, [RUN], [exchange_row(f"x{n}", reply=packed(5 * MB)) for n in range(5)])
    found = reader.Exchanges(tmp_path)

    with pytest.raises(ValueError, match="more than any run writes"):
        [found.exchange(id_, HttpBinding()) for id_ in found]
    found.close()


def test_an_exchange_is_not_judged_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "LARGEST_RECORD", MB)
    named = [{**JUDGED, "exchanges": [f"x{n}" for n in range(50)]}] * 1000
    written(tmp_path, [RUN, BEGUN, *named], [exchange_row(f"x{n}") for n in range(50)])

    with pytest.raises(UsageError, match="more than any run writes"):
        rejudge.rejudge(tmp_path, load())


def test_a_scenario_holds_no_more_than_a_run_can_hold_at_once(tmp_path):
    written(tmp_path, [RUN, BEGUN, {**JUDGED, "exchanges": ["x1"] * 100}], [exchange_row(reply=packed(15 * MB))])

    with pytest.raises(UsageError, match="more than a run can hold at once") as raised:
        rejudge.rejudge(tmp_path, load())

    assert "course.jsonl, line 3" in str(raised.value)


def test_a_reply_of_more_values_than_any_that_is_judged_is_refused(tmp_path):
    reply = {**packed(3 * MB, "[],"), "headers": [["content-type", "application/json"]]}
    written(tmp_path, [RUN, BEGUN, JUDGED], [exchange_row(reply=reply)])

    with pytest.raises(UsageError, match="more than 100000 JSON values"):
        rejudge.rejudge(tmp_path, load())


def test_a_damaged_exchange_is_told_with_file_and_line(tmp_path):
    written(tmp_path, [RUN, BEGUN, JUDGED], [exchange_row("x2"), exchange_row("x1", tags="none")])

    with pytest.raises(UsageError) as raised:
        rejudge.rejudge(tmp_path, load())

    assert str(raised.value) == f'{tmp_path / "exchanges.jsonl"}, line 2: tags: "none" is not of type "array"'


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in its file systems")
@pytest.mark.parametrize("name", ["course.jsonl", "exchanges.jsonl", "exchanges-gw0.jsonl", "course-gw1.jsonl"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_record_is_made_of_regular_files(tmp_path, name, kind):
    written(tmp_path, [RUN], [exchange_row()])
    path = tmp_path / name
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()

    with pytest.raises(UsageError, match=rf"{name} cannot be read: "):
        rejudge.rejudge(tmp_path, load())


@pytest.mark.parametrize("name", ["course.jsonl", "exchanges-gw0.jsonl"])
def test_a_line_without_an_end_is_not_read(tmp_path, name):
    written(tmp_path, [RUN], [exchange_row()])
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, 2**40)

    with pytest.raises(UsageError, match=rf"{name} cannot be read: a line is longer than 160 MB"):
        rejudge.rejudge(tmp_path, load())


def test_what_only_resembles_a_file_of_the_record_is_no_part_of_it(tmp_path):
    written(tmp_path, [RUN], [exchange_row()])
    for name in ("exchanges-old.jsonl", "exchanges-.jsonl", "exchanges-gw.jsonl", "course-copy.jsonl"):
        (tmp_path / name).write_text("no JSON\n")

    assert [row["id"] for row in reader.in_order(tmp_path)] == ["x1"]
    assert len(reader.paths(tmp_path, "course")) == 1


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_schema_knows_every_kind_of_row(kind):
    assert load().files["record.json"]["$defs"][kind]["properties"]["kind"] == {"const": kind}


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        ({**RUN, "started": "0001-01-01T00:00:00+23:59"}, "is out of range"),
        ({**RUN, "started": "9999-12-31T23:59:59+00:00"}, "is out of range"),
        (
            {**RUN, "config": {**RUN["config"], "values": {"/info/company_id": "a{1,60000}"}}},
            "repeats something more than",
        ),
        ({**RUN, "config": {**RUN["config"], "values": {"/info/company_id": "(" * 500}}}, "not a regular expression"),
    ],
)
def test_a_run_that_no_kit_began_is_damage(tmp_path, damaged, why):
    written(tmp_path, [damaged, BEGUN], [])

    with pytest.raises(UsageError, match=f"course.jsonl, line 1.*{why}"):
        rejudge.rejudge(tmp_path, load())


def test_an_exchange_of_an_operation_that_there_is_not_is_damage(tmp_path):
    signup = {**exchange_row("x1", operation="Provider/other"), "message": True}
    written(tmp_path, [RUN, BEGUN, JUDGED], [signup])

    with pytest.raises(UsageError, match="no operation Provider/other"):
        rejudge.rejudge(tmp_path, load())
