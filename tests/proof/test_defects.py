"""The kit finds planted defects for the right reason at the right place, and the proof sees it if it does not.

One for each requirement and operation is played here; ``spec check --prove``, which CI runs as well, plays all.
"""

from dataclasses import replace

import pytest

import reference_server
from beckn_conformance.commands.spec import prove
from beckn_conformance.commands.spec.prove import exercising, planned, unproved
from beckn_conformance.specification.loading import load
from reference_server.catalogue import Catalogue
from reference_server.defects import derived
from reference_server.specification import load as shapes


def _played():
    """Those written by hand before those that follow from the schemas, one for each requirement and operation."""
    following = {one.name for one in derived.defects(shapes(), Catalogue())}
    chosen = {}
    for name, one in sorted(reference_server.DEFECTS.items(), key=lambda named: (named[0] in following, named[0])):
        chosen.setdefault((one.requirement, one.operation), name)
    return sorted(chosen.values())


NOWHERE = "not found at Provider/documents/add /registration/id"


@pytest.mark.parametrize("name", _played())
def test_a_defect_is_found_under_its_requirement_and_no_other(name):
    assert unproved(name) == []


def test_every_requirement_has_a_defect_and_a_case():
    testable = {r.id for r in load().requirements.values() if not r.untestable}
    assert testable - {d.requirement for d in reference_server.DEFECTS.values()} == set()
    assert [requirement for requirement in sorted(testable) if not exercising(requirement)] == []


@pytest.mark.parametrize(
    ("name", "declared", "problem"),
    [
        ("documents-id-reversed", {"requirement": "SIGNUP-EXP"}, NOWHERE),
        (
            "signup-ack-auth-exp-null",
            {"pointer": "/auth/token"},
            "not found at Provider/signup /auth/token, but at Provider/signup /auth/exp",
        ),
        ("signup-ack-auth-exp-null", {"requirement": "SIGNUP-TOKEN"}, "also reported under SIGNUP-EXP"),
    ],
)
def test_a_defect_that_is_found_otherwise_is_a_problem(monkeypatch, name, declared, problem):
    planted = {name: replace(reference_server.DEFECTS[name], **declared)}
    monkeypatch.setattr(reference_server, "of_specification", lambda folder: planted, raising=False)
    monkeypatch.setattr(prove, "_attempts", lambda defect: [(exercising("SIGNUP-EXP"), 0)])

    assert unproved(name) == [problem]


def test_the_plain_gateway_is_always_played():
    kinds = [kind for kind, _ in planned("get-token-repeated")]

    assert kinds == ["reference", "defect"]
