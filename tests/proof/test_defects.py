"""The proof sees whether planted defects are found for the right reason at the right place.

That the kit finds all of them is what ``spec check --prove`` shows, which CI runs as well.
"""

from dataclasses import replace
from itertools import combinations

import pytest

import reference_server
from beckn_conformance.commands.spec import prove
from beckn_conformance.commands.spec.prove import apart, exercising, planned, unproved
from beckn_conformance.specification.loading import load
from beckn_conformance.specification.pointer import overlap

NOWHERE = "not found at Provider/documents/add /registration/id"


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

    assert unproved([name]) == {name: [problem]}


@pytest.mark.parametrize(
    ("found", "missed", "declared", "problem"),
    [
        (
            *("signup-ack-info-name-null", "signup-ack-info-phone-null", {"pointer": "/info/email"}),
            "not found at Provider/signup /info/email, but at Provider/signup /info/phone",
        ),
        (
            *("signup-info-phone-no-dash-accepted", "signup-info-phone-no-plus-accepted", {"case": "missing"}),
            "not found at Provider/signup /info/phone missing, but at Provider/signup /info/phone",
        ),
    ],
)
def test_of_several_defects_in_one_gateway_that_with_a_problem_is_named(monkeypatch, found, missed, declared, problem):
    planted = {**reference_server.DEFECTS, missed: replace(reference_server.DEFECTS[missed], **declared)}
    monkeypatch.setattr(reference_server, "of_specification", lambda folder: planted, raising=False)
    monkeypatch.setattr(prove, "_attempts", lambda defect: [(exercising(defect.requirement), 0)])

    assert unproved([found, missed]) == {missed: [problem]}


def test_every_defect_shares_a_gateway_only_with_others_that_it_cannot_be_taken_for():
    defects = reference_server.DEFECTS

    groups = apart(defects.values())

    assert sorted(one.name for group in groups for one in group) == sorted(defects)
    assert len(groups) < len(defects)
    for group in groups:
        assert len({(one.requirement, one.operation, one.consequences) for one in group}) == 1
        told_by_case = len({one.case for one in group} - {""}) == len(group)
        assert told_by_case or not [two for two in combinations(group, 2) if overlap(*(one.pointer for one in two))]


def test_the_plain_gateway_is_always_played():
    kinds = [kind for kind, _ in planned("get-token-repeated")]

    assert kinds == ["reference", "defect"]
