"""Which tests are known to wait for the gateway, and which process a test belongs to."""

from beckn_conformance.plugin.distribution import groups
from beckn_conformance.suite import test_get, test_info_update


def test_scenarios_that_wait_for_the_gateway_are_known():
    assert test_info_update.test_update_stays.scenario.settles
    assert not test_get.test_plain_get.scenario.settles


def test_neighbours_go_to_different_processes():
    assert groups(["a", "b", "c", "d", "e"], 2) == {"a": "0", "b": "1", "c": "0", "d": "1", "e": "0"}
    assert set(groups(["a", "b"], 1).values()) == {"0"}


def test_each_process_sends_kinds_of_hostile_input_of_its_own():
    kinds = ["text", "text", "number", "number", "path", "path"]
    tests = [f"suite/test_robustness.py::test[{place}-{kind}]" for place, kind in enumerate(kinds)]

    assert [*groups(["suite/test_get.py::test", *tests], 3).values()] == ["0", "0", "0", "1", "1", "2", "2"]
