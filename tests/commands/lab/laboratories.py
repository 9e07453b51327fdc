"""Laboratories for tests: their runs are played by a few lines of Python that speak the protocol of a run."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from beckn_conformance.commands.fleet.job import Job
from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.execution import Jobs
from beckn_conformance.commands.lab.laboratory import Laboratory
from beckn_conformance.commands.lab.store import Gateway, Run, Store
from tests.end_to_end.kit import ROOT, until

ALICE, BOB, OFFICER = Account("alice", "vendor"), Account("bob", "vendor"), Account("olga", "officer")
BEGIN = f"""
import json, os, pathlib, shutil, signal, sys, time
url, report = sys.argv[1], pathlib.Path(sys.argv[-1])
progress = pathlib.Path(sys.argv[sys.argv.index("--conformance-progress") + 1])
log = progress.parents[1] / "log"
def say(text):
    with log.open("a") as file: file.write(text + "\\n")
def judge(status=1):
    shutil.copy({str(ROOT / "reports" / "sample" / "report.json")!r}, report)
    sys.exit(status)
report.mkdir(exist_ok=True)
"""
"""What every scripted run begins with; ``judge`` ends it with the report of the sample."""


def scripted(monkeypatch: pytest.MonkeyPatch, code: str = "judge()", limit: float = 60.0) -> None:
    """Has every run played by a script in place of the suite."""
    script = BEGIN + textwrap.dedent(code)
    monkeypatch.setattr(Jobs, "of", lambda jobs, run: Job(run.id, ("-c", script, run.url), {}, limit))


def gateway_row(store: Store, owner: str = "alice", url: str = "http://gw.example", **more: Any) -> Gateway:
    row = Gateway(f"g-{owner}-{url[-1]}", owner, "a gateway", url, **more)
    store.add(row)
    return row


def run_row(store: Store, id_: str, owner: str = "alice", url: str = "http://gw.example", **more: Any) -> Run:
    row = Run(id_, "g", owner, url, **more)
    store.add(row)
    return row


def entered(lab: Laboratory, account: Account = ALICE, url: str = "http://gw.example", name: str = "one") -> str:
    """The id of a gateway that an account has entered."""
    return lab.gateways.add(account, name, url, {}).id


def begun(lab: Laboratory, account: Account, gateway: str, **options: Any) -> str:
    """The id of a run that an account has started."""
    return lab.runs.start(account, gateway, **{"strict": False, "depth": 1, "seed": None, **options}).id


def over(lab: Laboratory, id_: str, account: Account = OFFICER) -> Run:
    """A run once it has ended."""
    until(lambda: not lab.runs.get(account, id_).under_way, 60)
    return lab.runs.get(account, id_)


def logged(data: Path) -> list[str]:
    """What scripted runs have said, in order."""
    log = data / "log"
    return log.read_text().splitlines() if log.exists() else []
