"""Waivers: which findings they excuse, and what becomes of each in a run."""

import dataclasses
import datetime

import pytest

from beckn_conformance.judging.finding import Judgement
from beckn_conformance.judging.outcome import conclude
from beckn_conformance.judging.tally import MOST_PLACES
from tests.exchanges import SPECIFICATION, configured
from tests.judging.verdicts import (
    DUE,
    MUST,
    NAMES,
    SHOULD,
    TODAY,
    YESTERDAY,
    concluded,
    finding,
    found,
    full,
    outcome,
    states,
    status,
    waived,
)

UNTESTABLE = next(r for r in SPECIFICATION.requirements.values() if r.untestable)


def both(*configs):
    return configured(waivers=tuple(waiver for config in configs for waiver in config.waivers))


def named(*indices):
    """Findings at the names of documents."""
    return [
        found(NAMES, pointer=f"/documents/{index}/name", exchange=f"x{index}", weight=10 - index) for index in indices
    ]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("requirement", [MUST, SHOULD])
def test_a_waived_finding_fails_no_class(requirement, strict):
    verdict = concluded(full(found(requirement)), waived(requirement=requirement), strict=strict)

    assert (status(verdict, requirement), verdict.verdict, verdict.exit_status) == ("waived", "conformant", 0)
    (standing,) = verdict.waivers
    assert (standing.state, standing.findings, verdict.notes) == ("used", (finding(requirement).id,), ())


@pytest.mark.parametrize(
    ("strict", "expected"), [(False, {"MUST": (MUST,)}), (True, {"MUST": (MUST,), "SHOULD": (SHOULD,)})]
)
def test_a_verdict_names_what_would_fail_its_class_without_waivers(strict, expected):
    config = both(waived(), waived(requirement=SHOULD))

    assert concluded(full(found(), found(SHOULD)), config, strict=strict).waived == expected


@pytest.mark.parametrize(
    ("findings", "config", "expected", "used"),
    [
        ([found()], waived(expires=YESTERDAY), "failed", ["expired"]),
        ([found()], both(waived(expires=YESTERDAY), waived()), "waived", ["expired", "used"]),
        ([found()], both(waived(), waived("/info/phone")), "waived", ["used", "used"]),
        ([found()], waived("/info/phone"), "waived", ["used"]),
        ([found()], waived("/info/name"), "failed", ["stale"]),
        ([found()], waived(""), "failed", ["stale"]),
        ([found(), found(pointer="/info/name")], waived("/info/phone"), "failed", ["used"]),
        ([], waived(), "passed", ["stale"]),
    ],
)
def test_a_waiver_excuses_the_findings_at_its_place_until_it_expires(findings, config, expected, used):
    verdict = concluded(full(*findings), config)

    assert (status(verdict), states(verdict)) == (expected, used)


@pytest.mark.parametrize(
    ("indices", "places", "expected"),
    [
        ((0, 3), ["/documents/*/name"], "waived"),
        ((1,), ["/documents/1/name"], "waived"),
        ((0,), ["/documents/1/name"], "failed"),
        (range(MOST_PLACES + 1), [f"/documents/{index}/name" for index in range(MOST_PLACES)], "failed"),
    ],
)
def test_a_waiver_may_be_for_one_item_of_a_list(indices, places, expected):
    verdict = concluded(full(*named(*indices)), waived(*places, requirement=NAMES))

    assert status(verdict, NAMES) == expected


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_finding_waived_at_one_document_is_reported_for_the_other(order):
    verdict = concluded(full(*named(*order)), waived("/documents/1/name", requirement=NAMES))

    drawn = outcome(verdict, NAMES)
    (record,) = drawn.findings
    assert (drawn.status, drawn.waived, states(verdict)) == ("failed", {}, ["used"])
    assert (record.finding.pointer, record.exchanges, record.count) == ("/documents/0/name", ["x0"], 1)


def test_waivers_expire_by_the_day_in_utc(monkeypatch):
    """West of Greenwich it is still the day before, and east of it the day after."""

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 5, 4, 23, 30, tzinfo=datetime.UTC).astimezone(tz)

    monkeypatch.setattr(datetime, "datetime", Clock)

    for expires, state in ((TODAY, "used"), (YESTERDAY, "expired")):
        assert states(conclude(full(found()), SPECIFICATION, waived(expires=expires))) == [state]


@pytest.mark.parametrize(
    ("tally", "config", "how", "state", "note"),
    [
        (full(), waived(), {}, "stale", f"{MUST} (ops) is stale: what it excuses was tested and is no longer found"),
        (full(), waived("/info/name"), {}, "stale", f"{MUST} at /info/name (ops) is stale"),
        (full(), waived(""), {}, "stale", f"{MUST} at the whole body (ops) is stale"),
        (full(found()), waived(expires=YESTERDAY), {}, "expired", f"{MUST} (ops) expired on 2026-05-03 and no longer"),
        (full(), waived(), {"narrowed": True}, "idle", "(only a part of the suite was run)"),
        (full(), waived(), {"unreachable": "gone"}, "idle", "(the gateway gives no usable answer)"),
        (full(but=[MUST]), waived(), {}, "idle", "was not tested (nothing was sent for it)"),
        (full(), waived(requirement=UNTESTABLE.id), {}, "idle", f"was not tested ({UNTESTABLE.untestable})"),
        (
            full(but=["UPDATE-VISIBLE"]),
            dataclasses.replace(waived(requirement="UPDATE-VISIBLE"), updates="deferred"),
            {},
            "idle",
            "updates are declared as deferred",
        ),
    ],
)
def test_a_waiver_that_excuses_nothing_is_noted_with_the_reason(tally, config, how, state, note):
    verdict = concluded(tally, config, **how)

    assert states(verdict) == [state]
    assert len(verdict.notes) == 1
    assert note in verdict.notes[0]


def test_a_narrowed_run_uses_a_waiver():
    verdict = concluded(full(found()), waived(), narrowed=True)

    assert (states(verdict), verdict.exit_status) == (["used"], 0)


def test_waivers_idle_for_the_same_reason_share_one_note():
    several = both(*(waived(requirement=requirement) for requirement in (MUST, SHOULD, "REPLY-JSON")))

    assert concluded(full(), several, narrowed=True).notes == (
        f"waivers for {MUST} (ops), {SHOULD} (ops), REPLY-JSON (ops) are idle: what they excuse was not tested "
        "(only a part of the suite was run)",
    )


def test_a_waiver_is_idle_if_its_own_part_was_not_tested():
    requirement = next(r for r, due in DUE.items() if len({o.member for o in due if o.member}) > 1)
    tested, untested, *_ = sorted({o.member for o in DUE[requirement]})
    tally = full(but=[requirement])
    for obligation in DUE[requirement]:
        if obligation.member != untested:
            tally.add(Judgement(requirement, obligation))

    for places, state in (([tested], "stale"), ([untested], "idle"), ([], "idle")):
        assert states(concluded(tally, waived(*places, requirement=requirement))) == [state]


def test_a_waiver_of_what_only_follows_from_another_fault_is_idle():
    tally = full(found(), found("NACK-ALL"), but=["NACK-ALL"])

    assert states(concluded(tally, waived(requirement="NACK-ALL"))) == ["idle"]
