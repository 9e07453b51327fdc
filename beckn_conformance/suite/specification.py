"""The specification that the suite is collected under.

pytest imports the suite's modules, and nothing can be passed to an import. This is the only place where the choice is
global; everything else is given its specification.
"""

from __future__ import annotations

from ..specification.loading import load
from ..specification.specification import Specification

_chosen: Specification | None = None


def choose(specification: Specification | None) -> None:
    """Has the suite collected under a specification from here on; None goes back to the kit's own."""
    global _chosen
    _chosen = specification


def current() -> Specification:
    """The specification that the suite is collected under."""
    return _chosen or load()
