"""What worker processes hand over reaches the controller, and those that hand over nothing are lost."""

from types import SimpleNamespace

import pytest

from beckn_conformance.plugin.workers import Controller, hand_over
from beckn_conformance.run.session import Session
from tests.exchanges import CONFIG, SPECIFICATION

SECRET, NAME = "s3cr3t-of-this-worker", "Anna of Anytown"


def controller(folder):
    session = Session(SPECIFICATION, CONFIG, 1, folder=folder)
    return session, Controller(session)


def handed_over(key, fault=""):
    config = SimpleNamespace(workeroutput={})
    worker = Session(SPECIFICATION, CONFIG, 1, worker="gw0", mask_key=key)
    worker.masker.learn(SECRET)
    worker.masker.add_private(NAME, "Emma of Elsewhere")
    worker.assessment.run.notes.append("a note")
    hand_over(config, worker, 7, fault)
    return dict(config.workeroutput)


def test_a_worker_hands_over_its_share_and_what_is_to_be_masked(tmp_path):
    session, workers = controller(tmp_path)

    workers.worker_ended("gw0", handed_over(session.mask_key))

    assert session.masker.text(f"{NAME} has {SECRET}") == f"Emma of Elsewhere has {session.masker.mask(SECRET)}"
    assert workers.shares["gw0"].notes == ["a note"]
    assert (workers.available, workers.lost, workers.fault) == (7, [], "")


@pytest.mark.parametrize(
    ("output", "fault"),
    [({}, "worker process gw0 ended before its time"), (handed_over(b"key", "it failed"), "it failed")],
)
def test_why_a_worker_could_not_do_its_part_is_a_fault(tmp_path, output, fault):
    _, workers = controller(tmp_path)

    workers.worker_ended("gw0", output)

    assert workers.fault == fault
