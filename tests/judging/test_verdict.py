"""The verdict: passed only when all was exercised, and nothing beats a finding that fails the class."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.config.gateway import Waiver
from beckn_conformance.judging.finding import MOST_PLACES, SLUG, Finding, Judgement, Obligation, slug
from beckn_conformance.judging.history.histories import MANY
from beckn_conformance.judging.obligations import obligations
from beckn_conformance.judging.outcome import conclude, worded
from beckn_conformance.judging.tally import KEPT_EXCHANGES, Tally
from tests.exchanges import ACTIONS, ADD, CONFIG, GET, QUICK, SIGNUP, SPECIFICATION, UPDATE, Story, configured, put

TODAY = datetime.date(2026, 5, 4)
DUE = obligations(SPECIFICATION, CONFIG)
PHONE_EMPTY = Obligation(SIGNUP, "/info/phone", "empty")
MUST, SHOULD = "SIGNUP-NACK-PHONE", "SIGNUP-NACK-EMPTY"


def finding(requirement=MUST, pointer="/info/phone", kind="wrong", message="wrong", exchange="x1", weight=10):
    return Finding(requirement, SIGNUP, pointer, kind, message, "sent", "due", "seen", exchange, weight=weight)


def found(requirement=MUST, **how):
    obligation = Obligation(SIGNUP, how.get("pointer", "/info/phone"), "empty")
    return Judgement(requirement, obligation, finding(requirement, **how))


def full(*but):
    """A tally of a run in which all was exercised and nothing found."""
    tally = Tally()
    for requirement, names in DUE.items():
        if requirement not in but:
            for name in names:
                tally.add(Judgement(requirement, name))
            tally.tests[requirement] = ["test"]
    return tally


def concluded(tally, config=CONFIG, **how):
    how.setdefault("can_verify", True)
    return conclude(tally, SPECIFICATION, config, today=TODAY, **how)


def status(verdict, requirement=MUST):
    (outcome,) = (o for o in verdict.outcomes if o.requirement.id == requirement)
    return outcome.status


def reason(verdict, requirement=MUST):
    (outcome,) = (o for o in verdict.outcomes if o.requirement.id == requirement)
    return outcome.reason


def waived(requirement=MUST, pointer=None, expires=TODAY):
    return configured(waivers=(Waiver(requirement, "known", "ops", expires, pointer),))


# Obligations.


def test_every_requirement_that_can_be_tested_has_an_obligation():
    for requirement in SPECIFICATION.requirements.values():
        assert bool(DUE[requirement.id]) != bool(requirement.untestable)


def test_obligations_of_a_fault_name_member_kind_and_later_items():
    name = "/documents/*/name"

    assert Obligation(SIGNUP, "/info/phone", "malformed: no plus") in DUE["SIGNUP-NACK-PHONE"]
    assert Obligation(SIGNUP, name, "missing") in DUE["SIGNUP-NACK-DOCUMENT-NAME"]
    assert Obligation(SIGNUP, name, "missing in a later document") in DUE["SIGNUP-NACK-DOCUMENT-NAME"]
    assert DUE["GET-NACK-UNKNOWN"] == {Obligation(GET, "/registration/id", "unknown")}


def test_obligations_of_replies_name_the_operation_and_what_it_said():
    assert DUE["REPLY-MESSAGE"] == {Obligation(action, kind=said) for action in ACTIONS for said in ("ACK", "NACK")}
    assert DUE["SIGNUP-ID-UNIQUE"] == {Obligation(SIGNUP), Obligation(kind=f"{MANY} registrations")}
    assert DUE["TOKEN-NACK-FOREIGN"] == {Obligation(action, kind="foreign") for action in (GET, UPDATE, ADD)}


def test_nobody_is_held_to_members_declared_optional():
    declared = configured(optional=("/info", "/documents/*/name"))

    due = obligations(SPECIFICATION, declared)

    assert {obligation.kind for obligation in due["SIGNUP-NACK-INFO"]} == {"string", "number", "boolean", "array"}
    assert not {"missing", "null"} & {obligation.kind for obligation in due["SIGNUP-NACK-DOCUMENT-NAME"]}


def test_a_declared_pattern_leaves_one_kind_of_company_ids_to_be_accepted():
    due = obligations(SPECIFICATION, configured(company_id="[A-Z]{8}"))

    assert due["SIGNUP-ACK-COMPANY-ID"] == {Obligation(SIGNUP, "/info/company_id", "well-formed")}
    assert len(DUE["SIGNUP-ACK-COMPANY-ID"]) == 5


# Outcomes.


def test_a_run_in_which_all_was_exercised_and_nothing_found_is_conformant():
    verdict = concluded(full())

    assert verdict.verdict == "conformant"
    assert verdict.exit_status == 0
    assert {o.requirement.id for o in verdict.outcomes if o.status != "passed"} == {
        r.id for r in SPECIFICATION.requirements.values() if r.untestable
    }
    assert sum(verdict.summary.values()) == len(SPECIFICATION.requirements)


@pytest.mark.parametrize("requirement", [r for r, due in DUE.items() if len(due) > 1][::4])
def test_one_obligation_less_is_inconclusive(requirement):
    *met, missing = sorted(DUE[requirement])
    tally = full(requirement)
    tally.tests[requirement] = ["test"]
    for name in met:
        tally.add(Judgement(requirement, name))

    verdict = concluded(tally)

    must = SPECIFICATION.requirements[requirement].level == "MUST"
    assert status(verdict, requirement) == "inconclusive"
    assert reason(verdict, requirement) == f"{len(met)} of {len(met) + 1} exercised; missing: {missing}"
    assert verdict.verdict == ("inconclusive" if must else "conformant")
    assert verdict.exit_status == (10 if must else 0)


def test_a_should_that_was_not_wholly_tested_is_inconclusive_in_the_strict_class():
    assert concluded(full(SHOULD)).verdict == "conformant"
    assert concluded(full(SHOULD), strict=True).verdict == "inconclusive"


def test_of_many_missing_obligations_three_are_named():
    tally = full(MUST)
    tally.tests[MUST] = ["test"]
    tally.add(Judgement(MUST, PHONE_EMPTY))
    tally.hinder(MUST, "the signup before it failed")
    tally.hinder(MUST, "timeout")
    tally.hinder(MUST, "the signup before it failed")

    text = reason(concluded(tally))

    assert text.startswith(f"1 of {len(DUE[MUST])} exercised; missing: ")
    assert text.count(", ") == 2
    assert text.endswith(" … (the signup before it failed)")


def test_a_run_that_did_nothing_is_inconclusive():
    verdict = concluded(Tally())

    assert verdict.verdict == "inconclusive"
    assert verdict.exit_status == 10
    assert reason(verdict) == "nothing was sent for it"
    assert not any(o.status == "passed" for o in verdict.outcomes)


def test_a_gateway_that_cannot_be_reached_is_inconclusive():
    verdict = concluded(Tally(), unreachable="nobody answers")

    assert (verdict.verdict, verdict.exit_status, reason(verdict)) == ("inconclusive", 10, "nobody answers")
    assert concluded(full(), unreachable="nobody answers any more").verdict == "inconclusive"


def test_a_must_that_is_not_met_fails_the_gateway():
    tally = full()
    tally.add(found())

    verdict = concluded(tally)

    assert (status(verdict), verdict.verdict, verdict.exit_status) == ("failed", "non-conformant", 1)


@pytest.mark.parametrize(
    ("strict", "expected"), [(False, ("warned", "conformant", 0)), (True, ("failed", "non-conformant", 1))]
)
def test_a_should_that_is_not_met_fails_the_strict_class_only(strict, expected):
    tally = full()
    tally.add(found(SHOULD))

    verdict = concluded(tally, strict=strict)

    assert (status(verdict, SHOULD), verdict.verdict, verdict.exit_status) == expected


def test_a_finding_beats_everything_inconclusive():
    tally = Tally()
    tally.add(found())

    for unreachable in ("", "gone away"):
        verdict = concluded(tally, unreachable=unreachable)
        assert (verdict.verdict, verdict.exit_status) == ("non-conformant", 1)


def test_a_narrowed_run_is_incomplete_whatever_it_shows():
    clean, bad = full(), full()
    bad.add(found())

    assert (concluded(clean, narrowed=True).verdict, concluded(clean, narrowed=True).exit_status) == ("incomplete", 0)
    assert (concluded(bad, narrowed=True).verdict, concluded(bad, narrowed=True).exit_status) == ("incomplete", 1)
    assert concluded(Tally(), narrowed=True).exit_status == 10


def test_a_narrowed_run_fails_for_a_should_in_the_strict_class_only():
    tally = full()
    tally.add(found(SHOULD))

    assert concluded(tally, narrowed=True).exit_status == 0
    assert concluded(tally, narrowed=True, strict=True).exit_status == 1


# Waivers.


def states(verdict):
    return [standing.state for standing in verdict.waivers]


def test_a_waived_finding_fails_nobody():
    tally = full()
    tally.add(found())

    for strict in (False, True):
        verdict = concluded(tally, waived(), strict=strict)

        assert (status(verdict), reason(verdict)) == ("waived", "known")
        assert (verdict.verdict, verdict.exit_status, verdict.notes) == ("conformant", 0, ())
        (standing,) = verdict.waivers
        assert (standing.state, standing.findings) == ("used", (finding().id,))


@pytest.mark.parametrize("strict", [False, True])
def test_a_waived_should_fails_no_class(strict):
    tally = full()
    tally.add(found(SHOULD))

    verdict = concluded(tally, waived(SHOULD), strict=strict)

    assert (status(verdict, SHOULD), verdict.verdict, states(verdict)) == ("waived", "conformant", ["used"])


@pytest.mark.parametrize(
    ("strict", "waived_of"), [(False, {"MUST": (MUST,)}), (True, {"MUST": (MUST,), "SHOULD": (SHOULD,)})]
)
def test_a_verdict_names_what_would_fail_its_class_without_waivers(strict, waived_of):
    tally = full()
    for requirement in (MUST, SHOULD):
        tally.add(found(requirement))
    both = (*waived().waivers, *waived(SHOULD).waivers)

    assert concluded(tally, configured(waivers=both), strict=strict).waived == waived_of


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ({}, "conformant"),
        ({"MUST": ["A"]}, "conformant, 1 MUST waived"),
        ({"MUST": ["A", "B"]}, "conformant, 2 MUSTs waived"),
        ({"MUST": ["A"], "SHOULD": ["B", "C"]}, "conformant, 1 MUST and 2 SHOULDs waived"),
    ],
)
def test_a_verdict_is_told_together_with_what_is_waived(ids, text):
    assert worded("conformant", ids) == text


def test_a_waiver_holds_on_its_last_day():
    tally = full()
    tally.add(found())

    assert states(concluded(tally, waived(expires=TODAY))) == ["used"]


def test_an_expired_waiver_counts_no_more():
    tally = full()
    tally.add(found())

    verdict = concluded(tally, waived(expires=TODAY - datetime.timedelta(days=1)))

    assert (status(verdict), verdict.exit_status, states(verdict)) == ("failed", 1, ["expired"])
    assert verdict.notes == (f"waiver for {MUST} (ops) expired on 2026-05-03 and no longer applies",)


def test_waivers_expire_by_the_day_in_utc(monkeypatch):
    """West of Greenwich it is still the day before, and east of it the day after."""
    tally = full()
    tally.add(found())

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 5, 4, 23, 30, tzinfo=datetime.UTC).astimezone(tz)

    monkeypatch.setattr(datetime, "datetime", Clock)

    for expires, state in ((TODAY, "used"), (TODAY - datetime.timedelta(days=1), "expired")):
        assert states(conclude(tally, SPECIFICATION, waived(expires=expires))) == [state]


def test_a_waiver_with_a_pointer_is_for_that_place_only():
    tally = full()
    tally.add(found(pointer="/info/phone"))

    assert status(concluded(tally, waived(pointer="/info/phone"))) == "waived"
    other = concluded(tally, waived(pointer="/info/name"))
    assert (status(other), states(other)) == ("failed", ["stale"])
    assert other.notes == (
        f"waiver for {MUST} at /info/name (ops) is stale: what it excuses was tested and is no longer found, so it "
        "can go",
    )


def test_a_waiver_for_the_whole_body_is_for_no_member():
    tally = full()
    tally.add(found(pointer="/info/phone"))

    verdict = concluded(tally, waived(pointer=""))

    assert (status(verdict), states(verdict)) == ("failed", ["stale"])
    assert f"{MUST} at the whole body" in verdict.notes[0]


NAMES = "SIGNUP-NACK-DOCUMENT-NAME"


def test_a_waiver_with_a_star_holds_for_every_document():
    tally = full()
    for index in (0, 3):
        tally.add(found(NAMES, pointer=f"/documents/{index}/name"))

    assert status(concluded(tally, waived(NAMES, "/documents/*/name")), NAMES) == "waived"


@pytest.mark.parametrize(("pointer", "expected"), [("/documents/1/name", "waived"), ("/documents/0/name", "failed")])
def test_a_waiver_with_an_index_holds_for_that_document_only(pointer, expected):
    tally = full()
    tally.add(found(NAMES, pointer=pointer))

    assert status(concluded(tally, waived(NAMES, "/documents/1/name")), NAMES) == expected


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_finding_waived_at_one_document_is_told_of_the_other(order):
    tally = full()
    for index in order:
        pointer = f"/documents/{index}/name"
        tally.add(found(NAMES, pointer=pointer, exchange=f"x{index}", weight=10 - index))

    verdict = concluded(tally, waived(NAMES, "/documents/1/name"))

    (outcome,) = (o for o in verdict.outcomes if o.requirement.id == NAMES)
    (record,) = outcome.findings
    assert (outcome.status, outcome.waived, states(verdict)) == ("failed", {}, ["used"])
    assert (record.finding.pointer, record.exchanges, record.count) == ("/documents/0/name", ["x0"], 1)


def test_a_finding_at_many_documents_is_one_without_waivers():
    tally = full()
    for index in range(100):
        tally.add(found(NAMES, pointer=f"/documents/{index}/name", exchange=f"x{index}"))

    (outcome,) = (o for o in concluded(tally).outcomes if o.requirement.id == NAMES)

    (record,) = outcome.findings
    assert (record.count, len(record.exchanges), record.finding.exchange) == (100, KEPT_EXCHANGES, "x0")
    assert len(tally.found[NAMES]) == MOST_PLACES + 1


def test_waivers_of_some_items_do_not_excuse_those_not_told_apart():
    tally = full()
    for index in range(MOST_PLACES + 1):
        tally.add(found(NAMES, pointer=f"/documents/{index}/name"))
    each = tuple(w for i in range(MOST_PLACES) for w in waived(NAMES, f"/documents/{i}/name").waivers)

    assert status(concluded(tally, configured(waivers=each)), NAMES) == "failed"


def test_one_finding_that_is_not_waived_fails_the_requirement():
    tally = full()
    tally.add(found(pointer="/info/phone"))
    tally.add(found(pointer="/info/name"))

    verdict = concluded(tally, waived(pointer="/info/phone"))

    assert (status(verdict), states(verdict)) == ("failed", ["used"])
    (outcome,) = (o for o in verdict.outcomes if o.requirement.id == MUST)
    assert set(outcome.waived) == {finding(pointer="/info/phone").id}


def test_of_two_waivers_for_a_finding_both_are_used():
    tally = full()
    tally.add(found())
    both = (*waived().waivers, *waived(pointer="/info/phone").waivers)

    verdict = concluded(tally, configured(waivers=both))

    assert (status(verdict), states(verdict)) == ("waived", ["used", "used"])


def test_an_expired_waiver_does_not_stand_in_the_way_of_one_that_counts():
    tally = full()
    tally.add(found())
    both = (*waived(expires=TODAY - datetime.timedelta(days=1)).waivers, *waived().waivers)

    verdict = concluded(tally, configured(waivers=both))

    assert (status(verdict), states(verdict)) == ("waived", ["expired", "used"])


def test_a_waiver_of_what_passes_is_stale():
    verdict = concluded(full(), waived())

    assert (status(verdict), states(verdict)) == ("passed", ["stale"])
    assert verdict.notes == (
        f"waiver for {MUST} (ops) is stale: what it excuses was tested and is no longer found, so it can go",
    )


def test_a_narrowed_run_calls_no_waiver_stale():
    verdict = concluded(full(), waived(), narrowed=True)

    assert states(verdict) == ["idle"]
    assert verdict.notes == (
        f"waiver for {MUST} (ops) is idle: what it excuses was not tested (only a part of the suite was run)",
    )


def test_waivers_idle_for_the_same_reason_are_told_in_one_note():
    several = tuple(w for requirement in (MUST, SHOULD, "REPLY-JSON") for w in waived(requirement).waivers)

    verdict = concluded(full(), configured(waivers=several), narrowed=True)

    assert verdict.notes == (
        f"waivers for {MUST} (ops), {SHOULD} (ops), REPLY-JSON (ops) are idle: what they excuse was not tested "
        "(only a part of the suite was run)",
    )


def test_a_narrowed_run_uses_a_waiver():
    tally = full()
    tally.add(found())

    verdict = concluded(tally, waived(), narrowed=True)

    assert (states(verdict), verdict.exit_status) == (["used"], 0)


def test_a_gateway_that_cannot_be_reached_leaves_waivers_idle():
    verdict = concluded(full(), waived(), unreachable="nobody answers any more")

    assert states(verdict) == ["idle"]
    assert "is idle" in verdict.notes[0]
    assert "(the gateway gives no usable answer)" in verdict.notes[0]


def test_a_waiver_does_not_stand_for_what_was_not_tested():
    verdict = concluded(full(MUST), waived())

    assert (status(verdict), verdict.verdict, states(verdict)) == ("untested", "inconclusive", ["idle"])
    assert verdict.notes == (
        f"waiver for {MUST} (ops) is idle: what it excuses was not tested (nothing was sent for it)",
    )


def test_a_waiver_of_what_was_tested_in_part_is_idle_where_its_own_part_was_not():
    requirement = next(r for r, due in DUE.items() if len({o.member for o in due if o.member}) > 1)
    places = sorted({o.member for o in DUE[requirement]})
    tally = full(requirement)
    for name in DUE[requirement]:
        if name.member != places[1]:
            tally.add(Judgement(requirement, name))

    tested, untested = (waived(requirement, place) for place in places[:2])

    assert states(concluded(tally, tested)) == ["stale"]
    assert states(concluded(tally, untested)) == ["idle"]
    assert states(concluded(tally, waived(requirement))) == ["idle"]


def test_a_waiver_of_what_only_followed_from_another_fault_is_idle():
    tally = full("NACK-ALL")
    tally.add(found(pointer="/info/phone"))
    tally.add(found("NACK-ALL", pointer="/info/phone"))

    verdict = concluded(tally, waived("NACK-ALL"))

    assert states(verdict) == ["idle"]


def test_a_waiver_of_what_nobody_can_test_is_idle_and_told():
    untestable = next(r for r in SPECIFICATION.requirements.values() if r.untestable)

    verdict = concluded(full(), waived(untestable.id))

    assert states(verdict) == ["idle"]
    assert verdict.notes == (
        f"waiver for {untestable.id} (ops) is idle: what it excuses was not tested ({untestable.untestable})",
    )


def test_a_waiver_of_what_does_not_apply_is_idle_and_told():
    declared = configured(updates="deferred", waivers=waived("UPDATE-VISIBLE").waivers)

    verdict = concluded(full("UPDATE-VISIBLE"), declared)

    assert (status(verdict, "UPDATE-VISIBLE"), states(verdict)) == ("not-applicable", ["idle"])
    assert "updates are declared as deferred" in verdict.notes[0]


def test_a_short_policy_update_frequency_is_told():
    assert concluded(full(), configured(policy_update_frequency=24.0)).notes == ()
    (note,) = concluded(full(), configured(policy_update_frequency=6.0)).notes
    assert note.startswith("the declared policy update frequency of 6 h is below the 24 h")


# Not applicable, and untested.


def test_what_needs_verification_is_not_applicable_without_a_hook():
    needy = [r.id for r in SPECIFICATION.requirements.values() if r.needs == "verification"]
    tally = full(*needy)

    assert needy
    for requirement in needy:
        assert status(concluded(tally, can_verify=False), requirement) == "not-applicable"
        assert status(concluded(tally, can_verify=True), requirement) == "untested"
    assert concluded(tally, can_verify=False).verdict == "conformant"


def test_visibility_is_not_asked_of_deferred_updates():
    verdict = concluded(full("UPDATE-VISIBLE", "UPDATE-STAYS"), configured(updates="deferred"))

    assert status(verdict, "UPDATE-VISIBLE") == "not-applicable"
    assert status(verdict, "UPDATE-STAYS") == "not-applicable"
    assert verdict.verdict == "conformant"


def test_values_that_never_appeared_cannot_disappear():
    tally = full("UPDATE-STAYS", "UPDATE-VISIBLE")
    tally.add(found("UPDATE-VISIBLE", pointer="/info"))

    assert status(concluded(tally), "UPDATE-STAYS") == "not-applicable"
    assert status(concluded(full("UPDATE-STAYS")), "UPDATE-STAYS") == "untested"


def test_what_nobody_can_test_is_untested_with_its_reason():
    verdict = concluded(full())

    for requirement in SPECIFICATION.requirements.values():
        if requirement.untestable:
            assert status(verdict, requirement.id) == "untested"
            assert reason(verdict, requirement.id) == requirement.untestable


# The tally.


def test_the_lightest_of_equal_findings_stands_for_them():
    tally = Tally()

    for exchange, weight in (("x1", 50), ("x2", 70), ("x3", 20)):
        tally.add(found(exchange=exchange, weight=weight))

    ((lighter,),) = (records.values() for records in tally.found.values())
    assert lighter.finding.exchange == "x3"
    assert (lighter.count, lighter.exchanges) == (3, ["x1", "x2", "x3"])


def test_findings_in_different_documents_are_one():
    assert finding(pointer="/documents/0/name").id == finding(pointer="/documents/12/name").id
    assert finding(pointer="/documents/0/name").id != finding(pointer="/documents/0/data").id
    assert finding(kind="a").id != finding(kind="b").id
    assert finding(exchange="x1").id == finding(exchange="x2").id


def test_rewording_a_message_keeps_the_id_of_a_finding():
    assert finding(message="a value is wrong").id == finding(message="another value is due").id


@pytest.mark.parametrize("kind", ["", "Wrong", "a value", "wrong-", "wrong\n"])
def test_a_kind_of_finding_is_a_slug(kind):
    with pytest.raises(ValueError, match="slug"):
        finding(kind=kind)


@pytest.mark.parametrize("tag", ["NaN", "10 KB", "名前", "-", ""])
def test_any_tag_of_a_recording_makes_a_slug(tag):
    assert SLUG.fullmatch(slug(f"silent after {tag}"))


def test_of_many_exchanges_only_some_are_kept_and_all_are_counted():
    tally = Tally()
    for number in range(KEPT_EXCHANGES + 5):
        tally.add(found(exchange=f"x{number}"))

    (record,) = tally.found[MUST].values()
    assert (len(record.exchanges), record.count) == (KEPT_EXCHANGES, KEPT_EXCHANGES + 5)


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

    for outcome in verdict.outcomes:
        id_ = outcome.requirement.id
        if outcome.status == "passed":
            assert tally.exercised[id_] >= DUE[id_]
        if tally.found.get(id_) and not outcome.requirement.untestable:
            failing = strict or outcome.requirement.level == "MUST"
            assert outcome.status == ("failed" if failing else "warned")
    assert (verdict.exit_status == 1) == verdict.failing


def test_a_story_becomes_a_verdict():
    story = Story()
    story.signup(change=put("/api/status", "NEW"))
    tally = Tally()
    for judgement in story.judgements():
        tally.add(judgement)

    verdict = concluded(tally)

    assert (verdict.verdict, status(verdict, "SIGNUP-API-STATUS")) == ("non-conformant", "failed")


def test_without_peers_that_is_why_nothing_is_seen_of_clones():
    tally = full("CLONE-UPDATED")
    tally.add(found("UPDATE-VISIBLE", pointer="/info"))

    verdict = concluded(tally)

    assert status(verdict, "CLONE-UPDATED") == "untested"
    assert reason(verdict, "CLONE-UPDATED").startswith("no peers are declared")
