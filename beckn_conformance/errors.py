"""Faults of the kit or of its set-up. None of them is ever a verdict on a gateway.

KitError
├── UsageError           an option or a configuration that cannot be used (exit status 4)
├── SpecificationError   schemas/ is missing, unreadable or contradicts itself
├── Unreachable          the gateway gives no usable answer at all (verdict inconclusive)
└── Unmet                what a test needs did not happen (inconclusive, never passed)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class KitError(Exception):
    """Anything that keeps the kit from judging; its text is one sentence for a person."""


class UsageError(KitError):
    """An option or a configuration key that cannot be used."""


class SpecificationError(KitError):
    """The data in schemas/ cannot be used."""


class Unreachable(KitError):
    """Nothing that answers like a gateway is found under the URL."""


class Unmet(KitError):
    """A precondition of a test did not happen, so nothing can be concluded from it."""


FEW = 12
"""Names that are listed as a whole in an error."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known name most like the given one, else lists all if they are few, else the nearest."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    if len(names) > FEW:
        return f"; the nearest are {', '.join(difflib.get_close_matches(name, names, n=3, cutoff=0))}"
    return f"; known are {', '.join(names)}" if names else ""
