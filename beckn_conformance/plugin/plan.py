"""What a run would send, found out by playing it against the reference gateway in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx

from ..run.session import Session


def plan(session: Session, chosen: Sequence[tuple[str, tuple[str, ...], Sequence[Any], float]]) -> Iterator[str]:
    """Lines that tell tests, requirements, requests and registrations; nothing is sent to the gateway itself.

    ``chosen`` are tests by name, with their requirements, what they play, and how often as much they will play.
    """
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
    dry = Session(session.specification, config, session.run.seed, transport=httpx.ASGITransport(app))
    requests: Counter[str] = Counter()
    made = 0.0
    try:
        dry.start()
        for name, requirements, plays, times in chosen:
            named = {f"{name}#{number}": play for number, play in enumerate(plays)}
            before = len(dry.run.registrations)
            dry.prefetch(named)
            exchanges = [exchange for key, play in named.items() for exchange in dry.played(key, play).exchanges]
            for action, count in Counter(exchange.action for exchange in exchanges).items():
                requests[action] += round(count * times)
            made += (len(dry.run.registrations) - before) * times
            yield f"{name}  {' '.join(requirements)}"
    finally:
        dry.close()
    target = session.config.url
    yield ""
    yield (
        f"{len(chosen)} tests of {len({r for _, rs, _, _ in chosen for r in rs})} requirements would send about "
        f"{sum(requests.values())} requests to {target}"
    )
    yield ", ".join(f"{count} {action}" for action, count in requests.most_common())
    yield f"and leave about {made:.0f} registrations there; nothing was sent"
