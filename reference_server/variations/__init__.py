"""Fair readings of the page other than the strictest one, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reference_server.variations.variation import Variation

__all__ = ["VARIATIONS", "Variation"]

VARIATIONS: Mapping[str, Variation] = {}
