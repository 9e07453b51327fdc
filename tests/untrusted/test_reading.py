"""Files of strangers are read within bounds, and nothing but regular files are."""

import json
import os
import sys
import time

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.untrusted import reading

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes and devices in its file systems")


@POSIX
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "missing", "link below", "folder that is a link"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "report.json"
    below = None
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = reading.Path("/dev/zero")
        case "folder":
            path.mkdir()
        case "link below":
            (tmp_path / "other").write_text("{}")
            path.symlink_to(tmp_path / "other")
            below = tmp_path
        case "folder that is a link":
            (tmp_path / "elsewhere").mkdir()
            (tmp_path / "elsewhere" / "x.sh").write_text("")
            (tmp_path / "findings").symlink_to(tmp_path / "elsewhere")
            path, below = tmp_path / "findings" / "x.sh", tmp_path

    with pytest.raises(UsageError, match="cannot be read: ") as raised:
        reading.content(path, below=below)

    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


@POSIX
def test_a_folder_that_the_user_named_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "report.json").write_text("{}")
    (tmp_path / "latest").symlink_to(tmp_path / "real")

    assert reading.content(tmp_path / "latest" / "report.json", below=tmp_path / "latest") == b"{}"


def test_a_sparse_file_of_terabytes_is_refused_by_its_size(tmp_path):
    path = tmp_path / "traffic.har"
    with path.open("wb") as file:
        file.truncate(2**40)

    with pytest.raises(UsageError, match="it is larger than 64 MB"):
        reading.content(path)


@POSIX
def test_a_file_that_grows_while_it_is_read_is_bounded():
    # Files of /proc are regular, and none of them says how long it is.
    with pytest.raises(UsageError, match="it is larger than 10 bytes"):
        reading.content(reading.Path("/proc/self/status"), most=10)


def test_a_line_without_an_end_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "exchanges.jsonl"
    path.write_bytes(b"short\n" + b"x" * 1000)
    with reading.opened(path) as file:
        lines = reading.lines(file, longest=100)
        assert next(lines) == b"short\n"
        with pytest.raises(ValueError, match="a line is longer than 100 bytes"):
            next(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 101 + "]" * 101, "it is nested in more than 100 levels"),
        ("[" * 900, "it is nested in more than 100 levels"),
        ('{"a":' * 900, "it is nested in more than 100 levels"),
        ("[" + "[],{}," * 20 + "1" + ",1" * 1000 + "]", "it holds more than 1000 values"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is given twice in one object"),
        ("[NaN]", "NaN is not a JSON value"),
        ("[1", "Expecting"),
    ],
)
def test_json_that_would_take_too_much_is_refused_unread(text, reason):
    with pytest.raises(ValueError, match=reason):
        reading.json_value(text, values=1000)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100 + "]" * 100,
        json.dumps(["[" * 500 + '\\"' + ",{" * 500, "\\", '"']),
        json.dumps([["[é"] * 300 for _ in range(300)]),
        json.dumps([{}, [], "", None, True, 1.5, -0.0, 10**300]),
    ],
)
def test_sound_json_is_read_whatever_its_strings_hold(text):
    assert reading.json_value(text) == json.loads(text)
    assert reading.json_value(text.encode()) == json.loads(text)


def test_a_number_of_many_digits_is_infinite():
    assert reading.json_value(f"[{'9' * 5000}, -{'9' * 5000}]") == [float("inf"), -float("inf")]


@pytest.mark.parametrize("piece", ['"\\"', "[", '"a', '{"":', "\\", "[[],"])
def test_measuring_takes_time_in_proportion_to_the_text(piece):
    text = piece * (2_000_000 // len(piece))
    began = time.process_time()

    with pytest.raises(ValueError):  # noqa: PT011
        reading.json_value(text, values=10**9)

    assert time.process_time() - began < 5


def test_a_fault_of_a_json_file_is_told_with_its_line(tmp_path):
    path = tmp_path / "report.json"
    path.write_text('{\n "a": 1,\n !}')

    with pytest.raises(UsageError) as raised:
        reading.json_file(path)

    assert str(raised.value).startswith(f"{path}, line 3: not JSON: ")


def test_names_given_twice_are_accepted_where_others_write_so(tmp_path):
    path = tmp_path / "traffic.har"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1, "a": 2}')

    assert reading.json_value(reading.text(path), unique=False) == {"a": 2}
