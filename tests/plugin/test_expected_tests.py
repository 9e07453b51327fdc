"""The tests of a complete run follow from the specification of that run."""

import datetime

import pytest

from beckn_conformance.plugin.expected_tests import expected_tests
from beckn_conformance.record.run import Run
from beckn_conformance.specification.loading import load
from beckn_conformance.suite.specification import choose
from tests.changed_schemas import with_operation
from tests.exchanges import configured


@pytest.fixture(autouse=True)
def kept():
    yield
    choose(None)


def _requirements(specification):
    """Those that the tests of a complete run under a specification exercise."""
    run = Run(specification, configured(), "r1", 1, datetime.datetime.now(datetime.UTC), examples=25)
    return {requirement for test in expected_tests(run).values() for requirement in test.requirements}


def test_a_changed_copy_expects_tests_of_its_own_operation(tmp_path):
    changed = load(with_operation(tmp_path / "schemas"))

    assert "STATUS-ACK" in _requirements(changed)
    assert "STATUS-ACK" not in _requirements(load())
