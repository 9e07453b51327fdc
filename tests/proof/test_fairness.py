"""The kit fails no fair gateway: the reference gateway in its strictest reading, and every other fair reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from proof.groups import groups
from proof.harness import findings, items, run

import reference_server
from beckn_conformance.specification import load
from beckn_conformance.verdict import CONFORMANT
from reference_server import Variation


@pytest.mark.parametrize("binding", ["http", "envelope"])
def test_the_reference_gateway_is_conformant_in_the_strict_class_without_a_warning(binding: str) -> None:
    session = run(items(), binding=binding, strict=True)

    verdict = session.conclude()

    assert findings(session) == []
    assert [(o.requirement.id, o.reason) for o in verdict.outcomes if o.status == "inconclusive"] == []
    assert verdict.verdict == CONFORMANT
    assert verdict.summary["passed"] == len(verdict.outcomes) - verdict.summary["untested"]


def held_against(names: Sequence[str]) -> list[object]:
    """What the whole suite holds against a gateway with some variations, which a fair one is not to hear."""
    session = run(items(), variations=tuple(names))
    verdict = session.conclude()
    return [
        *(f for f in findings(session) if session.specification.requirements[f[0]].level == "MUST"),
        *(
            (o.requirement.id, o.reason)
            for o in verdict.outcomes
            if o.status in ("failed", "inconclusive") and o.requirement.level == "MUST"
        ),
        *([] if verdict.verdict == CONFORMANT else [verdict.verdict]),
    ]


def unfair(names: Sequence[str]) -> Mapping[str, list[object]]:
    """What is held against which of some variations; against all together, where none of them alone is to blame."""
    together = held_against(names)
    if not together or len(names) == 1:
        return {" ".join(names): together} if together else {}
    alone = {name: held for name in names if (held := held_against([name]))}
    return alone or {" ".join(names): together}


def _parameters() -> Iterator[Any]:
    # To others it is the same gateway; what its peers show is asked for below.
    alone = [variation for variation in reference_server.VARIATIONS.values() if variation.reading != "X1"]
    for group in groups(alone):
        names = [variation.name for variation in group]
        # A gateway that asks to come back in a second has the kit wait most of the time.
        waits = any(variation.reading == "T13" for variation in group)
        yield pytest.param(names, id=" ".join(names), marks=[pytest.mark.long] * waits)


@pytest.mark.parametrize("names", [*_parameters()])
def test_fair_readings_are_conformant(names: list[str]) -> None:
    assert unfair(names) == {}


@pytest.mark.parametrize("name", [one.name for one in reference_server.VARIATIONS.values() if one.reading == "X1"])
def test_a_network_that_clones_in_time_passes_without_a_warning(name: str) -> None:
    clones = {r.id for r in load().requirements.values() if r.needs == "peers"}

    session = run([item for item in items() if clones & {*item.requirements}], variations=(name,), clone_within=3)

    assert findings(session) == []
    assert {o.status for o in session.conclude().outcomes if o.requirement.id in clones} == {"passed"}


def test_every_variation_is_in_a_group_with_others_that_it_does_not_touch() -> None:
    variations = reference_server.VARIATIONS

    assert sorted(one.name for group in groups(variations.values()) for one in group) == sorted(variations)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nack-ok", "nack-conflict"),  # the same step
        ("any-method", "turned-away-by-page"),  # the same question
        ("slow", "updates-after-approval"),  # one of them is declared
        ("replica-reads", "replicas-take-turns"),  # the same step of the store
    ],
)
def test_what_could_hide_another_variation_is_not_in_its_group(one: str, other: str) -> None:
    variations = [reference_server.VARIATIONS[name] for name in (one, other)]

    assert len(groups(variations)) == 2


@pytest.mark.parametrize(
    ("defect", "requirement"),
    [("update-status-updated", "UPDATE-STATUS"), ("signup-info-phone-no-dash-accepted", "SIGNUP-NACK-PHONE")],
)
def test_what_is_unfair_in_a_group_is_named(monkeypatch: pytest.MonkeyPatch, defect: str, requirement: str) -> None:
    bad = Variation("unfair", "Q1", "what the kit does not let pass", reference_server.DEFECTS[defect].install)
    monkeypatch.setattr("reference_server.variations.VARIATIONS", {**reference_server.VARIATIONS, bad.name: bad})

    named = unfair(["reply-indented", bad.name, "id-uuid"])

    assert [*named] == [bad.name]
    assert requirement in {held[0] for held in named[bad.name] if isinstance(held, tuple)}


def test_what_only_several_variations_bring_about_is_named_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def held(names: Sequence[str]) -> list[object]:
        return ["something"] if {"id-uuid", "reply-indented"} <= {*names} else []

    monkeypatch.setattr(f"{__name__}.held_against", held)

    assert unfair(["id-uuid", "reply-indented", "slow"]) == {"id-uuid reply-indented slow": ["something"]}
