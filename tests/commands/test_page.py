"""The specification page that the schemas write, and what covers each of its sentences."""

import html
import json
import re

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec.page import expected, writing
from beckn_conformance.specification.loading import load
from tests.changed_schemas import changed, copied, with_operation, with_website
from tests.published_page import written


def test_markdown_has_every_operation_part_and_reading():
    page = written()
    specification = load()

    for operation in specification.operations:
        assert f"\n    {operation.path}\n" in page
        assert f'"Action": "{operation.action}"' in page
    for number, reading in specification.readings.items():
        assert f"\n#### {number}: {reading['topic'].partition('[')[0]}" in page
    for words in (
        "UPDATE-PENDING",
        "UPDATE-FAIL",
        "PENDING-VERIFICATION",
        "field specific error message",
        "| info.phone |",
    ):
        assert words in page
    assert "procss" not in page
    assert not re.search(r",\s*[}\]]", page.partition("## Interpretation")[0])


def test_literals_and_members_come_from_the_schemas(tmp_path):
    folder = with_website(tmp_path / "schemas")
    common = folder / "common.json"
    common.write_text(common.read_text(encoding="utf-8").replace("UPDATE-PENDING", "UPDATE-WAITING"), encoding="utf-8")

    page = written(load(folder))

    assert '"status": "UPDATE-WAITING"' in page
    assert page.count('"website": "string"') == 6
    assert (
        "| info.website | string | Website | Plain text with UTF-8 encoding | https://www.metro.example.com |" in page
    )


def test_an_operation_without_a_description_is_written_and_told(tmp_path, capsys):
    folder = with_operation(tmp_path / "schemas")

    assert "\n    /Provider/status\n" in written(load(folder))
    assert main(["spec", "coverage", "--spec", str(folder)]) == 1
    assert "add its title and description to page.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("output", ["page", None])
@pytest.mark.parametrize("format_", ["markdown", "html"])
def test_the_command_writes_a_file_or_prints(tmp_path, capsys, format_, output):
    arguments = ["-o", str(tmp_path / output)] if output else []

    assert main(["spec", "page", "--format", format_, *arguments]) == 0

    printed = capsys.readouterr().out
    text = (tmp_path / output).read_text(encoding="utf-8") if output else printed
    assert bool(printed) != bool(output)
    assert text.startswith("---\ntitle: " if format_ == "markdown" else "<!DOCTYPE html>")
    assert "Register a Beckn Provider with a Beckn Gateway for the first time." in text


def test_a_file_that_cannot_be_written_is_an_error(tmp_path, capsys):
    assert main(["spec", "page", "-o", str(tmp_path / "missing" / "page.md")]) == 4
    assert "cannot be written" in capsys.readouterr().err


def test_html_is_one_file_in_which_nothing_acts(tmp_path, capsys):
    folder = copied(tmp_path / "schemas")
    hostile = (
        "</pre><script>alert(1)</script> [x](javascript:alert(1)) ![x](http://x.example/x.png) | `x` \u202e\x1b[31m"
    )
    changed(
        folder,
        "common.json",
        lambda common: common["$defs"]["info"]["properties"].update({hostile: {"type": "string"}}),
    )
    readings = folder / "readings.yaml"
    text = readings.read_text(encoding="utf-8").replace("topic: HTTP method", f"topic: {json.dumps(hostile)}")
    readings.write_text(text, encoding="utf-8")

    for format_ in ("html", "markdown"):
        assert main(["spec", "page", "--format", format_, "--spec", str(folder)]) == 0
        page = capsys.readouterr().out
        assert "\x1b" not in page
        assert "\u202e" not in page
        if format_ == "html":
            assert "alert(1)" in html.unescape(page)
            assert not re.search(r"<script|<img|<link|href=\"(?!#)|src=|@import|url\(", page)


def test_schemas_that_refer_to_themselves_are_told_in_one_line(tmp_path, capsys):
    folder = copied(tmp_path / "schemas")
    changed(folder, "common.json", lambda c: c["$defs"]["auth"]["properties"].update(next={"$ref": "#/$defs/auth"}))

    assert main(["spec", "page", "--spec", str(folder)]) == 4

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_coverage_lists_every_sentence_with_what_covers_it(capsys):
    assert main(["spec", "coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[-1] == "23 sentences, all considered"
    (line,) = (line for line in lines if "24 hours" in line)
    assert re.fullmatch(r"[a-p]{10} overview: It is recommended that .* policy makers\. \[X2\]", line)
    assert any(line.endswith("[informative]") for line in lines)
    assert any(" info.phone: Phone number of the organization [SIGNUP-ACK-PHONE, " in line for line in lines)


def test_coverage_of_new_words_is_left_to_consider(tmp_path, capsys):
    folder = with_website(tmp_path / "schemas")
    page = folder / "page.yaml"
    page.write_text(page.read_text(encoding="utf-8").replace("than 24 hours", "than 12 hours"), encoding="utf-8")

    assert main(["spec", "coverage", "--spec", str(folder), "--json"]) == 1

    sentences = json.loads(capsys.readouterr().out)["sentences"]
    left = {row["place"]: row for row in sentences if row["problem"]}
    assert list(left) == ["overview", "info.website"]
    assert left["overview"]["fingerprint"] in left["overview"]["problem"]


def test_names_in_readings_are_code():
    page = writing.as_html(expected.build(load()))

    assert "<code>necessary</code>" in page
    assert "`necessary`" not in page
