"""One change of a page is one line that names its place; what has no meaning is no line."""

import json
import os
import re
from pathlib import Path

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.page import drift
from beckn_conformance.errors import SpecificationError, UsageError
from beckn_conformance.specification.loading import load
from tests.changed_schemas import copied, with_members
from tests.commands.edited_pages import CHANGES, MEANINGLESS, PAGE, ROW, between, edited, page_of
from tests.published_page import written

REAL = os.environ.get("SPECIFICATION_PAGE", "")
"""Where the page that was really published is, for those who have it."""


def told(text, specification=None):
    """The lines on drift, without the name of the page."""
    found = drift.compare("page.md", text, specification or load())
    return [line.removeprefix("page.md:") for line in found.lines() if "note: " not in line][:-1]


@pytest.mark.parametrize("change", CHANGES)
def test_one_change_is_one_line_that_names_its_place(change):
    edit, place, words = CHANGES[change]
    text = page_of(edit)

    (line,) = told(text)

    number, _, message = line.partition(":")
    assert words in message
    assert place in text.splitlines()[int(number) - 1]


@pytest.mark.parametrize("change", MEANINGLESS)
def test_a_change_without_meaning_is_no_line(change):
    text = page_of(MEANINGLESS[change])

    assert text != PAGE
    assert told(text) == []


def test_two_changes_are_two_lines():
    text = (
        edited("24 hours", "12 hours").replace('"exp": "string"', '"exp": 1').replace("Company information", "Company")
    )

    assert [line.partition(": ")[2] for line in told(text)] == [
        "text: '12' in place of '24' in '… PUF should not be less than 12 hours but it is left to …'; covered by X2",
        "Provider/signup table, Provider/info/update table: info: definition 'information' is gone from 'Company'; "
        "covered by SIGNUP-NACK-INFO, UPDATE-NACK-INFO, Q1, Q14 (also on line 263)",
        "Provider/signup ACK body /auth/exp: a number where the schemas have a string",
    ]


def test_typing_errors_are_notes_with_their_lines():
    found = drift.compare("page.md", PAGE, load())

    assert not found.drifted
    errors = [
        (d.text, PAGE.splitlines()[d.line - 1].strip()[-1:]) for d in found.differences if d.kind == "typing error"
    ]
    assert errors == [("'procss' in place of 'process'", ".")] + 3 * [("a trailing comma", ",")]


def test_everything_that_a_reading_settles_is_a_note():
    specification = load()
    settled = specification.files["page.yaml"]["settled"]
    actions = {operation.key: operation.action for operation in specification.operations}

    found = [d for d in drift.compare("page.md", PAGE, specification).differences if d.kind == "settled"]

    assert {(d.reading, d.part, d.operation) for d in found} == {
        (row["reading"], row["parts"][0], actions[key]) for row in settled for key in row["operations"]
    }


@pytest.mark.skipif(not REAL, reason="SPECIFICATION_PAGE names no page")
def test_the_page_that_was_published_agrees_with_the_schemas():
    assert told(Path(REAL).read_text(encoding="utf-8")) == []


# The page that is written.


def test_what_is_written_agrees_with_the_schemas():
    found = drift.compare("page.md", written(), load())

    assert [d for d in found.differences if d.kind != "settled"] == []


def test_what_changed_schemas_write_agrees_with_them(tmp_path):
    specification = load(with_members(tmp_path / "schemas"))

    assert told(written(specification), specification) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("**Stated:** The page is silent.", "**Stated:** POST.", "covered by T1"),
        ("#### T1: HTTP method", "#### T1: method", "heading 'T1: method' in place of"),
        (between("#### T2:", "#### T3:", written()), "", "'T2: path' with what is beneath"),
        ("#### T2:", "#### T99: more\n\nMuch more. And more.\n\n#### T2:", "heading 'T99: more' is not in the layout"),
    ],
)
def test_a_change_of_a_reading_is_one_line(old, new, words):
    (line,) = told(written().replace(old, new, 1))

    assert words in line


# Edited schemas.


@pytest.fixture
def schemas(tmp_path):
    return copied(tmp_path / "schemas")


def rewritten(folder, name, old, new):
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "common.json",
            '"const": "UPDATE-FAIL"',
            '"const": "UPDATE-FAILED"',
            "Provider/info/update NACK body /registration/status: 'UPDATE-FAIL' in place of 'UPDATE-FAILED'; "
            "the schemas allow 'UPDATE-FAILED'",
        ),
        (
            "common.json",
            '"pattern": "^\\\\s*\\\\+[^A',
            '"pattern": "^\\\\s*00[^A',
            "info.phone: the schemas refuse the example '+91-8023329991' (also on line",
        ),
        ("signup.ack.json", '"type": "array",', '"type": "array", "minItems": 2,', "the example is not valid: "),
        (
            "signup.ack.json",
            '"properties": {',
            '"properties": {"session": {"type": "string"},',
            "Provider/signup ACK body /session: in the schemas, and not on the page",
        ),
        (
            "page.yaml",
            "parts: [request], pointers: [/documents], reading: Q11",
            "parts: [ack], pointers: [/documents], reading: Q11",
            "/documents: no longer on the page, and optional in the schemas, as Q11 settles",
        ),
        ("page.yaml", "than 24 hours", "than 12 hours", "text: '24' in place of '12'"),
    ],
)
def test_a_change_of_the_schemas_is_told_where_the_page_differs(schemas, name, old, new, expected):
    rewritten(schemas, name, old, new)

    assert any(expected in line for line in told(PAGE, load(schemas)))


