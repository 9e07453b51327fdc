"""A bug that can be planted in the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reference_server.planting import Install


@dataclass(frozen=True, slots=True)
class Defect:
    """One requirement broken in one way."""

    name: str
    """In kebab case."""

    requirement: str
    """The one of schemas/requirements.yaml that is broken."""

    operation: str
    """Action of the exchange on which a judge reports it."""

    pointer: str
    """JSON Pointer in the body, `*` for any index; of the request for a NACK that should have come or blames
    wrongly, else of the reply; "" is the whole body, `header:action` a member of the header."""

    summary: str
    """The bug in one line, in the words of a vendor."""

    install: Install = field(repr=False)

    consequences: frozenset[str] = frozenset()
    """Other requirements that a fair judge cannot but find broken too."""

    configuration: Mapping[str, Any] = field(default_factory=dict)
    """What the kit has to be told; `{origin}` in a text stands for scheme, host and port of the gateway."""
