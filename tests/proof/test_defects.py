"""The kit misses nothing that is planted: each defect is found for the right reason, at the right place."""

from __future__ import annotations

import pytest

import reference_server
from beckn_conformance.commands.spec.prove import exercising, unproved
from beckn_conformance.specification.loading import load


@pytest.mark.parametrize("name", sorted(reference_server.DEFECTS))
def test_a_defect_is_found_under_its_requirement_and_no_other(name: str) -> None:
    assert unproved(name) == []


def test_every_requirement_has_a_defect_and_a_case() -> None:
    testable = {r.id for r in load().requirements.values() if not r.untestable}
    assert testable - {d.requirement for d in reference_server.DEFECTS.values()} == set()
    assert [requirement for requirement in sorted(testable) if not exercising(requirement)] == []
