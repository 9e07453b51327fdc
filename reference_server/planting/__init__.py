"""How defects and variations are made: what they are, how a step of a gateway is replaced, how values are changed."""

from __future__ import annotations

from reference_server.planting.defect import Defect, Family, defect
from reference_server.planting.steps import Install, installing, replaces
from reference_server.planting.variation import Variation

__all__ = ["Defect", "Family", "Install", "Variation", "defect", "installing", "replaces"]
