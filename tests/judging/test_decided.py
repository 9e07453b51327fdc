"""A gateway may refuse to change a registration about which it has decided by itself (R5)."""

import pytest

from tests.exchanges import configured, nack, put
from tests.judging.stories import signed_up

REFUSED = nack({"registration": {"id": "was rejected, and cannot be changed"}})
SILENT = nack({})


def refused(status, answer=REFUSED, *, first=False, **declared):
    """Findings where a gateway refuses an addition to a registration that Provider/get shows in a status."""
    story = signed_up(configured(**declared))
    story.mine.status = status
    if first:
        story.get()
    story.add(answer=answer)
    story.get()
    return {requirement for requirement, _ in story.findings()}


@pytest.mark.parametrize("answer", [REFUSED, SILENT])
@pytest.mark.parametrize("first", [True, False])
def test_a_rejected_registration_may_be_refused_a_change(answer, first):
    assert refused("REJECTED", answer, first=first) == set()


@pytest.mark.parametrize("status", ["REGISTERED", "VERIFIED", "PENDING-VERIFICATION", "UPDATE-FAIL"])
def test_a_registration_that_is_verified_or_waits_has_to_be_changed(status):
    assert "DOCUMENTS-ACK" in refused(status)


def test_a_word_that_is_declared_for_a_status_of_the_page_decides_nothing():
    assert "DOCUMENTS-ACK" in refused("ÄNDERUNG-FEHLER", status_names={"UPDATE-FAIL": "ÄNDERUNG-FEHLER"})


def test_a_rejected_registration_does_not_make_a_sound_value_faulty():
    assert refused("REJECTED", nack({"documents": [{"name": "is wrong"}]}))


@pytest.mark.parametrize(("settled", "bad"), [(False, False), (True, True)])
def test_a_copy_that_is_behind_does_not_end_the_wait_for_a_change(settled, bad):
    story = signed_up()
    story.update(story.values.info())
    if settled:
        story.wait()
    story.get(change=put("/registration/status", "VERIFIED"))
    story.add(answer=REFUSED)
    assert ("DOCUMENTS-ACK" in {requirement for requirement, _ in story.findings()}) is bad
