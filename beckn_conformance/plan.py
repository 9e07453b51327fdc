"""What a run would send, found out by playing it against the reference gateway in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx

from .session import Session


def plan(session: Session, chosen: Sequence[tuple[str, tuple[str, ...], Any]]) -> Iterator[str]:
    """Lines that tell tests, requirements, requests and registrations; nothing is sent to the gateway itself."""
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
        verification_hook=f"{origin}/operator/registrations/{{id}}/verify",
    )
    app = reference_server.create_app(binding=binding)
    dry = Session(session.specification, config, session.seed, transport=httpx.ASGITransport(app))
    requests: Counter[str] = Counter()
    try:
        dry.start()
        dry.prefetch({name: play for name, _, play in chosen})
        for name, requirements, play in chosen:
            requests.update(e.action for e in dry.played(name, play).exchanges)
            yield f"{name}  {' '.join(requirements)}"
    finally:
        dry.close()
    target = session.config.url
    yield ""
    yield (
        f"{len(chosen)} tests of {len({r for _, rs, _ in chosen for r in rs})} requirements would send about "
        f"{sum(requests.values())} requests to {target}"
    )
    yield ", ".join(f"{count} {action}" for action, count in requests.most_common())
    yield f"and leave about {len(dry.registrations)} registrations there; nothing was sent"
