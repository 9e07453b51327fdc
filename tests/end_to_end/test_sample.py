"""A whole run: the sample report is what it makes, and it is certified in a laboratory and verified in another."""

import io
import json
import re
import shutil
import zipfile

import pytest

from beckn_conformance.commands.certificate import keys
from beckn_conformance.commands.lab.store import Run
from tests.commands.lab.browsers import website
from tests.commands.lab.laboratories import entered
from tests.end_to_end.kit import ROOT, Kit

SAMPLE = ROOT / "reports" / "sample"
DEFECT = "signup-info-phone-no-dash-accepted"
MOST_REQUESTS, MOST_BYTES = 3_450, 12_000_000
"""What a default run sends and writes at most."""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A default run, which all tests here share."""
    run = Kit(tmp_path_factory.mktemp("run")).run(f"reference:{DEFECT}")
    assert run.status == 1, run.output
    return run


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


def test_the_sample_is_what_the_kit_makes_and_takes_no_more_work(run):
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


@pytest.fixture(scope="module")
def certified(run, tmp_path_factory):
    """What was downloaded of the run once it was certified, and the public key as the laboratory shows it."""
    folder = tmp_path_factory.mktemp("issuer")
    keys.generate(folder / "lab.key")
    with website(folder, key=folder / "lab.key") as site:
        gateway, runs = entered(site.laboratory), site.laboratory.runs
        row = Run("r1", gateway, "alice", run.report["gateway"]["url"], state="ended", verdict="non-conformant")
        runs.store.add(row)
        shutil.copytree(run.folder, runs.places.report(row.id))
        olga = site.browser("olga")
        reply = olga.send("/runs/r1/certify", {"days": "30"}, page="/runs/r1")
        assert reply.headers["location"] == "/runs/r1#certificate"
        assert "Issued" in olga.read("/runs/r1")
        yield olga.get("/runs/r1/report.zip").content, site.browser().read("/lab.pub")


@pytest.fixture
def verify(certified, tmp_path):
    """Verifies a file on the page of another laboratory."""
    with website(tmp_path) as site:
        alice = site.browser("alice")

        def send(content, key=certified[1], name="report.zip"):
            return alice.send("/verify", {"key": key}, page="/verify", files={"file": (name, content)}).text

        yield send


def test_a_download_holds_elsewhere(certified, verify):
    page = verify(certified[0])

    assert "It holds" in page
    assert "is non-conformant (core)" in page


def test_a_certificate_alone_needs_its_files_and_its_signature(certified, verify, tmp_path):
    with zipfile.ZipFile(io.BytesIO(certified[0])) as archive:
        alone = archive.read("certificate.json")

    assert "Its files are needed" in verify(alone, name="certificate.json")
    keys.generate(tmp_path / "other")
    forged = verify(alone, key=(tmp_path / "other.pub").read_text(), name="certificate.json")
    assert "It does not hold" in forged
    assert "is non-conformant" not in forged


def test_the_key_of_somebody_else_is_no_key_for_it(certified, verify, tmp_path):
    keys.generate(tmp_path / "other")

    page = verify(certified[0], key=(tmp_path / "other.pub").read_text())
    assert "It does not hold" in page
    assert "the signature is not of this key" in page
    assert 'id="key-error"' in verify(certified[0], key="nothing")
