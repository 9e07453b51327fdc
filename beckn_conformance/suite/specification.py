"""The specification that the suite is collected under.

pytest imports the suite's modules, and nothing can be passed to an import. This is the only place where the choice is
global; everything else is given its specification.
"""

from __future__ import annotations

import sys

from ..specification.loading import load
from ..specification.specification import Specification

_chosen: Specification | None = None


def choose(specification: Specification | None) -> None:
    """Has the suite collected under a specification from here on; None goes back to the kit's own."""
    global _chosen
    before, _chosen = current().digest, specification
    if current().digest != before:
        _forget_cases()


def current() -> Specification:
    """The specification that the suite is collected under."""
    return _chosen or load()


def _forget_cases() -> None:
    """Has the modules of the suite imported again, as they make their cases when they are imported."""
    package = __name__.rpartition(".")[0]
    for name in [*sys.modules]:
        if name.startswith(f"{package}.") and name != __name__:
            del sys.modules[name]
