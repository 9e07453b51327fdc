"""Logs of a run, in every form, bring the findings of the run itself as far as they hold what is needed."""

import json

import pytest

from tests.end_to_end.kit import Kit
from tests.run.forms import FORMS, cassette, cassette_of_bytes, har, zipped_har
from tests.run.recordings import judged

SELECTED = {
    "": "test_plain_get or test_plain_update",
    "signup-info-phone-no-dash-accepted": "SIGNUP-NACK-PHONE",
    "get-name-upper-case": "GET-ROUND-TRIP-EXACT",
    "update-reply-shows-old": "UPDATE-VISIBLE",
    "documents-document-id-same": "DOCUMENTS-DOCUMENT-ID",
    "get-status-409": "test_plain_get",
}
"""By defect, the tests that are run."""
WHOLE = (har, zipped_har, cassette, cassette_of_bytes)
"""Forms that hold everything: contents, statuses, media types, times and durations."""


@pytest.fixture(scope="module", params=SELECTED, ids=lambda defect: defect or "sound")
def live(request, tmp_path_factory):
    """A run of the kit at a gateway with a defect."""
    defect = request.param
    kit = Kit(tmp_path_factory.mktemp("run"))
    run = kit.run(f"reference:{defect}" if defect else "reference", "-k", SELECTED[defect])
    assert bool(run.findings) is bool(defect)
    return run


@pytest.mark.parametrize("form", FORMS)
def test_a_log_brings_the_findings_of_the_run(form, live, tmp_path):
    calls = json.loads((live.folder / "exchanges.har").read_text())["log"]["entries"]
    found = {(one["requirement"], one["operation"], one["pointer"]) for one in live.findings}

    result = judged(form(calls, tmp_path))

    assert result.found <= found
    missed = {requirement for requirement, _, _ in found - result.found}
    outcomes = [outcome for outcome in result.verdict.outcomes if outcome.requirement.id in missed]
    assert all(outcome.status == "untested" and outcome.reason for outcome in outcomes)
    assert not (missed and form in WHOLE)
