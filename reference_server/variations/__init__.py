"""Fair readings of the page other than the strictest, by name. Each module yields the ``variations`` of a family."""

from __future__ import annotations

from collections.abc import Mapping

from reference_server.planting import Variation
from reference_server.variations import (
    bodies,
    calls,
    concurrency,
    front,
    lifecycle,
    network,
    policies,
    replies,
    robustness,
)

__all__ = ["VARIATIONS", "Variation"]

_FAMILIES = (replies, bodies, policies, calls, lifecycle, concurrency, robustness, network, front)


def _collect() -> Mapping[str, Variation]:
    """Gather all families; raises ValueError for a name that two variations share."""
    found: dict[str, Variation] = {}
    for family in _FAMILIES:
        for variation in family.variations():
            if variation.name in found:
                raise ValueError(f"two variations are named {variation.name}")
            found[variation.name] = variation
    return found


VARIATIONS: Mapping[str, Variation] = _collect()
