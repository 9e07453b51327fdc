"""``beckn-conformance fleet``: judges many gateways in one go, and writes one page over their reports."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...config.paths import path_of
from ...errors import KitError
from ...messages.text import counted
from ...untrusted.text import printable
from ..terminal import check_bounds

if TYPE_CHECKING:
    from ...specification.specification import Specification
    from .job import Job
    from .results import Certify, FleetResults


def add(commands: Any) -> None:
    fleet = commands.add_parser(
        "fleet",
        help="judge many gateways in one go",
        description="Judges every gateway that FLEET lists in a run of its own, and writes a report for each and one "
        "page over all. Exit status 1 if a finding fails the class of any gateway, else 10 if one could not be judged, "
        "else 0.",
    )
    fleet.add_argument("fleet", metavar="FLEET", type=path_of, help="the gateways and their settings (YAML)")
    fleet.add_argument(
        "--conformance-report",
        metavar="DIR",
        type=path_of,
        default=Path("fleet"),
        help="folder of the reports (fleet/)",
    )
    where = fleet.add_mutually_exclusive_group()
    where.add_argument("--workers", metavar="N", type=int, help="runs at a time on this machine (one for each CPU)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler whose workers play the runs instead")
    fleet.add_argument(
        "--limit", metavar="SECONDS", type=float, default=600.0, help="limit of one run (600); FLEET may set others"
    )
    fleet.add_argument("--key", type=path_of, help="private key: certify each complete run, with any verdict")
    fleet.add_argument("--days", type=int, default=365, help="how long certificates are valid (365)")
    fleet.set_defaults(does=_fleet)


def _fleet(chosen: argparse.Namespace) -> int:
    from ...specification.loading import load
    from ...untrusted.writing import held, written
    from . import cluster
    from .entries import read
    from .job import Job
    from .results import FleetResults

    check_bounds(chosen.workers, chosen.limit)
    specification = load()
    certify = _certifier(chosen)
    entries = read(chosen.fleet, specification, limit=chosen.limit, here=chosen.scheduler is None)
    jobs = [Job.of(entry) for entry in entries]
    # Nothing is written before there is a worker.
    with cluster.remote(chosen.scheduler) if chosen.scheduler else cluster.local(chosen.workers) as client:
        with written(f"--conformance-report {chosen.conformance_report}"):
            chosen.conformance_report.mkdir(parents=True, exist_ok=True)
        with held(chosen.conformance_report):
            results = FleetResults(chosen.conformance_report, entries)
            try:
                _judge(client, jobs, results, certify, specification)
            except OSError as error:
                raise KitError(f"the fleet was not judged to its end: {error}") from error
    return results.exit_status


def _judge(
    client: Any, jobs: Sequence[Job], results: FleetResults, certify: Certify | None, specification: Specification
) -> None:
    """Judges every gateway, and prints and writes each result as it arrives."""
    from ...judging.outcome import worded
    from . import cluster, index

    def began(name: str) -> None:
        if results.began(name) > 1:
            _say(f"again {name}: the worker that ran it died")

    try:
        with contextlib.closing(cluster.outcomes(client, jobs, began)) as outcomes:
            for number, outcome in enumerate(outcomes, 1):
                row = results.take(outcome, certify)
                why = f" ({row['reason']})" if row["reason"] else ""
                said = worded(row["verdict"], row["waived"])
                _say(f"{number}/{len(jobs)} {said} {row['name']} {row['seconds']:.1f} s{why}")
                results.write()
                index.write(results, specification)
        results.ended = True
    finally:
        results.write()
        page = index.write(results, specification)
        _say(_summary(results))
        _say(f"report: {page}")


def _certifier(chosen: argparse.Namespace) -> Certify | None:
    """A function that certifies a report folder with the given key; None without one."""
    if chosen.key is None:
        return None
    from ...specification.loading import load
    from ..certificate.examination import issuer

    return issuer(chosen.key, load(), chosen.days)


def _summary(results: FleetResults) -> str:
    from .results import with_waivers

    last, number = results.history[-1], len(results.rows)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in last["verdicts"].items())
    excused = with_waivers(results.rows.values())
    waived = f" ({excused} of the conformant with waivers)" if excused else ""
    return f"{counted(number, 'gateway')} in {last['seconds']:.1f} s: {counts}{waived}"


def _say(text: str) -> None:
    print(printable(text), flush=True)
