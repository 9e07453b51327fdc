"""The history of a registration, and what later replies may say after it: pure, fed one exchange at a time."""

from __future__ import annotations

from .clones import falters
from .histories import Histories

__all__ = ["Histories", "falters"]
