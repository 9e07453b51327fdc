"""The history of a registration, and what later replies may say after it: pure, fed one exchange at a time."""

from __future__ import annotations

from .clones import falters
from .form import same_but_for_form, same_bytes
from .histories import Histories

__all__ = ["Histories", "falters", "same_but_for_form", "same_bytes"]
