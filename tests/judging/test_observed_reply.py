"""A NACK about a registration that is not visible yet is told from one about a field."""

import pytest

from beckn_conformance.judging.checks import gives_no_reason, may_be_too_early
from beckn_conformance.specification.actions import GET, SIGNUP, UPDATE
from tests.exchanges import exchange, nack

ABOUT = {"registration": {"id": "reg-1"}}
UNKNOWN = {"registration": {"id": "is unknown"}}


@pytest.mark.parametrize(
    ("action", "said", "unsettled"),
    [
        (GET, {}, True),
        (GET, UNKNOWN, True),
        (GET, {**UNKNOWN, "_links": {"self": {"href": "/Provider/get"}}}, True),
        (GET, {**UNKNOWN, "errors": [{"code": 1, "text": "is unknown"}]}, True),
        (GET, "is unknown", False),
        (UPDATE, {**UNKNOWN, "info": {"phone": "is faulty"}}, False),
        (UPDATE, {"info": "is missing"}, False),
    ],
)
def test_a_nack_that_blames_no_field_may_come_too_early(action, said, unsettled):
    assert may_be_too_early(exchange(action, ABOUT, nack(said))) is unsettled


def test_a_nack_to_a_signup_that_blames_a_field_is_settled():
    assert not may_be_too_early(exchange(SIGNUP, {"info": {}}, nack({"info": {"name": "is missing"}})))


@pytest.mark.parametrize(
    ("said", "none"),
    [({}, True), ({"error": "busy"}, True), (UNKNOWN, False), ({"info": {"phone": "is faulty"}}, False)],
)
def test_a_nack_that_blames_no_member_gives_no_reason(said, none):
    assert gives_no_reason(exchange(UPDATE, ABOUT, nack(said))) is none
