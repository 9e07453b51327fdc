"""Faults of the kit or of its set-up. None of them is a verdict on a gateway.

KitError
├── UsageError           an option or configuration that cannot be used (exit status 4)
├── SpecificationError   schemas/ is missing, unreadable or inconsistent (exit status 4)
├── Unreachable          the gateway gives no usable answer at all (verdict inconclusive)
└── Unmet                a precondition of a test did not hold (inconclusive, never passed)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class KitError(Exception):
    """Anything that keeps the kit from judging; its text is one sentence for people."""


class UsageError(KitError):
    """An option or configuration key that cannot be used."""


class SpecificationError(KitError):
    """The data in schemas/ cannot be used."""


class Unreachable(KitError):
    """Nothing at the URL answers like a gateway."""


class Unmet(KitError):
    """A precondition of a test did not hold, so nothing can be concluded from it."""


FEW = 12
"""Most names that an error lists in full."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns a hint with a similar known name, else with all names if they are few, else an empty one."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(names)}" if 0 < len(names) <= FEW else ""
