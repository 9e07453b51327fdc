"""The exchanges that stand as evidence in a report: which ones, and how they are found in a long record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..record.reader import Exchanges

MOST, FEW_FINDINGS = 3, 40
"""Exchanges of a finding that are shown where findings are few; of each of many it is one."""


def wanted(report: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the exchanges that are shown in full: the first few of each finding, and one of each requirement met."""
    requirements = report["requirements"]
    findings = [finding for row in requirements for finding in row["findings"]]
    most = MOST if len(findings) <= FEW_FINDINGS else 1
    samples = frozenset(row["sample"] for row in requirements if row["sample"])
    return samples.union(*(finding["exchanges"][:most] for finding in findings))


def read(folder: Path, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Reads the exchanges with these ids from the record in a folder, by id; one that is not there is left out."""
    exchanges = Exchanges(folder, ids)
    try:
        return {id_: exchanges.row(id_) for id_ in exchanges}
    finally:
        exchanges.close()
