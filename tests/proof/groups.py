"""Fair variations that one gateway can have at once, so that one run of the suite sees them all."""

from __future__ import annotations

from collections.abc import Collection

from reference_server import Variation
from reference_server.binding import HttpBinding
from reference_server.gateway import Gateway
from reference_server.specification import load
from reference_server.storage import open_store

MOST = 8
"""Variations of a group: of more it is hard to say that none hides what another one does."""


def groups(variations: Collection[Variation]) -> list[tuple[Variation, ...]]:
    """Every variation once, each with others that leave it as it is."""
    steps = {variation.name: _steps(variation) for variation in variations}

    def apart(one: Variation, other: Variation) -> bool:
        """Whether one could take away what the other is there for: both replace the same step, or answer the same
        question, or one vendor declares what the other does not, and the kit asks for less then."""
        return (
            one.reading == other.reading
            or one.configuration != other.configuration
            or not steps[one.name].isdisjoint(steps[other.name])
        )

    found: list[list[Variation]] = []
    # Those that go together with few others are spread first, and the rest finds its place among them.
    for variation in sorted(variations, key=lambda one: -sum(apart(one, other) for other in variations)):
        fitting = [group for group in found if len(group) < MOST and not any(apart(variation, one) for one in group)]
        if fitting:
            min(fitting, key=len).append(variation)
        else:
            found.append([variation])
    return [tuple(group) for group in found]


def _steps(variation: Variation) -> set[tuple[str, str]]:
    """What a variation replaces in a gateway and its store."""
    gateway = Gateway(load(), open_store(None), HttpBinding())
    parts = {"gateway": gateway, "store": gateway.store}
    before = {name: dict(vars(part)) for name, part in parts.items()}
    variation.install(gateway)
    return {
        (name, step)
        for name, part in parts.items()
        for step, value in vars(part).items()
        if step not in before[name] or before[name][step] is not value
    }
