"""A requirement's name selects the tests that were made for it."""

from __future__ import annotations

from beckn_conformance.plugin.expected_tests import collect
from beckn_conformance.plugin.selection import Selection
from beckn_conformance.run.session import Session
from beckn_conformance.specification.loading import load
from tests.exchanges import configured


def test_a_property_goes_by_no_requirement_that_a_test_was_made_for() -> None:
    session = Session(load(), configured(verification_hook="http://127.0.0.1:9"), 1, examples=25)

    tests = collect(Selection(session))

    by_name = {test for test in tests if "SIGNUP-NACK-PHONE" in test.item.extra_keyword_matches}
    assert {test.item.originalname for test in by_name} == {"test_one_fault"}
    assert not any(test.is_property for test in by_name)


def test_every_requirement_of_a_test_selects_some_test() -> None:
    session = Session(load(), configured(verification_hook="http://127.0.0.1:9"), 1, examples=25)

    tests = collect(Selection(session))

    exercised = {name for test in tests for name in test.requirements}
    assert exercised == {name for test in tests for name in exercised & test.item.extra_keyword_matches}
