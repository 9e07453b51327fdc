"""Fleets of reference gateways with variations and defects, and how long it takes to judge them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from reference_server import DEFECTS, VARIATIONS

from .gateways import ROOT


@dataclass(frozen=True)
class Fleet:
    """A fleet that was judged; times in seconds."""

    seconds: float
    """Wall time of the command, from its start to its end."""
    status: int
    document: dict[str, Any]

    @property
    def verdicts(self):
        counts = Counter(row["verdict"] for row in self.document["gateways"])
        return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))

    @property
    def retries(self):
        return sum(row["attempts"] - 1 for row in self.document["gateways"])

    @property
    def told(self):
        """Verdict and failed requirements by gateway."""
        return {row["name"]: (row["verdict"], tuple(row["failed"])) for row in self.document["gateways"]}


def listed(number):
    """So many gateways for FLEET.yaml: a plain one, variations (a third) and defects, evenly from all there are."""
    variations = _spread(sorted(VARIATIONS), (number - 1) // 3)
    defects = _spread(sorted(DEFECTS), number - 1 - len(variations))
    rows = [{"name": name, "url": f"reference:{name}"} for name in (*variations, *defects)]
    return {"gateways": [{"name": "reference", "url": "reference"}, *rows]}


def _spread(names, number):
    return [names[place * len(names) // number] for place in range(number)]


def judge(number, workers, *options, kill_after=0, folder=None):
    """Judges a fleet; with ``kill_after`` a worker is killed as soon as so many gateways are done."""
    with tempfile.TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        file = Path(temporary) / "fleet.yaml"
        file.write_text(yaml.safe_dump(listed(number)), encoding="utf-8")
        command = [sys.executable, "-m", "beckn_conformance", "fleet", str(file), "--workers", str(workers), *options]
        began = time.monotonic()
        with subprocess.Popen(
            [*command, "--conformance-report", str(place)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", file=sys.stderr)
                if kill_after and line.startswith(f"{kill_after}/"):
                    workers_of(process.pid)[0].kill()
        seconds = time.monotonic() - began
        return Fleet(seconds, process.returncode, json.loads((place / "fleet.json").read_text(encoding="utf-8")))


def workers_of(pid):
    """Processes of the workers that a command has started on this machine."""
    return [child for child in psutil.Process(pid).children() if "spawn_main" in " ".join(child.cmdline())]
