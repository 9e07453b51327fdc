"""What the first calls of a run show about the gateway."""

import pytest

from beckn_conformance.client.probe import is_probe, shown_by
from tests.exchanges import Story, nack

PLAIN, DENIED, UNKNOWN_TOKEN = nack({}), nack({}, status=403), nack({}, status=401)
UNVERIFIED = nack({"registration": {"id": "is not verified yet"}})
BLAMES_A_MEMBER = nack({"info": {"phone": "is wrong"}})


def _probe(update, add, look=None):
    """The calls of a probe, whose changes get these replies; a refused one is followed by a look at the status."""
    story = Story()
    story.signup()
    story.get()
    story.update(answer=update)
    story.get(answer=look)
    story.add(answer=add)
    return story.exchanges


@pytest.mark.parametrize("refusal", [PLAIN, DENIED, UNVERIFIED])
def test_a_gateway_that_takes_no_change_may_wait_for_verification(refusal):
    shown = shown_by(_probe(refusal, refusal))

    assert (shown.shows_fresh, shown.serves_fresh) == (True, False)


@pytest.mark.parametrize(
    ("update", "add"), [(DENIED, None), (None, DENIED), (BLAMES_A_MEMBER, DENIED), (UNKNOWN_TOKEN, UNKNOWN_TOKEN)]
)
def test_other_refusals_of_changes_are_not_explained_by_verification(update, add):
    assert shown_by(_probe(update, add)).serves_fresh


def test_a_gateway_that_refuses_looks_as_well_as_changes_waits_for_nothing():
    assert shown_by(_probe(PLAIN, PLAIN, look=PLAIN)).serves_fresh


def test_looks_at_the_status_between_changes_are_a_part_of_the_probe():
    assert is_probe(_probe(DENIED, DENIED), 1)
    assert not is_probe([*_probe(DENIED, DENIED), *_probe(DENIED, DENIED)[1:]], 1)
