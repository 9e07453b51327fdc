"""A test of the suite is recognised by its scenario, however it was collected."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from beckn_conformance.plugin.items import ScenarioTest
from beckn_conformance.run.scenario import Scenario, drawn, instructing, scenario, scenario_of, settling


async def play(actor, action):
    return action


async def play_example(actor, example):
    return example


def item(test, **parameters):
    return Mock(spec=pytest.Function, obj=test, callspec=SimpleNamespace(params=parameters))


def test_each_decorator_makes_a_test_with_its_scenario():
    def strategy(config): ...

    made = drawn(strategy, share=0.2)(play_example)

    assert scenario_of(scenario(play)) == Scenario(play)
    assert scenario_of(settling(play)) == Scenario(play, settles=True)
    assert scenario_of(instructing(play)) == Scenario(play, settles=True, instructs=True)
    assert scenario_of(made) == Scenario(play_example, False, strategy, 0.2)


def test_a_property_draws_its_share_and_one_example_at_least():
    assert [Scenario(play_example, share=0.2).count(most) for most in (1, 25, 1000)] == [1, 5, 200]


@pytest.mark.parametrize("thing", [play, print, SimpleNamespace(scenario="of another project"), None])
def test_a_test_without_a_scenario_is_none_of_the_suite(thing):
    assert scenario_of(thing) is None
    assert ScenarioTest.of(item(thing)) is None


def test_a_parameter_of_another_plugin_does_not_reach_the_scenario():
    test = ScenarioTest.of(item(scenario(play), action="Provider/get", step=1))

    assert test is not None
    assert test.play.keywords == {"action": "Provider/get"}


def test_a_part_of_a_property_plays_the_examples_that_belong_to_it():
    made = drawn(lambda config: None)(play_example)
    parts = [ScenarioTest.of(item(made, example=(number, 6))) for number in range(6)]

    assert [part.plays(250) for part in parts if part] == [41, 42, 42, 41, 42, 42]
    assert all(part is not None and part.is_divided for part in parts)
