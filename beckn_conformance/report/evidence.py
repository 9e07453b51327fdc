"""The exchanges that stand as evidence in a report: which ones, and how they are found in a long record."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

MOST, FEW_FINDINGS = 3, 40
"""Exchanges of a finding that are shown where findings are few; of each of many it is one."""
BEGINNING = b'{"id":"'
"""How every line of ``exchanges.jsonl`` begins, so that an id can be told without reading the JSON behind it."""


def wanted(report: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the exchanges that are shown in full: the first few of each finding, and one of each requirement met."""
    requirements = report["requirements"]
    findings = [finding for row in requirements for finding in row["findings"]]
    most = MOST if len(findings) <= FEW_FINDINGS else 1
    samples = frozenset(row["sample"] for row in requirements if row["sample"])
    return samples.union(*(finding["exchanges"][:most] for finding in findings))


def read(record: Path, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Reads the exchanges with these ids from ``exchanges.jsonl``, by id; one that is not there is left out."""
    left = {json.dumps(id_)[1:-1].encode() for id_ in ids}
    found: dict[str, dict[str, Any]] = {}
    if not left or not record.is_file():
        return found
    with record.open("rb") as lines:
        for line in lines:
            if not line.startswith(BEGINNING):
                continue
            id_ = line[len(BEGINNING) : line.find(b'"', len(BEGINNING))]
            if id_ not in left:
                continue
            left.discard(id_)
            row = json.loads(line)
            found[row["id"]] = row
            if not left:
                break
    return found
