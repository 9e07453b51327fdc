"""Logs of a run, in every form, bring the findings of the run itself as far as they hold what is needed."""

import json

import pytest

from beckn_conformance.commands.cli import main
from reference_server import DEFECTS
from tests.end_to_end.kit import Kit
from tests.run.forms import FORMS, cassette, cassette_of_bytes, har, zipped_har
from tests.run.recordings import judged

PLANTED = (
    *("signup-info-phone-no-dash-accepted", "get-name-upper-case", "update-reply-shows-old"),
    *("documents-document-id-same", "get-status-409"),
)
SHOWN_BY = "test_plain or SIGNUP-NACK-PHONE and no_dash"
WHOLE = (har, zipped_har, cassette, cassette_of_bytes)
"""Forms that hold everything: contents, statuses, media types, times and durations."""


@pytest.fixture(scope="module", params=[(), PLANTED], ids=["sound", "faulty"])
def live(request, tmp_path_factory):
    """A run of the kit at a sound gateway, or at one with a defect of each kind."""
    url = ":".join(filter(None, ("reference", ",".join(request.param))))
    run = Kit(tmp_path_factory.mktemp("run")).run(url, "-k", SHOWN_BY)
    assert {DEFECTS[name].requirement for name in request.param} <= {finding["requirement"] for finding in run.findings}
    main(["report", str(run.folder), "--har"])
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
