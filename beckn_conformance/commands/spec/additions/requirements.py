"""Rows of requirements.yaml that an addition needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final


def accepted(id_: str, section: str, key: str, name: str, members: Iterable[str]) -> str:
    """Returns the requirement of an operation that valid values of members are accepted."""
    return _ACCEPTED.format(id=id_, section=section, key=key, name=name, members=_quoted(members)).strip()


def refused(id_: str, section: str, key: str, name: str, members: Iterable[str]) -> str:
    """Returns the requirement of an operation that faults in members are refused and blamed."""
    return _REFUSED.format(id=id_, section=section, key=key, name=name, members=_quoted(members)).strip()


def _quoted(members: Iterable[str]) -> str:
    return ", ".join(f'"{member}"' for member in members)


_ACCEPTED: Final = """
- id: {id}
  section: {section} Table of Definitions
  level: MUST
  basis: stated
  reading: [Q1]
  title: valid {name} is accepted
  text: A request with a valid {name} is accepted.
  operations: [{key}]
  accepts: {{members: [{members}], strength: must}}
"""
_REFUSED: Final = """
- id: {id}
  section: {section} Responses, Failure, Body
  level: MUST
  basis: stated
  reading: [Q2, R14]
  title: faulty {name} is refused and blamed
  text: A request with a faulty {name} is refused with a NACK that has a message at that field.
  operations: [{key}]
  refuses: {{members: [{members}], strength: must}}
"""
