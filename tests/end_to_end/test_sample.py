"""The sample report is what the kit makes."""

import json
import re

import pytest

from tests.end_to_end.kit import ROOT

SAMPLE = ROOT / "reports" / "sample"
DEFECT = "signup-info-phone-no-dash-accepted"


def _told(report):
    """What a report says, dates, ids and the luck of a run aside."""
    finding = ("id", "operation", "pointer", "message", "expected")
    requirement = ("id", "level", "section", "title", "source", "reading", "status", "reason", "obligations", "tests")
    return {
        **{key: report[key] for key in ("format", "verdict", "class", "kit", "specification", "summary", "waivers")},
        "keys": sorted(report),
        "requirements": [
            {key: row[key] for key in requirement}
            | {"findings": [{key: f[key] for key in finding} for f in row["findings"]], "keys": sorted(row)}
            for row in report["requirements"]
        ],
    }


def _plain(text):
    """A text without what differs from run to run."""
    return re.sub(r"[0-9a-f]{8,}|\d+", "#", text)


MOST_REQUESTS, MOST_BYTES = 3_600, 12_000_000
"""What a default run sends and writes at most."""


@pytest.mark.long
def test_the_sample_is_what_the_kit_makes_and_takes_no_more_work(kit):
    run = kit.run(f"reference:{DEFECT}")

    assert run.status == 1, run.output
    assert run.report["run"]["exchanges"] < MOST_REQUESTS
    assert sum(file.stat().st_size for file in run.folder.rglob("*") if file.is_file()) < MOST_BYTES
    assert _told(run.report) == _told(json.loads((SAMPLE / "report.json").read_text()))
    for name in ("summary.md", "badge.svg"):
        made, kept = ((folder / name).read_text().splitlines()[:6] for folder in (run.folder, SAMPLE))
        assert [*map(_plain, made)] == [*map(_plain, kept)]
    page = (SAMPLE / "report.html").read_text()
    style = re.compile(r"sha256-[A-Za-z0-9+/=]+")
    # Neither style nor script of the page is another one since.
    assert style.findall((run.folder / "report.html").read_text())[:2] == style.findall(page)[:2]
