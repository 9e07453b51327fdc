"""Outcomes and the verdict: passed only if all was exercised, and nothing beats a finding that fails the class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.finding import Judgement, Obligation
from beckn_conformance.judging.history.histories import MANY
from beckn_conformance.judging.obligations import obligations
from beckn_conformance.judging.outcome import worded
from beckn_conformance.judging.tally import Tally
from tests.exchanges import ACTIONS, ADD, GET, QUICK, SIGNUP, SPECIFICATION, UPDATE, Story, configured, put
from tests.judging.verdicts import (
    DUE,
    MUST,
    PHONE_EMPTY,
    SHOULD,
    concluded,
    finding,
    found,
    full,
    outcome,
    reason,
    status,
    waived,
)

UNTESTABLE = [r for r in SPECIFICATION.requirements.values() if r.untestable]

# Obligations.


def test_every_requirement_that_can_be_tested_has_an_obligation():
    assert {id_ for id_, due in DUE.items() if not due} == {requirement.id for requirement in UNTESTABLE}


def test_obligations_name_operation_member_and_kind():
    name = "/documents/*/name"

    assert Obligation(SIGNUP, "/info/phone", "malformed: no plus") in DUE["SIGNUP-NACK-PHONE"]
    assert Obligation(SIGNUP, name, "missing") in DUE["SIGNUP-NACK-DOCUMENT-NAME"]
    assert Obligation(SIGNUP, name, "missing in a later document") in DUE["SIGNUP-NACK-DOCUMENT-NAME"]
    assert DUE["GET-NACK-UNKNOWN"] == {Obligation(GET, "/registration/id", "unknown")}
    assert DUE["REPLY-MESSAGE"] == {Obligation(action, kind=said) for action in ACTIONS for said in ("ACK", "NACK")}
    assert DUE["SIGNUP-ID-UNIQUE"] == {Obligation(SIGNUP), Obligation(kind=f"{MANY} registrations")}
    assert DUE["TOKEN-NACK-FOREIGN"] == {Obligation(action, kind="foreign") for action in (GET, UPDATE, ADD)}


def test_declarations_leave_out_obligations():
    optional = obligations(SPECIFICATION, configured(optional=("/info", "/documents/*/name")))
    patterned = obligations(SPECIFICATION, configured(values={"/info/company_id": "[A-Z]{8}"}))

    assert {due.kind for due in optional["SIGNUP-NACK-INFO"]} == {"string", "number", "boolean", "array"}
    assert not {"missing", "null"} & {due.kind for due in optional["SIGNUP-NACK-DOCUMENT-NAME"]}
    assert patterned["SIGNUP-ACK-COMPANY-ID"] == {Obligation(SIGNUP, "/info/company_id", "well-formed")}


# The verdict.

CLEAN, EMPTY = full(), Tally()
BAD, POOR = full(found()), full(found(SHOULD))


@pytest.mark.parametrize(
    ("tally", "how", "verdict", "exit_status"),
    [
        (CLEAN, {}, "conformant", 0),
        (CLEAN, {"narrowed": True}, "incomplete", 0),
        (CLEAN, {"unreachable": "gone"}, "inconclusive", 10),
        (EMPTY, {}, "inconclusive", 10),
        (EMPTY, {"narrowed": True}, "incomplete", 10),
        (EMPTY, {"unreachable": "gone"}, "inconclusive", 10),
        (BAD, {}, "non-conformant", 1),
        (BAD, {"narrowed": True}, "incomplete", 1),
        (BAD, {"unreachable": "gone"}, "non-conformant", 1),
        (POOR, {}, "conformant", 0),
        (POOR, {"strict": True}, "non-conformant", 1),
        (POOR, {"narrowed": True}, "incomplete", 0),
        (POOR, {"narrowed": True, "strict": True}, "incomplete", 1),
        (full(but=[SHOULD]), {}, "conformant", 0),
        (full(but=[SHOULD]), {"strict": True}, "inconclusive", 10),
        (full(but=[MUST]), {}, "inconclusive", 10),
    ],
)
def test_a_finding_beats_inconclusive_and_a_narrowed_run_is_incomplete(tally, how, verdict, exit_status):
    drawn = concluded(tally, **how)

    assert (drawn.verdict, drawn.exit_status) == (verdict, exit_status)
    assert sum(drawn.summary.values()) == len(SPECIFICATION.requirements)


@pytest.mark.parametrize(
    ("tally", "how", "requirement", "expected", "why"),
    [
        (CLEAN, {}, MUST, "passed", ""),
        (CLEAN, {}, UNTESTABLE[0].id, "untested", UNTESTABLE[0].untestable),
        (BAD, {}, MUST, "failed", ""),
        (POOR, {}, SHOULD, "warned", ""),
        (POOR, {"strict": True}, SHOULD, "failed", ""),
        (BAD, {"config": waived()}, MUST, "waived", "known"),
        (EMPTY, {}, MUST, "untested", "nothing was sent for it"),
        (EMPTY, {"narrowed": True}, MUST, "untested", "it was left out of this run"),
        (EMPTY, {"unreachable": "nobody answers"}, MUST, "untested", "nobody answers"),
        (EMPTY, {"config": configured(hostile="none")}, "MALFORMED-NACK", "untested", "hostile: none is declared"),
        (EMPTY, {"can_verify": False}, "DOCUMENTS-OLD-STATUS-KEPT", "not-applicable", "no verification_hook"),
        (EMPTY, {}, "CLONE-UPDATED", "untested", "no peers are declared"),
        (full(found("UPDATE-VISIBLE"), but=["CLONE-UPDATED"]), {}, "CLONE-UPDATED", "untested", "no peers"),
        (EMPTY, {"config": configured(updates="deferred")}, "UPDATE-VISIBLE", "not-applicable", "updates are declared"),
        (EMPTY, {"config": configured(updates="deferred")}, "UPDATE-STAYS", "not-applicable", "no Provider/get showed"),
        (full(found("UPDATE-VISIBLE"), but=["UPDATE-STAYS"]), {}, "UPDATE-STAYS", "not-applicable", "no Provider/get"),
        (full(but=["UPDATE-STAYS"]), {}, "UPDATE-STAYS", "untested", "nothing was sent"),
    ],
)
def test_the_first_rule_that_applies_settles_a_requirement(tally, how, requirement, expected, why):
    verdict = concluded(tally, **how)

    assert status(verdict, requirement) == expected
    assert reason(verdict, requirement).startswith(why)


@pytest.mark.parametrize("requirement", [r for r, due in DUE.items() if len(due) > 1][::4])
def test_one_obligation_less_is_inconclusive(requirement):
    *met, missing = sorted(DUE[requirement])
    tally = full(but=[requirement])
    tally.tests[requirement] = ["test"]
    for obligation in met:
        tally.add(Judgement(requirement, obligation))

    verdict = concluded(tally)

    must = SPECIFICATION.requirements[requirement].level == "MUST"
    assert status(verdict, requirement) == "inconclusive"
    assert reason(verdict, requirement) == f"{len(met)} of {len(met) + 1} exercised; missing: {missing}"
    assert verdict.verdict == ("inconclusive" if must else "conformant")


def test_three_missing_obligations_are_named_with_the_most_frequent_hindrance():
    tally = full(but=[MUST])
    tally.tests[MUST] = ["test"]
    tally.add(Judgement(MUST, PHONE_EMPTY))
    for why in ("the signup failed", "timeout", "the signup failed"):
        tally.hinder(MUST, why)

    drawn = outcome(concluded(tally))

    assert drawn.reason.startswith(f"1 of {len(DUE[MUST])} exercised; missing: ")
    assert drawn.reason.count(", ") == 2
    assert drawn.reason.endswith(" … (the signup failed)")
    assert drawn.hindrance == "the signup failed"


def test_without_verification_the_rest_can_be_conformant():
    needy = [r.id for r in SPECIFICATION.requirements.values() if r.needs == "verification"]

    assert needy
    assert concluded(full(but=needy), can_verify=False).verdict == "conformant"


def test_a_short_policy_update_frequency_is_noted():
    assert concluded(full(), configured(policy_update_frequency=24.0)).notes == ()
    (note,) = concluded(full(), configured(policy_update_frequency=6.0)).notes
    assert note.startswith("the declared policy update frequency of 6 h is below the 24 h")


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ({}, "conformant"),
        ({"MUST": ["A"]}, "conformant, 1 MUST waived"),
        ({"MUST": ["A", "B"]}, "conformant, 2 MUSTs waived"),
        ({"MUST": ["A"], "SHOULD": ["B", "C"]}, "conformant, 1 MUST and 2 SHOULDs waived"),
    ],
)
def test_a_verdict_says_how_much_is_waived(ids, text):
    assert worded("conformant", ids) == text


def test_a_story_becomes_a_verdict():
    story = Story()
    story.signup(change=put("/api/status", "NEW"))
    tally = Tally()
    for judgement in story.judgements():
        tally.add(judgement)

    verdict = concluded(tally)

    assert (verdict.verdict, status(verdict, "SIGNUP-API-STATUS")) == ("non-conformant", "failed")


JUDGEMENTS = st.lists(
    st.builds(
        lambda requirement, obligation, bad, number: Judgement(
            requirement,
            obligation,
            finding(requirement, f"/{bad}", exchange=f"x{number}", weight=number) if bad else None,
        ),
        st.sampled_from([MUST, SHOULD, "REPLY-JSON"]),
        st.sampled_from([Obligation(kind=kind) for kind in "abc"]),
        st.sampled_from(["", "", "p", "q"]),
        st.integers(0, 99),
    ),
    max_size=30,
)


@given(JUDGEMENTS, st.booleans(), st.booleans())
@QUICK
def test_a_finding_is_never_lost_and_passed_never_without_its_obligations(judgements, strict, narrowed):
    tally = Tally()
    for judgement in judgements:
        tally.add(judgement)

    verdict = concluded(tally, strict=strict, narrowed=narrowed)

    for drawn in verdict.outcomes:
        id_ = drawn.requirement.id
        if drawn.status == "passed":
            assert tally.exercised[id_] >= DUE[id_]
        if tally.found.get(id_):
            failing = strict or drawn.requirement.level == "MUST"
            assert drawn.status == ("failed" if failing else "warned")
    assert (verdict.exit_status == 1) == verdict.failing


@pytest.mark.parametrize("moves", [True, False])
def test_a_status_shows_nothing_of_a_change_where_it_moves_by_itself(moves):
    requirement = "UPDATE-STATUS-SEEN"
    tally = full(but=(requirement,))
    tally.tests[requirement] = ["test"]
    if moves:
        tally.add(Judgement(requirement, Obligation(GET, "/registration/status", "APPROVED by itself")))

    verdict = concluded(tally, strict=True)

    assert status(verdict, requirement) == ("not-applicable" if moves else "inconclusive")
    assert verdict.verdict == ("conformant" if moves else "inconclusive")


@pytest.mark.parametrize("can_verify", [True, False])
def test_what_somebody_verifies_during_a_run_decides_nothing_without_a_hook(can_verify):
    requirement = "DOCUMENTS-OLD-STATUS-KEPT"
    tally = full(but=(requirement,))
    tally.tests[requirement] = ["test"]
    tally.add(Judgement(requirement, Obligation("Provider/documents/add")))

    verdict = concluded(tally, strict=True, can_verify=can_verify)

    assert status(verdict, requirement) == ("inconclusive" if can_verify else "not-applicable")
