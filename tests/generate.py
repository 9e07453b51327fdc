"""Writes what is generated and kept in the repository: ``python -m tests.generate``.

That is the catalogue in ``schemas/README.md`` and the report in ``reports/sample``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from beckn_conformance.commands.spec import catalogue
from beckn_conformance.specification.loading import load

ROOT = Path(__file__).resolve().parents[1]
DEFECT = "signup-info-phone-no-dash-accepted"
KEPT = ("report.html", "report.json", "summary.md", "badge.svg")


def write_catalogue(readme: Path) -> None:
    """Replaces everything below the heading ``## Catalogue``."""
    before, heading, _ = readme.read_text(encoding="utf-8").partition("## Catalogue\n\n")
    readme.write_text(before + heading + "\n".join(catalogue.page(load())) + "\n", encoding="utf-8")


def write_sample(folder: Path) -> None:
    """Replaces the sample by the report of a run; raises RuntimeError for a run without the finding."""
    with tempfile.TemporaryDirectory() as place:
        command = ("-m", "beckn_conformance", "run", f"reference:{DEFECT}", "-q")
        options = ("--conformance-report", "sample", "--hypothesis-seed", "1")
        done = subprocess.run([sys.executable, *command, *options], cwd=place, check=False)
        if done.returncode != 1:
            raise RuntimeError(f"the run ended with status {done.returncode} instead of 1")
        for name in KEPT:
            shutil.copy(Path(place, "sample", name), folder)


if __name__ == "__main__":
    write_catalogue(ROOT / "schemas" / "README.md")
    write_sample(ROOT / "reports" / "sample")
