"""Measures the kit on this machine: ``python -m tests.benchmarks > tests/benchmarks/RESULTS.md``."""

import argparse
import sys
from collections import defaultdict

from . import fleets
from .gateways import reference
from .measure import Aim, bare_client, bare_client_abreast, kit, machine, schemathesis, table


def throughput():
    """Judges exchanges beside a client that judges nothing and beside Schemathesis."""

    def alone():
        with reference() as url:
            return bare_client(url)

    before = alone()
    with reference() as url:
        run = kit(url)
    # A machine is not as quick at one time as at another.
    bare = (before + alone()) / 2
    with reference() as url:
        abreast = bare_client_abreast(url)
    with reference() as url:
        theirs = schemathesis(url)
    return {
        "exchanges of a default run": run.exchanges,
        "judged exchanges a second over the bare httpx client's": run.rate / bare,
        "… over an asynchronous httpx client's with as many requests in flight": run.rate / abreast,
        "… over Schemathesis'": run.rate / theirs,
    }


def prompt():
    """Waits for the prompt after a command."""
    return {
        "default run, `reference`, seconds from command to prompt": kit("reference").seconds,
        "`-k` with one requirement, seconds from command to prompt": kit(
            "reference", "-k", "SIGNUP-NACK-PHONE"
        ).seconds,
    }


def distance():
    """Judges a gateway that is far away."""
    took = {}
    for seconds in (0, 0.1):
        with reference(seconds) as url:
            took[seconds] = kit(url).seconds
    return {"far (100 ms) over near": took[0.1] / took[0]}


def memory():
    """Runs deep, and ten times as deep."""
    held = {}
    for examples in (250, 2500):
        with reference() as url:
            held[examples] = kit(url, "--fuzz-examples", str(examples)).peak
    return {"memory, 100 times the examples over 10 times": held[2500] / held[250]}


def processes():
    """Runs deep against a gateway that takes 50 ms to answer, by one process and by two.

    The gateway, and the process that draws examples, take half as much of the processors as the kit's own process. So
    the gain is 1.3 at most where there are two; what two processes do twice shows in the processor time.
    """
    runs = {}
    for number in (1, 2):
        with reference(0.05) as url:
            runs[number] = kit(url, "--fuzz-examples", "250", *(("-n", str(number)) if number > 1 else ()))
    differing = [name for name, said in runs[1].said.items() if runs[2].said.get(name) != said]
    return {
        "second process (`-n 2`, deep run)": runs[1].seconds / runs[2].seconds,
        "… processor time of two over that of one": runs[2].processor / runs[1].processor,
        "requirements that two processes judge otherwise than one": len(differing),
    }


def fleet():
    """Judges reference gateways with variations and defects, by one worker and by two, one of which is killed."""
    runs = {number: fleets.judge(8, number) for number in (1, 2)}
    many = fleets.judge(40, 2, kill_after=15)
    differing = sum(runs[1].told[name] != runs[2].told[name] for name in runs[1].told)
    unjudged = sum(row["verdict"] in ("unfinished", "pending") for row in many.document["gateways"])
    return {
        "second worker of a fleet": runs[1].seconds / runs[2].seconds,
        "gateways that two workers judge otherwise than one": differing,
        "runs again, where a worker of two was killed": many.retries,
        "… gateways without a verdict": unjudged,
    }


BENCHMARKS = {
    "throughput": throughput,
    "prompt": prompt,
    "distance": distance,
    "memory": memory,
    "processes": processes,
    "fleet": fleet,
}
AIMS = {
    "judged exchanges a second over the bare httpx client's": Aim(least=1.0),
    "… over Schemathesis'": Aim(least=16),
    "default run, `reference`, seconds from command to prompt": Aim(most=5),
    "`-k` with one requirement, seconds from command to prompt": Aim(most=1.5),
    "far (100 ms) over near": Aim(most=2.5),
    "memory, 100 times the examples over 10 times": Aim(most=1.05),
    "second process (`-n 2`, deep run)": Aim(least=1.7),
    "requirements that two processes judge otherwise than one": Aim(most=0),
    "gateways that two workers judge otherwise than one": Aim(most=0),
    "runs again, where a worker of two was killed": Aim(most=1),
    "… gateways without a verdict": Aim(most=0),
}


def measured(names, rounds):
    """Every figure once for each round. Benchmarks take turns, so that a busy moment spoils one round of each."""
    found = defaultdict(list)
    for number in range(1, rounds + 1):
        for name in names:
            print(f"round {number} of {rounds}: {name}", file=sys.stderr, flush=True)
            for figure, value in BENCHMARKS[name]().items():
                found[figure].append(value)
    return found


def main(arguments=None):
    """Prints machine, commit and a table of medians; 1 if an aim is not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="one of them; may be given more than once")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="measures each N times (5)")
    chosen = parser.parse_args(arguments)
    print("# Results\n", *machine(), "", sep="\n", flush=True)
    found = measured(chosen.only or BENCHMARKS, chosen.rounds)
    print(*table(found, AIMS), sep="\n")
    return 0 if all(aim.met(found[name]) for name, aim in AIMS.items() if name in found) else 1


if __name__ == "__main__":
    sys.exit(main())
