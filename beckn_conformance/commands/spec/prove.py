"""Proves that the kit fails no fair variation and finds every planted defect.

The reference gateway and each of its fair variations must be conformant. Each planted defect must be reported under
its own requirement, at its place, and under no other requirement that is not a consequence of it. Variations, and
defects, that cannot be taken for one another share a gateway.
"""

from __future__ import annotations

import concurrent.futures
import gc
import itertools
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...judging.outcome import CONFORMANT
from ...specification.loading import load
from ...specification.pointer import at_or_below, overlap, pattern_of
from ...suite.specification import choose, current
from .trial import Item, findings, items, recorded, run

if TYPE_CHECKING:
    from reference_server import Defect, Variation

    from ...judging.tally import Found
    from ...run.session import Session

MOST = 14
"""Variations planted in one gateway. With more of them, one could hide what another does."""
NEUTRAL = {"binding", "envelope", "method", "signup_token", "headers", "timestamp_zone", "status_names", "concurrency"}
"""Declarations that change how a gateway is called and what it says, but not what it is asked."""
STACKED = {"answer", "check_body", "finish", "write"}
"""Steps that several variations can replace at once: each changes other calls, or other parts of a message."""
NETWORKS = "X1"
"""The reading of variations that only the other gateways of a region show."""
FEW, MANY = 4, 25
"""Examples of each property, for a defect that no single test finds."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Result of playing the suite against one gateway."""

    kind: str
    """``reference``, ``variation``, ``network`` or ``defect``."""
    names: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float


def prove(only: str = "", jobs: int = 1) -> Iterator[Proof]:
    """Plays the suite against the planned gateways, in ``jobs`` processes, and yields each result as it comes."""
    tasks = planned(only)
    if jobs == 1:
        yield from (_proof(*task) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, context, _begin, (current().folder,)) as pool:
        futures = [pool.submit(_proof, *task) for task in tasks]
        try:
            for future in concurrent.futures.as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(folder: Path) -> None:
    """Has a process that plays collect the suite under a copy of schemas/, which stays until the end."""
    choose(load(folder))
    items()
    gc.freeze()
    # A play leaves few cycles, and looking for them took a twentieth of the time.
    gc.set_threshold(50_000, 20, 50)


def planned(only: str = "") -> list[tuple[str, tuple[str, ...]]]:
    """Kind and names of every gateway to play against, the longest runs first.

    ``only`` limits defects and variations to those whose name contains it. The reference gateway is always played, in
    one binding at least: a defect proves nothing about a kit that fails the gateway without it.
    """
    import reference_server

    chosen = [one for name, one in reference_server.VARIATIONS.items() if only in name]
    variations = [one for one in chosen if one.reading != NETWORKS]
    networks = [("network", (one.name,)) for one in chosen if one.reading == NETWORKS]
    planted = sorted(reference_server.of_specification(current().folder).items())
    defects = [one for name, one in planted if only in name]
    return [
        *(("reference", (binding,)) for binding in ("http", "envelope")[: 1 if only else 2]),
        *networks,
        *(("variation", tuple(one.name for one in group)) for group in groups(variations)),
        *(("defect", tuple(one.name for one in some)) for some in apart(defects)),
    ]


def _proof(kind: str, names: tuple[str, ...]) -> Proof:
    began = time.monotonic()
    match kind:
        case "reference":
            problems = unsound(names[0])
        case "network":
            problems = uncloned(names[0])
        case _:
            amiss = unfair(names) if kind == "variation" else unproved(names)
            problems = [f"{name}: {'; '.join(held)}" for name, held in amiss.items()]
    return Proof(kind, names, tuple(problems), time.monotonic() - began)


# Fair gateways.


def unsound(binding: str) -> list[str]:
    """Everything the strict class reports about the reference gateway; must be empty, warnings included."""
    return _held_against(run(items(), binding=binding, strict=True), ("MUST", "SHOULD"))


