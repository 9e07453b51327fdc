"""The kit fails no fair gateway: the reference gateway in its strictest reading, and every other fair reading."""

import pytest

import reference_server
from beckn_conformance.commands.spec import prove
from beckn_conformance.commands.spec.prove import NETWORKS, exercising, groups, uncloned, unfair, unsound
from beckn_conformance.commands.spec.trial import findings, run
from reference_server import Variation


@pytest.mark.parametrize("binding", ["http", "envelope"])
def test_the_reference_gateway_is_conformant_in_the_strict_class_without_a_warning(binding):
    assert unsound(binding) == []


def _parameters():
    # To others it is the same gateway; what its peers show is asked for below.
    alone = [variation for variation in reference_server.VARIATIONS.values() if variation.reading != NETWORKS]
    for group in groups(alone):
        names = [variation.name for variation in group]
        yield pytest.param(names, id=" ".join(names))


@pytest.mark.parametrize("names", [*_parameters()])
def test_fair_readings_are_conformant(names):
    assert unfair(names) == {}


@pytest.mark.parametrize("name", [one.name for one in reference_server.VARIATIONS.values() if one.reading == NETWORKS])
def test_a_network_that_clones_in_time_passes_without_a_warning(name):
    assert uncloned(name) == []


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
