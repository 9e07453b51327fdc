"""Fair ways to clone registrations to the other gateways of the region."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reference_server.defects.clones import NETWORK
from reference_server.gateway import Gateway
from reference_server.planting import wrap
from reference_server.registration import Registration
from reference_server.variations.variation import Variation

_LATE = 0.3
"""Seconds; the kit is told that it may take one."""


def variations() -> Iterator[Variation]:
    """Make the variations of this family."""
    yield Variation(
        name="network",
        reading="X1",
        summary="registrations are cloned to two other gateways, which refuse them until then",
        install=_as_it_is,
        configuration=NETWORK,
    )
    yield Variation(
        name="network-late",
        reading="X1",
        summary="other gateways are told after a moment, and show documents in another order",
        install=_late,
        configuration=NETWORK,
    )


def _as_it_is(gateway: Gateway) -> None:
    """Plant nothing: cloning is the gateway's own where it has peers."""


def _late(gateway: Gateway) -> None:
    async def clone(inner: Any, registration: Registration, peer: str) -> Registration | None:
        told: Registration = await inner(registration, peer)
        await asyncio.sleep(_LATE)
        return replace(told, documents=told.documents[::-1])

    wrap(gateway, "clone", clone)