def unfair(names: Sequence[str]) -> Mapping[str, list[str]]:
    """What the suite reports about some variations, by name; by all names if no single one is to blame."""
    together = held_against(names)
    if not together or len(names) == 1:
        return {" ".join(names): together} if together else {}
    alone = {name: held for name in names if (held := held_against([name]))}
    return alone or {" ".join(names): together}


def held_against(names: Sequence[str]) -> list[str]:
    """What the suite reports about a gateway with some variations, SHOULDs aside."""
    return _held_against(run(items(), variations=tuple(names)), ("MUST",))


def uncloned(name: str) -> list[str]:
    """What the tests of cloning report about gateways that clone to each other in a fair way."""
    clones = {requirement.id for requirement in current().requirements.values() if requirement.needs == "peers"}
    session = run([item for item in items() if clones & {*item.requirements}], variations=(name,), clone_within=3)
    amiss = [o for o in session.conclude().outcomes if o.requirement.id in clones and o.status != "passed"]
    return [*_found(session), *(f"{outcome.requirement.id} is {outcome.status}: {outcome.reason}" for outcome in amiss)]


def _held_against(session: Session, levels: Collection[str]) -> list[str]:
    verdict = session.conclude()
    return [
        *_found(session, levels),
        *(
            f"{outcome.requirement.id} is {outcome.status}: {outcome.reason}"
            for outcome in verdict.outcomes
            if outcome.status in ("failed", "inconclusive") and outcome.requirement.level in levels
        ),
        *([] if verdict.verdict == CONFORMANT else [f"the verdict is {verdict.verdict}"]),
    ]


def _found(session: Session, levels: Collection[str] = ("MUST", "SHOULD")) -> list[str]:
    return [
        f"{requirement} at {operation} {pointer}: {seen}"
        for requirement, operation, pointer, seen in findings(session)
        if session.specification.requirements[requirement].level in levels
    ]


# Defects.


def unproved(names: Sequence[str]) -> Mapping[str, list[str]]:
    """What is wrong with how the tests of their requirement report some planted defects, by name.

    What they do not report as it should be while several are planted is played again, each defect alone.
    """
    import reference_server

    known = reference_server.of_specification(current().folder)
    amiss = _misreported([known[name] for name in names])
    if len(names) == 1:
        return amiss
    return {name: held for one in amiss for name, held in unproved([one]).items()}


def _misreported(defects: Sequence[Defect]) -> dict[str, list[str]]:
    """The same of defects that are planted together and differ in nothing but their places."""
    one = defects[0]
    left = list(defects)
    places: list[str] = []
    for chosen, examples in _attempts(one):
        planted = tuple(defect.name for defect in left)
        found = recorded(run(chosen, defects=planted, examples=examples, shrinking=False))
        if others := sorted({r.finding.requirement for r in found} - {one.requirement} - one.consequences):
            return {name: [f"also reported under {', '.join(others)}"] for name in planted}
        own = [record for record in found if record.finding.requirement == one.requirement]
        left = [defect for defect in left if not any(_shows(record, defect) for record in own)]
        if not left:
            return {}
        places = sorted({*places, *(f"{r.finding.operation} {r.finding.pointer}" for r in own)})
    elsewhere = f", but at {', '.join(places)}" if places else ""
    return {d.name: [f"not found at {d.operation} {d.pointer} {d.case}".rstrip() + elsewhere] for d in left}


def _attempts(defect: Defect) -> Iterator[tuple[list[Item], int]]:
    """Tests that may find a defect, and how many examples of each property they draw.

    First come those of its operation, then those of each other file, the fewest first. A defect that needs a longer
    history than any single test plays is left to histories drawn at random: a few, then all tests together, then many.
    """
    tests, drawn = exercising(defect.requirement), exercising(defect.requirement, drawn=True)
    (operation,) = (o for o in current().operations if o.action == defect.operation)
    own = f"test_{operation.key.replace('-', '_')}.py"
    files: dict[str, list[Item]] = {}
    for test in tests:
        files.setdefault(test.node_id.partition("::")[0], []).append(test)
    for _, some in sorted(files.items(), key=lambda file: (not file[0].endswith(own), len(file[1]))):
        yield some, 0
    yield from (([test], FEW) for test in drawn)
    if len(files) > 1:
        yield tests, 0
    yield from (([test], MANY) for test in drawn)


