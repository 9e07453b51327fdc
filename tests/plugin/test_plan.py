"""A plan counts requests without sending any, and agrees with what a run sends."""

import json
from pathlib import Path

import pytest

from beckn_conformance.plugin.expected_tests import collect
from beckn_conformance.plugin.plan import COUNTS, plan
from beckn_conformance.plugin.selection import Selection
from beckn_conformance.run.session import Session
from beckn_conformance.specification.loading import load
from tests.exchanges import configured

SAMPLE = Path(__file__).resolve().parents[2] / "reports" / "sample" / "report.json"
URL = "http://127.0.0.1:9"


def requests(examples):
    session = Session(load(), configured(verification_hook=URL), 1, examples=examples)
    (line,) = [line for line in plan(URL, examples, collect(Selection(session))) if "would send about" in line]
    return int(line.partition("about ")[2].split()[0])


def test_every_scenario_without_peers_is_counted():
    counted = json.loads(COUNTS.read_text())

    scenarios = {test.scenario_name for test in collect() if test.item.path.stem != "test_network"}

    assert counted.keys() == scenarios, "python -m tests.generate counts them again"


def test_a_plan_agrees_with_a_run():
    exchanges = json.loads(SAMPLE.read_text())["run"]["exchanges"]

    assert requests(25) == pytest.approx(exchanges, rel=0.1)


def test_more_examples_send_more_requests():
    assert requests(250) > 2 * requests(25)
