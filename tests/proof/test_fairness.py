"""The proof plays every fair variation, and names the one that is failed.

That the kit fails none of them is what ``spec check --prove`` shows, which CI runs as well.
"""

import pytest

import reference_server
from beckn_conformance.commands.spec import prove
from beckn_conformance.commands.spec.prove import exercising, groups, unfair
from beckn_conformance.commands.spec.trial import findings, run
from reference_server import Variation


def test_every_variation_is_in_a_group_with_others_that_it_does_not_touch():
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
def test_what_could_hide_another_variation_is_not_in_its_group(one, other):
    variations = [reference_server.VARIATIONS[name] for name in (one, other)]

    assert len(groups(variations)) == 2


def test_what_is_unfair_in_a_group_is_named(monkeypatch):
    install = reference_server.DEFECTS["signup-info-phone-no-dash-accepted"].install
    bad = Variation("unfair", "Q1", "what the kit does not let pass", install)
    monkeypatch.setattr("reference_server.variations.VARIATIONS", {**reference_server.VARIATIONS, bad.name: bad})
    some = [item for item in exercising("SIGNUP-NACK-PHONE") if "no_dash" in item.node_id]
    monkeypatch.setattr(prove, "held_against", lambda names: [f[0] for f in findings(run(some, variations=(*names,)))])

    named = unfair(["reply-indented", bad.name, "id-uuid"])

    assert named == {bad.name: ["SIGNUP-NACK-PHONE"]}


def test_what_only_several_variations_bring_about_is_named_with_all_of_them(monkeypatch):
    def held(names):
        return ["something"] if {"id-uuid", "reply-indented"} <= {*names} else []

    monkeypatch.setattr(prove, "held_against", held)

    assert unfair(["id-uuid", "reply-indented", "slow"]) == {"id-uuid reply-indented slow": ["something"]}
