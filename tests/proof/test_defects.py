"""The kit misses nothing that is planted: each defect is found for the right reason, at the right place."""

from __future__ import annotations

import re

import pytest
from proof.harness import Item, findings, items, run

import reference_server
from beckn_conformance import explorer
from beckn_conformance.specification import load


def _cases(requirement: str, *, drawn: bool = False) -> list[Item]:
    return [item for item in items() if requirement in item.requirements and (item.examples is not None) == drawn]


def _place(pointer: str) -> str:
    return re.sub(r"/\d+(?=/|$)", "/*", pointer)


def _lies_in(place: str, declared: str) -> bool:
    """A finding at a member of the object that a defect spoils is the more exact one."""
    return place == declared or (declared != "" and place.startswith(declared + "/"))


@pytest.mark.parametrize("name", sorted(reference_server.DEFECTS))
def test_a_defect_is_found_under_its_requirement_and_no_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is found counts here, and not how small it can be made.
    monkeypatch.setattr(explorer, "MOST_SHRUNK", 0)
    defect = reference_server.DEFECTS[name]

    session = run(_cases(defect.requirement), defects=(name,))
    if defect.requirement not in {f[0] for f in findings(session)}:
        # What takes a longer history than any single test plays is left to those that are drawn.
        session = run(_cases(defect.requirement, drawn=True), defects=(name,), examples=25)

    found = findings(session)
    own = [f for f in found if f[0] == defect.requirement]
    assert own, f"nothing found under {defect.requirement}; others: {found}"
    assert any(f[1] == defect.operation and _lies_in(_place(f[2]), defect.pointer) for f in own), own
    assert {f[0] for f in found} - {defect.requirement} <= defect.consequences


def test_every_requirement_has_a_defect_and_a_case() -> None:
    testable = {r.id for r in load().requirements.values() if not r.untestable}
    assert testable - {d.requirement for d in reference_server.DEFECTS.values()} == set()
    assert [requirement for requirement in sorted(testable) if not _cases(requirement)] == []