def exercising(requirement: str, *, drawn: bool = False) -> list[Item]:
    """The tests that exercise a requirement: those with fixed cases, or those drawn at random."""
    return [item for item in items() if requirement in item.requirements and (item.examples is not None) == drawn]


def _shows(record: Found, defect: Defect) -> bool:
    """Whether a finding is at the place of a defect, or more exact: at a member of the object it spoils."""
    finding, place = record.finding, pattern_of(record.finding.pointer)
    return (
        finding.operation == defect.operation
        and (at_or_below(place, defect.pointer) if defect.pointer else place == "")
        and (not defect.case or any(case.kind == defect.case for case in record.cases))
    )


# Groups of defects, and of variations.


def apart(defects: Collection[Defect]) -> list[list[Defect]]:
    """Divides defects into groups that the same tests show, each at a place of its own, or by its case."""
    alike: defaultdict[tuple[object, ...], list[list[Defect]]] = defaultdict(list)
    for one in defects:
        some = alike[one.requirement, one.operation, one.consequences, str(one.configuration)]
        fitting = (group for group in some if not any(_mix(one, other) for other in group))
        if (group := next(fitting, None)) is not None:
            group.append(one)
        else:
            some.append([one])
    return [*itertools.chain.from_iterable(alike.values())]


def _mix(one: Defect, other: Defect) -> bool:
    """Whether what is found of one of two defects could be taken for the other."""
    if one.pointer == other.pointer and one.case and other.case:
        return one.case == other.case
    return overlap(*(defect.pointer.partition("/*")[0] for defect in (one, other)))


def groups(variations: Collection[Variation]) -> list[tuple[Variation, ...]]:
    """Divides variations into groups that can be planted together without hiding one another."""
    steps = {variation.name: _steps(variation) for variation in variations}

    def clash(one: Variation, other: Variation) -> bool:
        return (
            one.reading == other.reading
            or not _agree(one.configuration, other.configuration)
            or not (steps[one.name] & steps[other.name]) <= STACKED
        )

    found: list[list[Variation]] = []
    # Those that clash most are placed first; the rest fit in among them.
    for variation in sorted(variations, key=lambda one: -sum(clash(one, other) for other in variations)):
        fitting = [group for group in found if len(group) < MOST and not any(clash(variation, one) for one in group)]
        if fitting:
            min(fitting, key=len).append(variation)
        else:
            found.append([variation])
    return [tuple(group) for group in found]


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True if one gateway can be declared as both need it, and is still asked everything that either would be.

    Some declarations leave out tests, for all variations of the group. So variations with such a declaration share a
    group only with others that have one, and that declare the same.
    """
    limits = [{*declared} - NEUTRAL for declared in (one, other)]
    return bool(limits[0]) == bool(limits[1]) and all(one[key] == other[key] for key in {*one} & {*other})


def _steps(variation: Variation) -> set[str]:
    """Names of the steps of a gateway and its store that a variation replaces."""
    from reference_server.binding import HttpBinding
    from reference_server.gateway import Gateway
    from reference_server.specification import load
    from reference_server.storage import open_store

    gateway = Gateway(load(), open_store(None), HttpBinding())
    parts = {"gateway": gateway, "store": gateway.store}
    before = {name: dict(vars(part)) for name, part in parts.items()}
    variation.install(gateway)
    return {
        step if name == "gateway" else f"{name}.{step}"
        for name, part in parts.items()
        for step, value in vars(part).items()
        if step not in before[name] or before[name][step] is not value
    }
