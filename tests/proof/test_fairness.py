"""The kit fails no fair gateway: the reference gateway in its strictest reading, and every other fair reading."""

from __future__ import annotations

import pytest
from proof.harness import findings, items, run

import reference_server
from beckn_conformance.verdict import CONFORMANT


@pytest.mark.parametrize("binding", ["http", "envelope"])
def test_the_reference_gateway_is_conformant_in_the_strict_class_without_a_warning(binding: str) -> None:
    session = run(items(), binding=binding, strict=True)

    verdict = session.conclude()

    assert findings(session) == []
    assert [(o.requirement.id, o.reason) for o in verdict.outcomes if o.status == "inconclusive"] == []
    assert verdict.verdict == CONFORMANT
    assert verdict.summary["passed"] == len(verdict.outcomes) - verdict.summary["untested"]


@pytest.mark.parametrize("name", sorted(reference_server.VARIATIONS))
def test_a_fair_reading_is_conformant(name: str) -> None:
    session = run(items(), variations=(name,))

    verdict = session.conclude()

    assert [f for f in findings(session) if session.specification.requirements[f[0]].level == "MUST"] == []
    assert [
        (o.requirement.id, o.reason)
        for o in verdict.outcomes
        if o.status in ("failed", "inconclusive") and o.requirement.level == "MUST"
    ] == []
    assert verdict.verdict == CONFORMANT
