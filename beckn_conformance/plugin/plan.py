"""What a run would send, found out by playing it against the reference gateway in this process."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import httpx

from ..run.examples import CHUNK
from ..run.scenario import Play
from ..run.session import Session
from .items import ScenarioTest


def plan(session: Session, tests: Sequence[ScenarioTest]) -> Iterator[str]:
    """Lines with tests, requirements, requests and registrations; nothing is sent to the gateway itself."""
    dry = _dry(session)
    requests: Counter[str] = Counter()
    made = 0.0
    try:
        dry.start()
        for test in tests:
            plays, times = _plays(session, test)
            named = {f"{test.name}#{number}": play for number, play in enumerate(plays)}
            before = len(dry.run.registrations)
            dry.prefetch(named)
            exchanges = [exchange for key, play in named.items() for exchange in dry.played(key, play).exchanges]
            for action, count in Counter(exchange.action for exchange in exchanges).items():
                requests[action] += round(count * times)
            made += (len(dry.run.registrations) - before) * times
            yield f"{test.name}  {' '.join(test.requirements)}"
    finally:
        dry.close()
    requirements = {name for test in tests for name in test.requirements}
    yield ""
    yield (
        f"{len(tests)} tests of {len(requirements)} requirements would send about {sum(requests.values())} requests "
        f"to {session.config.url}"
    )
    yield ", ".join(f"{count} {action}" for action, count in requests.most_common())
    yield f"and leave about {made:.0f} registrations there; nothing was sent"


def _dry(session: Session) -> Session:
    """A session like the given one, with the reference gateway in this process."""
    import reference_server

    binding = "envelope" if session.config.binding == "envelope" else "http"
    origin = "http://reference"
    config = replace(
        session.config,
        url=origin,
        binding=binding,
        envelope=None,
        method="POST",
        rate=None,
        settle=0.05,
        registrations=(),
        verification_hook=f"{origin}/operator/verify",
    )
    app = reference_server.create_app(binding=binding, specification=session.specification.folder)
    return Session(session.specification, config, session.run.seed, transport=httpx.ASGITransport(app))


def _plays(session: Session, test: ScenarioTest) -> tuple[Sequence[Play], float]:
    """What a test plays once, or for one chunk of examples where it is a property, and how many times that it plays
    in a run."""
    if not test.is_property:
        return [test.play], 1.0
    count = test.scenario.count(session.run.examples)
    drawn = test.examples(session).chunk(0, min(count, CHUNK))
    _, parts = test.part
    return [functools.partial(test.scenario.play, example=one) for one in drawn], count / len(drawn) / parts
