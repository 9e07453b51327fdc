"""Masks secrets in output that no masker handles: what commands print, and crash reports."""

from __future__ import annotations

import weakref
from typing import Protocol


class Mask(Protocol):
    """Anything that masks secrets."""

    def text(self, text: str, *certain: str) -> str:
        """Returns the text with every secret masked."""


_MASKS: weakref.WeakSet[Mask] = weakref.WeakSet()


def obey(mask: Mask) -> None:
    """Masks the secrets that ``mask`` knows in all output from now on, while ``mask`` exists."""
    _MASKS.add(mask)


def censored(text: str) -> str:
    """Returns the text without any secret that this process knows."""
    for mask in tuple(_MASKS):
        text = mask.text(text)
    return text