def test_a_reworded_sentence_is_drift_until_its_coverage_is_considered(schemas):
    rewritten(schemas, "page.yaml", "than 24 hours", "than 12 hours")
    specification = load(schemas)

    (line,) = told(written(specification), specification)

    assert "coverage was considered for other words" in line
    assert line.endswith("covered by X2")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [("level: 5", "level: 7", "layout/operation/12"), ("difference: values", "difference: value", "settled")],
)
def test_a_wrong_record_of_the_page_is_named(schemas, old, new, match):
    rewritten(schemas, "page.yaml", old, new)

    with pytest.raises(SpecificationError, match=match):
        told(PAGE, load(schemas))


def test_schemas_without_a_record_of_the_page_are_an_error(schemas):
    (schemas / "page.yaml").unlink()

    with pytest.raises(SpecificationError, match=r"page\.yaml"):
        told(PAGE, load(schemas))


# Pages that are none.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Gateways\n\nThere are some.\n",
        "Gateways",
        "# API\n\n    /orders/new\n\n    {}\n",
        re.sub(r"(?m)^    .*\n", "", PAGE),
        "# Registration API\n\n## POST /Provider/signup\n\n```json\n{}\n```\n",
        "# API\n\n    /Provider/signup\n\nSend this:\n\n    {}\n",
    ],
    ids=["empty", "other", "words", "other endpoints", "no code", "endpoints in headings", "endpoint alone"],
)
def test_a_page_in_another_layout_is_an_error(text):
    with pytest.raises(UsageError, match="not laid out as the specification page is"):
        told(text)


CRAFTED = {
    "none": (None, 4),
    "empty": (b"", 4),
    "not UTF-8": (b"\xff\xfe", 4),
    "Latin-1": (PAGE.replace("procss", "procès").encode("latin-1"), 4),
    "huge": (b"a" * 300_000, 4),
    "many blocks": (PAGE.encode() + b"\n\nA.\n" * 9000, 4),
    "many sentences": (PAGE.encode() + b"\nA is b." * 4_000, 1),
    "many rows": (edited(ROW, "| x | y |\n" * 1500 + ROW).encode(), 1),
    "many members": (edited("{", "{" + "".join(f'"m{n}": 1,' for n in range(1000))).encode(), 1),
    "deep quotes": (PAGE.encode() + b"\n\n" + b">" * 50_000, 0),
    "deep lists": (PAGE.encode() + b"\n\n" + b"- " * 20_000, 0),
    "deep example": (edited('"Provider/get",', '{"a":' * 20_000).encode(), 1),
    "brackets": (PAGE.encode() + b"\n\n" + b"[^" * 5_000, 1),
    "spaces": (PAGE.encode() + b"\n\nA." + b" " * 100_000 + b"x", 1),
    "lone surrogates": (edited('"Token": "string"', '"\\ud800\\u001b": "\\udfff"').encode(), 1),
    "long numbers": (edited('"exp": "string"', '"exp": ' + "9" * 50_000).encode(), 1),
    "control characters": (PAGE.encode() + b"\n\n\x1b[31mred\x00 ::error:: ##[group]\n", 1),
}


@pytest.mark.parametrize("kind", CRAFTED)
def test_no_page_ends_in_a_traceback(tmp_path, capsys, kind):
    content, status = CRAFTED[kind]
    path = tmp_path / "page.md"
    if content is not None:
        path.write_bytes(content)

    assert main(["spec", "drift", str(path)]) == status

    captured = capsys.readouterr()
    assert captured.err.count("\n") == (status == 4)
    assert "\x1b" not in captured.out
    assert bool(captured.out) == (status != 4)


def test_the_command_gives_json(tmp_path, capsys):
    path = tmp_path / "page.md"
    path.write_text(edited("UPDATE-FAIL", "UPDATE-BAD"), encoding="utf-8")

    assert main(["spec", "drift", str(path), "--json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["drifted"] is True
    (row,) = (row for row in found["differences"] if row["kind"] == "drift")
    assert (row["operation"], row["part"], row["pointers"]) == (
        "Provider/info/update",
        "nack",
        ["/registration/status"],
    )
    assert "UPDATE-BAD" in path.read_text(encoding="utf-8").splitlines()[row["line"] - 1]


def test_a_table_in_html_means_the_same():
    lines = PAGE.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| Key"))
    last = next(number for number in range(first, len(lines)) if not lines[number].startswith("|"))
    rows = [line.strip("|").split("|") for number, line in enumerate(lines[first:last]) if number != 1]
    table = ["<table>", *(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows), "</table>"]

    assert told("\n".join([*lines[:first], *table, *lines[last:]])) == []


def test_header_and_body_in_one_example_are_one_line():
    header = PAGE.index("    {", PAGE.index("Header :", PAGE.index("    /Provider/get")))
    label = PAGE.index("Body", header)
    body = PAGE.index("    {", label)
    end = PAGE.index("\n    }\n", body) + len("\n    }")
    first, last = PAGE[header : PAGE.index("    }\n", header) + 5], PAGE[body:end]
    one = f'    {{"header":\n{first},\n    "body":\n{last}}}'

    (line,) = told(PAGE[:header] + one + PAGE[end:])
    assert "header and body in one example" in line
