"""How a step of a gateway is replaced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from reference_server.gateway import Gateway

Install: TypeAlias = "Callable[[Gateway], None]"
"""Changes a gateway that was just made."""


def wrap(part: object, step: str, around: Callable[..., Any]) -> None:
    """Put a function around a step of a gateway; it gets the step as it was, and then what the step gets."""
    setattr(part, step, partial(around, getattr(part, step)))
