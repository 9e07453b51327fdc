"""Bugs that can be planted, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reference_server.defects.defect import Defect

__all__ = ["DEFECTS", "Defect"]

DEFECTS: Mapping[str, Defect] = {}
