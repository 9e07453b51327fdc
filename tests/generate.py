"""Writes what is generated and kept in the repository: ``python -m tests.generate``.

That is the catalogue in ``schemas/README.md``, the bundle in ``schemas/bundle``, the report in
``reports/sample``, and the counts of ``--conformance-plan``.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from beckn_conformance.commands.spec import bundle, catalogue
from beckn_conformance.plugin import plan
from beckn_conformance.specification.actions import SIGNUP
from beckn_conformance.specification.loading import load

ROOT = Path(__file__).resolve().parents[1]
DEFECT = "signup-info-phone-no-dash-accepted"
KEPT = ("report.html", "report.json", "summary.md", "badge.svg")


def write_catalogue(readme):
    """Replaces everything below the heading ``## Catalogue``."""
    before, heading, _ = readme.read_text(encoding="utf-8").partition("## Catalogue\n\n")
    readme.write_text(before + heading + "\n".join(catalogue.page(load())) + "\n", encoding="utf-8")


def write_bundle(folder):
    """Replaces the bundle of the schemas."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in bundle.texts(load()).items():
        (folder / name).write_text(text, encoding="utf-8")


def write_counts(record, file):
    """Writes how many requests each scenario of a record sent, and how many registrations it made."""
    rows = map(json.loads, (record / "exchanges.jsonl").read_text(encoding="utf-8").splitlines())
    made = {row["id"]: row["operation"] == SIGNUP and (row["reply"] or {}).get("status") == 200 for row in rows}
    plays = defaultdict(list)
    for line in (record / "course.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "judged" and row["test"]:
            scenario = row["test"].removeprefix("beckn_conformance.suite.").partition("[")[0]
            plays[scenario].append((len(row["exchanges"]), sum(made[id_] for id_ in row["exchanges"])))
    means = {
        scenario: [round(statistics.mean(numbers), 1) for numbers in zip(*counted, strict=True)]
        for scenario, counted in sorted(plays.items())
    }
    lines = ",\n".join(f'  "{scenario}": {counts}' for scenario, counts in means.items())
    file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def write_run(folder, counts):
    """Plays a run, and replaces the sample by its report and the counts by its own.

    Raises RuntimeError for a run without the finding.
    """
    with tempfile.TemporaryDirectory() as place:
        command = ("-m", "beckn_conformance", "run", f"reference:{DEFECT}", "-q")
        options = ("--conformance-report", "sample", "--hypothesis-seed", "1")
        done = subprocess.run([sys.executable, *command, *options], cwd=place, check=False)
        if done.returncode != 1:
            raise RuntimeError(f"the run ended with status {done.returncode} instead of 1")
        for name in KEPT:
            shutil.copy(Path(place, "sample", name), folder)
        write_counts(Path(place, "sample"), counts)


if __name__ == "__main__":
    write_catalogue(ROOT / "schemas" / "README.md")
    write_bundle(ROOT / "schemas" / "bundle")
    write_run(ROOT / "reports" / "sample", plan.COUNTS)
