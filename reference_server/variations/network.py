"""Fair ways to clone registrations to the other gateways of the region."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.planting import Variation, replaces
from reference_server.planting.defect import NETWORK
from reference_server.planting.steps import Cloning, both
from reference_server.registration import Registration

_LATE = 0.3
"""Seconds; the kit is told that it may take one."""


def variations() -> Iterator[Variation]:
    # Cloning is the gateway's own where it has peers.
    words = "registrations are cloned to two other gateways, which refuse them until then"
    yield Variation("network", "X1", words, both(), NETWORK)
    words = "other gateways are told after a moment, and show documents in another order"
    yield Variation("network-late", "X1", words, _late, NETWORK)


def _late(gateway: Gateway) -> None:
    @replaces(gateway)
    async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
        told = await inner(registration, peer)
        await asyncio.sleep(_LATE)
        return told and replace(told, documents=told.documents[::-1])
