"""Measures the kit on this machine, as ratios within one run: ``python -m tests.benchmarks [--only NAME]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from . import fleets
from .gateways import reference
from .measure import Run, bare_client, kit, schemathesis, table

Row = tuple[str, str, str, bool | None]
PLAIN = ("--deselect", "test_schemathesis.py")
"""Leaves out the tests whose number of requests is a choice of the user."""


def throughput() -> Iterator[Row]:
    """Judged exchanges a second of a default run, beside a client that judges nothing and beside Schemathesis."""

    def alone() -> float:
        with reference() as url:
            return bare_client(url)

    before = alone()
    with reference() as url:
        run = kit(url, *PLAIN)
    # A machine is not as quick at one time as at another.
    bare = (before + alone()) / 2
    with reference() as url:
        theirs = schemathesis(url)
    yield "exchanges of a default run", f"{run.exchanges}, {run.distinct} distinct", "", None
    yield "bare client", f"{bare:.0f}/s", "", None
    yield "Schemathesis, 100 examples", f"{theirs:.1f}/s", "", None
    within = run.exchanges / run.span
    for what, rate in (("as the run reports it", run.rate), ("from first request to last reply", within)):
        yield f"judged exchanges, {what}", f"{rate:.0f}/s", "", None
        yield "… of the bare client's", f"{rate / bare:.2f}", "0.6 at least", rate >= 0.6 * bare
        yield "… of Schemathesis'", f"{rate / theirs:.1f}", "15 at least", rate >= 15 * theirs


def distance() -> Iterator[Row]:
    """Wall time of a default run against a gateway that is far away."""
    took = {}
    for seconds in (0, 0.1):
        with reference(seconds) as url:
            took[seconds] = kit(url, *PLAIN).seconds
    yield "default run, near", f"{took[0]:.1f} s", "", None
    yield "default run, 100 ms away", f"{took[0.1]:.1f} s", "", None
    yield "far as a multiple of near", f"{took[0.1] / took[0]:.2f}", "3 at most", took[0.1] <= 3 * took[0]


def memory() -> Iterator[Row]:
    """Peak memory of deeper and deeper runs."""
    held = {}
    for examples in (25, 250, 2500):
        with reference() as url:
            held[examples] = kit(url, "--fuzz-examples", str(examples)).peak
        yield f"peak memory, {examples} examples a property", f"{held[examples] / 1024:.0f} MB", "", None
    ratio = held[2500] / held[250]
    yield "×100 as a multiple of ×10", f"{ratio:.2f}", "1.1 at most", ratio <= 1.1


def processes() -> Iterator[Row]:
    """A deep run against a gateway that takes 50 ms to answer, by one process and by two."""
    runs: dict[int, Run] = {}
    for number in (1, 2):
        with reference(0.05) as url:
            runs[number] = kit(url, "--fuzz-examples", "250", *(("-n", str(number)) if number > 1 else ()))
        yield f"deep run, processes: {number}", f"{runs[number].seconds:.1f} s", "", None
    gain = runs[1].seconds / runs[2].seconds
    yield "gain of the second process", f"{gain:.2f}", "1.6 at least", gain >= 1.6
    differing = sorted(name for name, said in runs[1].said.items() if runs[2].said.get(name) != said)
    yield "verdict and requirements that differ", ", ".join(differing) or "none", "none", not differing


def fleet() -> Iterator[Row]:
    """Fleets of reference gateways with variations and defects, by one worker and by two, one of which is killed."""
    runs = {number: fleets.judge(8, number) for number in (1, 2)}
    for number, run in runs.items():
        yield f"8 gateways, workers: {number}", f"{run.seconds:.1f} s", "", None
    gain = runs[1].seconds / runs[2].seconds
    yield "gain of the second worker", f"{gain:.2f}", "", None
    yield (
        "verdicts that differ",
        "none" if runs[1].told == runs[2].told else "some",
        "none",
        runs[1].told == runs[2].told,
    )
    many = fleets.judge(40, 2, kill_after=15)
    yield "40 gateways, a worker of two killed after 15", f"{many.seconds:.1f} s", "", None
    yield "their verdicts", many.verdicts, "", None
    unjudged = sum(row["verdict"] in ("unfinished", "pending") for row in many.document["gateways"])
    yield "runs again, for the killed worker", str(many.retries), "1 at most", many.retries <= 1
    yield "gateways without a verdict", str(unjudged), "none", not unjudged


BENCHMARKS: dict[str, Callable[[], Iterator[Row]]] = {
    "throughput": throughput,
    "distance": distance,
    "memory": memory,
    "processes": processes,
    "fleet": fleet,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for each benchmark; 1 where an aim is not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="one of them; may be given more than once")
    chosen = parser.parse_args(arguments).only or BENCHMARKS
    met = True
    for name in chosen:
        benchmark = BENCHMARKS[name]
        print(f"\n{name}: {benchmark.__doc__}")
        rows = list(benchmark())
        print(table(rows), flush=True)
        met = met and all(row[3] is not False for row in rows)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
