"""Selects the exchanges that a report shows, and reads them from the record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..record.reader import Exchanges

MOST, FEW_FINDINGS = 3, 40
"""Exchanges shown per finding if there are few findings. If there are many, it is one each."""


def wanted(report: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the exchanges that are shown: the first few of each finding, and one for each requirement that was met."""
    requirements = report["requirements"]
    findings = [finding for row in requirements for finding in row["findings"]]
    most = MOST if len(findings) <= FEW_FINDINGS else 1
    samples = frozenset(row["sample"] for row in requirements if row["sample"])
    return samples.union(*(finding["exchanges"][:most] for finding in findings))


def read(folder: Path, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Reads the exchanges with these ids from the record in a folder, by id, in the order in which they began.

    An exchange that is not on record is left out.
    """
    exchanges = Exchanges(folder, ids)
    try:
        rows = {id_: exchanges.row(id_) for id_ in exchanges}
        return dict(sorted(rows.items(), key=lambda item: item[1]["started"]))
    finally:
        exchanges.close()
