"""Laboratories for tests: their runs are played by a few lines of Python that speak the protocol of a run."""

import textwrap

from beckn_conformance.commands.fleet.job import Job
from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.execution import Jobs
from beckn_conformance.commands.lab.store import Gateway, Run
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
FOREVER = "signal.signal(signal.SIGINT, lambda *_: judge())\nwhile True: time.sleep(0.01)"
"""A run that goes on until it is told to end."""


def scripted(monkeypatch, code="judge()", limit=60.0):
    """Has every run played by a script in place of the suite."""
    script = BEGIN + textwrap.dedent(code)
    monkeypatch.setattr(Jobs, "of", lambda jobs, run: Job(run.id, ("-c", script, run.url), {}, limit))


def gateway_row(store, owner="alice", url="http://gw.example", **more):
    row = Gateway(f"g-{owner}-{url[-1]}", owner, "a gateway", url, **more)
    store.add(row)
    return row


def run_row(store, id_, owner="alice", url="http://gw.example", **more):
    row = Run(id_, "g", owner, url, **more)
    store.add(row)
    return row


def entered(lab, account=ALICE, url="http://gw.example", name="one"):
    """The id of a gateway that an account has entered."""
    return lab.gateways.add(account, name, url, {}).id


def begun(lab, account, gateway, **options):
    """The id of a run that an account has started."""
    return lab.runs.start(account, gateway, **{"strict": False, "depth": 1, "seed": None, **options}).id


def over(lab, id_, account=OFFICER):
    """A run once it has ended."""
    until(lambda: not lab.runs.get(account, id_).under_way)
    return lab.runs.get(account, id_)


def played(lab, gateway=None):
    """A run of a gateway of alice's, a new one perhaps, once it has ended."""
    return over(lab, begun(lab, ALICE, gateway or entered(lab)))
