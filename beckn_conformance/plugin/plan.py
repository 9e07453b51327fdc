"""Says what a run would send, from the requests that each scenario of the suite was counted to send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .items import ScenarioTest

COUNTS = Path(__file__).with_name("requests.json")
"""By scenario, the mean number of requests that it sends and of registrations that it makes each time it is played.
``python -m tests.generate`` counts them in a run against the reference gateway."""
TYPICAL = (4.0, 1.0)
"""The same of a scenario that was not counted."""


def plan(url: str, examples: int, tests: Sequence[ScenarioTest]) -> Iterator[str]:
    """Yields lines with tests, requirements, requests and registrations; nothing is sent.

    ``examples`` is the value of ``--fuzz-examples``.
    """
    counts: Mapping[str, Sequence[float]] = json.loads(COUNTS.read_text(encoding="utf-8"))
    requests = registrations = 0.0
    for test in tests:
        sent, made = counts.get(test.scenario_name, TYPICAL)
        requests += sent * test.plays(examples)
        registrations += made * test.plays(examples)
        yield f"{test.name}  {' '.join(test.requirements)}"
    requirements = {name for test in tests for name in test.requirements}
    yield ""
    yield (
        f"{len(tests)} tests of {len(requirements)} requirements would send about {requests:.0f} requests to {url} "
        f"and leave about {registrations:.0f} registrations there; nothing was sent"
    )
