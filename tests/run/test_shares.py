"""The shares of worker processes add up to what follows from the record that they leave together."""

import pickle

import httpx
import pytest

import reference_server
from beckn_conformance.commands.spec.trial import ORIGIN, QUICK, items, play
from beckn_conformance.config.keys import from_mapping
from beckn_conformance.record.journal import COURSE, file_of, workers
from beckn_conformance.record.masking import Masker
from beckn_conformance.report.document import document
from beckn_conformance.run.rejudge import rejudge
from beckn_conformance.run.session import Session
from tests.exchanges import SPECIFICATION

pytestmark = pytest.mark.long

KEY = bytes(16)


def session(folder, app=None, worker=""):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False) if app is not None else None
    config = from_mapping(ORIGIN, QUICK, SPECIFICATION)
    return Session(SPECIFICATION, config, 1, folder=folder, transport=transport, worker=worker, mask_key=KEY)


def shared(folder, *defects):
    """A run that two processes have shared, and what these hand over."""
    app = reference_server.create_app(defects=defects)
    whole = session(folder)
    shares = {}
    for number, worker in enumerate(("gw0", "gw1")):
        with_worker = session(folder, app, worker)
        play(with_worker, dealt(number), examples=2)
        with_worker.end()
        whole.masker.add(*with_worker.masker.secrets)
        shares[worker] = pickle.loads(pickle.dumps(with_worker.assessment.share))
    return whole, shares


def dealt(number):
    """Some of the tests for one of two processes, and a property."""
    plain = [item for item in items() if item.examples is None]
    properties = [item for item in items() if item.examples is not None]
    return [*plain[number::24], properties[number]]


def told(whole, shares):
    whole.take_over(shares)
    verdict = whole.conclude()
    whole.end()
    return document(whole.run, verdict, whole.tally.statistics.to_json(), whole.masker)


@pytest.mark.parametrize(
    "defects",
    [
        (),
        ("signup-id-every-second-repeated", "update-third-says-verified", "documents-add-only-first-fault"),
        ("signup-null-document-crashes", "get-hides-newest-document", "signup-only-first-fault"),
    ],
)
def test_the_shares_of_two_processes_say_what_their_record_says(tmp_path, defects):
    whole, shares = shared(tmp_path, *defects)

    said = told(whole, shares)

    assert workers(tmp_path) == []
    again = rejudge(tmp_path, SPECIFICATION)
    assert again.flaws == []
    assert said == document(again.run, again.conclude(), again.tally.statistics.to_json(), Masker())
    assert bool([row for row in said["requirements"] if row["findings"]]) is bool(defects)


@pytest.mark.parametrize("closed", [True, False], ids=["at its end", "before its end"])
def test_the_record_of_a_lost_process_stands_for_its_share(tmp_path, closed):
    whole, shares = shared(tmp_path, "get-email-upper-case")
    del shares["gw1"]
    course = tmp_path / file_of(COURSE, "gw1")
    lines = course.read_bytes().splitlines(keepends=True)
    assert b'"closed"' in lines[-1]
    course.write_bytes(b"".join(lines if closed else lines[:-1]))

    said = told(whole, shares)

    again = rejudge(tmp_path, SPECIFICATION)
    assert said == document(again.run, again.conclude(), again.tally.statistics.to_json(), Masker())
