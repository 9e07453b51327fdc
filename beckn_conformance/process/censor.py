"""The last gate of what leaves the process where nobody holds a masker: what commands print, and crash reports."""

from __future__ import annotations

import weakref
from typing import Protocol


class Mask(Protocol):
    """What knows secrets."""

    def text(self, text: str, *certain: str) -> str:
        """The text with every secret masked."""


_MASKS: weakref.WeakSet[Mask] = weakref.WeakSet()


def obey(mask: Mask) -> None:
    """Has all secrets that a mask knows left out from now on, for as long as it exists."""
    _MASKS.add(mask)


def censored(text: str) -> str:
    """The text without any secret that this process knows."""
    for mask in tuple(_MASKS):
        text = mask.text(text)
    return text
