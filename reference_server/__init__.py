"""A small gateway of the Beckn Gateway Registration API, with bugs and readings planted by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference_server.app import create_app
    from reference_server.defects import DEFECTS, of_specification
    from reference_server.planting import Defect, Variation
    from reference_server.variations import VARIATIONS

__all__ = ["DEFECTS", "VARIATIONS", "Defect", "Variation", "create_app", "of_specification"]

_HOMES = {
    "create_app": "reference_server.app",
    "DEFECTS": "reference_server.defects",
    "Defect": "reference_server.planting",
    "of_specification": "reference_server.defects",
    "VARIATIONS": "reference_server.variations",
    "Variation": "reference_server.planting",
}


def __getattr__(name: str) -> Any:
    """Import the home of a public name when it is asked for; importing the package alone costs nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
