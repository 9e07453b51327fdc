"""A fair reading of the page that differs from the strictest one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reference_server.planting.steps import Install


@dataclass(frozen=True, slots=True)
class Variation:
    """One freedom that the page leaves, taken."""

    name: str
    """In kebab case."""
    reading: str
    """Number of the reading that grants it."""
    summary: str
    """What the gateway does, in one line."""
    install: Install = field(repr=False)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """Gateway configuration that its vendor declares; `{origin}` stands for scheme, host and port of the gateway."""
