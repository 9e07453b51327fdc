"""Every exchange of a record is named by exactly one row, and stands where its number says."""

import dataclasses

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.record.chain import Chain
from beckn_conformance.record.events import Probe, ProcessEnd, ScenarioEnd, Transcript
from beckn_conformance.record.integrity import Account, out_of_order
from beckn_conformance.specification.loading import load
from tests.exchanges import exchange


def called(id_):
    return dataclasses.replace(exchange("Provider/get", {}, None), id=id_)


def judged(*ids):
    return ScenarioEnd("t", Transcript([called(id_) for id_ in ids]))


RIGHT = (
    Probe(probe=("x1", "x2"), binding=HttpBinding(), served=(), signups_work=True, serves_fresh=True),
    judged("x3", "x5"),
    judged("x4"),
    ProcessEnd(),
)
IDS = ("x1", "x2", "x3", "x4", "x5")


def flaws(*steps, ids=IDS):
    account = Account()
    for step in steps:
        account.apply(step)
    return list(account.flaws(ids))


def test_a_record_in_which_all_is_judged_once_has_no_flaw():
    assert flaws(*RIGHT) == []


@pytest.mark.parametrize(
    ("rows", "flaw"),
    [
        ((RIGHT[0], RIGHT[1], RIGHT[3]), "exchange x4 is judged by no test"),
        ((*RIGHT, judged("x3")), "exchange x3 is named by more than one row"),
        ((*RIGHT, judged("x2")), "exchange x2 is named by more than one row"),
        ((RIGHT[0], judged("x3", "x4", "x5", "x5")), "exchange x5 is named by more than one row"),
        ((*RIGHT, judged("x6")), "exchange x6 is named and not on record"),
        ((*RIGHT[:2], ProcessEnd(unjudged=["x4"])), "exchange x4 was given up and is judged by no test"),
    ],
)
def test_an_exchange_that_is_not_judged_once_is_a_flaw(rows, flaw):
    assert flaw in flaws(*rows)


def test_of_many_flaws_of_a_kind_a_few_are_told():
    assert len(flaws(ids=[f"x{n}" for n in range(1, 1000)])) < 10


def test_exchanges_of_several_processes_are_numbered_each_for_itself():
    assert list(out_of_order(["gw0-x1", "gw0-p1x1", "gw0-x2", "gw1-x1", "gw0-x3", "gw0-p1x2"])) == []


@pytest.mark.parametrize("ids", [["x2"], ["x1", "x3"], ["x2", "x1"], ["x1", "x1"], ["x1", "x02"], ["x1", "y"], ["x¹"]])
def test_a_gap_between_the_numbers_is_a_flaw(ids):
    assert list(out_of_order(ids))


@pytest.mark.parametrize("other", [[b"a\n", b"c\n"], [b"b\n", b"a\n"], [b"a\n"], [b"a\n", b"b\n", b"b\n"], [b"a\nb\n"]])
def test_a_chain_ends_otherwise_after_any_other_lines(other):
    def end(lines):
        chain = Chain()
        for line in lines:
            chain.add(line)
        return chain.end

    assert end(other) != end([b"a\n", b"b\n"])


def test_the_record_has_a_place_for_every_key_of_a_configuration():
    config = load().files["record.json"]["$defs"]["config"]["properties"]

    assert {field.name for field in dataclasses.fields(GatewayConfig)} - {"tls"} | {"declared"} == set(config)
