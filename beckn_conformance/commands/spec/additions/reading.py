"""Adds a reading: a point that the page leaves open, and how it is decided."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ....errors import UsageError
from ....specification.loading import load
from . import Added
from .editing import append


def add(path: Path, number: str, topic: str, level: str) -> Added:
    """Adds a reading such as ``R20`` to the end of readings.yaml; raises UsageError if that cannot be."""
    readings = load(path).readings
    if not re.fullmatch("[A-Z][0-9]{1,2}", number):
        raise UsageError(f"{number}: write a letter and a number, such as R20")
    if number in readings:
        raise UsageError(f"{number} exists already, on {readings[number]['topic']}")
    if len(topic.strip()) < 3 or not topic.isprintable():
        raise UsageError(f"--topic {topic!a}: write a few words")
    alike = [row["section"] for other, row in readings.items() if other[0] == number[0]]
    section = alike[0] if alike else "Replies"
    row = f"""
  - number: {number}
    section: {section}
    topic: {json.dumps(topic, ensure_ascii=False)}
    page: The page is silent.
    sends: ""
    accepts: Decide what a gateway may do, and what it must.
    level: [{level}]
    keys: []
"""
    append(path, "readings.yaml", row)
    left = [
        f"readings.yaml, {number}: what the page says, what the kit sends, what it accepts; keys of the gateway "
        "configuration that settle it"
    ]
    if level != "R":
        left.append(f"requirements.yaml: cite {number} in the requirements that follow it")
    if level != "M":
        left.append("reference_server/variations: each freedom that it grants, as a gateway that takes it")
    return Added([f"readings.yaml: {number}"], left)
