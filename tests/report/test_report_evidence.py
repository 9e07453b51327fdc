"""The exchanges that a report shows are selected, and read from the record."""

import json

import pytest

from beckn_conformance.report.evidence import FEW_FINDINGS, MOST, read, wanted
from tests.reports import finding, report, row


def record(folder, *rows):
    path = folder / "exchanges.jsonl"
    path.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in rows))
    return path


def test_some_exchanges_of_each_finding_and_requirement_are_wanted():
    found = finding(exchanges=[f"x{number}" for number in range(10, 30)])

    assert wanted(report(found)) == {*found["exchanges"][:MOST], "x2"}


def test_many_findings_have_one_exchange_each():
    found = [finding(number=n, exchanges=[f"a{n}", f"b{n}"]) for n in range(FEW_FINDINGS + 1)]

    assert wanted(report(*found)) == {*(f"a{n}" for n in range(FEW_FINDINGS + 1)), "x2"}


def test_only_wanted_exchanges_are_read(tmp_path):
    record(tmp_path, *(row(f"gw0-x{number}") for number in range(30)))

    rows = read(tmp_path, {"gw0-x7", "gw0-x29", "gw0-x300"})

    assert rows == {"gw0-x7": row("gw0-x7"), "gw0-x29": row("gw0-x29")}


def test_other_lines_are_not_parsed(tmp_path):
    path = record(tmp_path, row("x1"))
    path.write_text('{"id":"x0", no JSON\nno line of the record\n\n' + path.read_text())

    assert set(read(tmp_path, {"x1"})) == {"x1"}


@pytest.mark.parametrize("ids", [(), ("x1",)])
def test_without_a_record_there_is_no_evidence(tmp_path, ids):
    assert read(tmp_path, ids) == {}
