"""Other people's plugins may repeat, reorder and time tests; a run then says the same, or refuses in one line."""

import json
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from beckn_conformance import plugin
from beckn_conformance.plugin.selection import Selection
from beckn_conformance.suite import test_get

REPEATS_AND_REORDERS = """
import pytest

@pytest.fixture
def step():
    return 0

def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("step")
    metafunc.parametrize("step", [0, 1], indirect=True, ids=["1st-play", "2nd-play"])

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    items.reverse()
"""
FORKS = """
import os

def pytest_addoption(parser):
    parser.addoption("--forked", action="store_true")

def pytest_runtest_protocol(item):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0 or None
    try:
        item.config.hook.pytest_pyfunc_call(pyfuncitem=item)
    except BaseException as error:
        print("in the child:", error, flush=True)
    os._exit(0)
"""


def test_tests_may_be_repeated_and_reordered_but_for_those_that_may_do_harm(kit, gateway, tmp_path):
    (tmp_path / "others.py").write_text(REPEATS_AND_REORDERS)
    (tmp_path / "conftest.py").write_text(
        "import others\ndef pytest_configure(config):\n    config.pluginmanager.register(others)\n"
    )

    run = kit.run(gateway().url, "-k", "(test_signup and SIGNUP-NACK-PHONE) or test_afterwards")

    assert run.status == 0, run.output
    rows = map(json.loads, (run.folder / "course.jsonl").read_text(encoding="utf-8").splitlines())
    tests = [row["test"] for row in rows if row["kind"] == "tested"]
    harmful = [test for test in tests if "test_robustness" in test]
    assert harmful
    assert {test.replace("1st-play", "2nd-play") for test in tests} == {test for test in tests if "2nd-play" in test}
    assert tests[-len(harmful) :] == harmful


def test_a_run_without_a_terminal_reporter_leaves_its_report(kit, gateway):
    run = kit.run(gateway().url, "-p", "no:terminal", "-k", "test_plain_get")

    assert run.status == 0
    assert run.report["verdict"] == "incomplete"


def test_forked_tests_are_refused_in_one_line(kit, gateway, tmp_path):
    (tmp_path / "conftest.py").write_text(FORKS)
    server = gateway()

    run = kit.run(server.url, "--forked", "-k", "test_plain_get")

    assert run.status == 4
    assert run.lines == ["ERROR: --forked: tests are played side by side, which forked ones cannot be; use -n"]
    assert server.connections == 0


def test_a_scenario_in_a_forked_process_is_refused_and_never_waited_for(kit, gateway, tmp_path):
    (tmp_path / "conftest.py").write_text(FORKS)

    run = kit.run(gateway().url, "-s", "-k", "test_plain_get")

    assert "in the child: a plugin runs tests in processes of their own" in run.output


def test_no_timer_of_pytest_timeout_is_set_for_a_scenario():
    run = SimpleNamespace(stash={plugin.CAMPAIGN: SimpleNamespace(selection=Selection)})
    nothing = SimpleNamespace(stash={})

    def timer(config, test):
        item = Mock(spec=pytest.Function, config=config, obj=test)
        return plugin.pytest_timeout_set_timer(item)

    assert timer(run, test_get.test_plain_get) is True
    assert timer(run, print) is None
    assert timer(nothing, test_get.test_plain_get) is None
