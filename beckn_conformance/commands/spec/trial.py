"""The suite played against a reference gateway in this process, without a socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import httpx

from ...config.keys import from_mapping
from ...judging.tally import Found
from ...plugin.expected_tests import collect
from ...plugin.items import may_do_harm
from ...run.examples import Examples
from ...run.properties import MOST_SHRUNK, Explorer
from ...run.session import Session
from ...suite.specification import current

ORIGIN = "http://reference"
QUICK: Mapping[str, Any] = {"settle": 0.4, "timeout": 5, "verification_hook": ORIGIN + "/operator/verify"}
"""Declared for every run here: nothing is far away."""


@dataclass(frozen=True)
class Item:
    """One test of the suite, apart from pytest."""

    node_id: str
    requirements: tuple[str, ...]
    play: Any
    examples: Any = None
    """Of a property: what makes its strategy."""


def items() -> tuple[Item, ...]:
    """Every test of the suite under the chosen specification, in the order of a run."""
    return _items(current().digest)


@lru_cache(maxsize=2)
def _items(digest: str) -> tuple[Item, ...]:
    return tuple(
        Item(test.name, test.requirements, test.play, test.scenario.examples)
        for test in sorted(collect(), key=lambda test: may_do_harm(test.name))
    )


def configuration(*named: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The quick configuration with what defects and variations need."""
    merged: dict[str, Any] = {**QUICK}
    for one in named:
        merged |= one
    merged |= more
    return {k: v.replace("{origin}", ORIGIN) if isinstance(v, str) else v for k, v in merged.items()}


def session_of(app: Any, declared: Mapping[str, Any], *, strict: bool = False, seed: int = 1) -> Session:
    """A session with an application in this process, or with several under their hosts, under a configuration."""
    direct = isinstance(app, httpx.AsyncBaseTransport)
    transport = app if direct else httpx.ASGITransport(app, raise_app_exceptions=False)
    specification = current()
    return Session(
        specification, from_mapping(ORIGIN, declared, specification), seed=seed, strict=strict, transport=transport
    )


class _Remembered(Examples):
    """Examples that are drawn once in a process: the same are played against every defect and variation."""

    _drawn: ClassVar[dict[tuple[object, ...], list[Any]]] = {}

    def __init__(self, item: Item, session: Session) -> None:
        super().__init__(partial(item.examples, session.config), session.run.seed, item.node_id)
        self._key = (session.specification, item.node_id, session.run.seed, session.run.can_verify)

    def chunk(self, number: int, count: int) -> list[Any]:
        key = (*self._key, number, count)
        if key not in self._drawn:
            self._drawn[key] = super().chunk(number, count)
        return self._drawn[key]


def run(
    chosen: Iterable[Item],
    *,
    binding: str | None = None,
    defects: tuple[str, ...] = (),
    variations: tuple[str, ...] = (),
    strict: bool = False,
    seed: int = 1,
    examples: int = 2,
    shrinking: bool = True,
    **more: Any,
) -> Session:
    """Plays and judges scenarios against a fresh reference gateway; the session is closed but can be concluded."""
    import reference_server
    from reference_server.hosts import network

    folder = current().folder
    known = reference_server.of_specification(folder)
    declared = configuration(
        {"binding": binding} if binding else {},
        *(known[name].configuration for name in defects),
        *(reference_server.VARIATIONS[name].configuration for name in variations),
        **more,
    )
    planted: dict[str, Any] = {
        "binding": binding or "http",
        "defects": defects,
        "variations": variations,
        "specification": folder,
    }
    if "peers" in declared:
        app: Any = network([ORIGIN, *declared["peers"]], within=declared["clone_within"], **planted)
    else:
        app = reference_server.create_app(**planted)
    session = session_of(app, declared, strict=strict, seed=seed)
    play(session, chosen, examples, shrinking=shrinking)
    return session


def play(session: Session, chosen: Iterable[Item], examples: int = 2, *, shrinking: bool = True) -> None:
    """Plays and judges scenarios, and so many examples of each property, in a session, and closes that."""
    chosen = list(chosen)
    plain = [item for item in chosen if item.examples is None]
    explorers = {
        item: Explorer(
            session,
            _Remembered(item, session),
            item.play,
            item.node_id,
            examples,
            most_shrunk=MOST_SHRUNK if shrinking else 0,
        )
        for item in chosen
        if item.examples is not None
    }
    try:
        session.start()
        session.player.prefetch({item.node_id: item.play for item in plain})
        for explorer in explorers.values():
            explorer.begin()
        for item in plain:
            session.play(item.node_id, item.play, item.node_id)
            session.end_test(item.node_id, item.requirements)
        for item, explorer in explorers.items():
            explorer.run(item.requirements, item.node_id)
        session.play_left()
    finally:
        session.close()


def recorded(session: Session) -> list[Found]:
    """Everything found."""
    tally = session.tally
    return [r for records in tally.found.values() for r in records.values() if not tally.takes_back(r)]


def findings(session: Session) -> list[tuple[str, str, str, str]]:
    """Requirement, operation, pointer and observation of everything found."""
    found = (record.finding for record in recorded(session))
    return sorted((f.requirement, f.operation, f.pointer, f.observed) for f in found)
