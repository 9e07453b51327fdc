"""What a finding says of how to see it again is true."""

import dataclasses
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from beckn_conformance.record.rows import content_of
from reference_server import DEFECTS
from tests.end_to_end.kit import LONGEST, environment
from tests.end_to_end.loopback import plain

SHOWN_BY = {
    "signup-info-phone-no-plus-accepted": "SIGNUP-NACK-PHONE and no_plus",
    "signup-name-upper-case": "SIGNUP-ECHO-EXACT and test_valid_values and company",
    "signup-malformed-array-accepted": "MALFORMED-NACK and signup",
    "get-email-upper-case": "test_plain_get",
    "get-token-foreign-accepted": "TOKEN-NACK-FOREIGN and test_token",
    "get-hides-added-documents": "DOCUMENTS-KEPT and test_plain",
    "info-update-info-phone-no-plus-accepted": "UPDATE-NACK-PHONE and no_plus",
    "info-update-info-name-padded": "test_plain_update",
    "documents-added-name-padded": "DOCUMENTS-ECHO-EXACT and test_plain",
}

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("python3")), reason="the lines need curl and python3"
)


def _findings(run, defect):
    found = [f for f in run.findings if f["requirement"] == DEFECTS[defect].requirement]
    assert found, run.output
    return found


def _shape(value):
    """A JSON value without what differs from run to run."""
    if isinstance(value, dict):
        return {key: _shape(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_shape(child) for child in value]
    return type(value).__name__


def _seen_by_the_kit(run, finding):
    """Status, header and body of the reply that a finding is about."""
    lightest = min(
        (row for row in run.journal if row["id"] in finding["exchanges"]),
        key=lambda row: len(content_of(row["request"])),
    )
    reply = lightest["reply"]
    return reply["status"], {k.lower(): v for k, v in reply["headers"]}, json.loads(content_of(reply))


def _seen_by_curl(line, url, **env):
    """The same of the last reply when a line is run in a shell, against another gateway."""
    moved = re.sub(r"^U=\S+;", f"U={url};", line)
    ended = subprocess.run(
        ["sh", "-c", moved],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
        env={**os.environ, "no_proxy": "*", **env},
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    head, _, body = ended.stdout.replace("\r\n", "\n").partition("\n\n")
    first, *fields = head.split("\n")
    headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    return int(first.split()[1]), headers, json.loads(body.rpartition("\nexpected: ")[0])


def _assert_the_same(mine, theirs):
    assert mine[0] == theirs[0]
    assert mine[1].get("action") == theirs[1].get("action")
    assert mine[1].get("message") == theirs[1].get("message")
    assert _shape(mine[2]) == _shape(theirs[2])


@pytest.mark.parametrize("defect", SHOWN_BY)
def test_a_curl_line_shows_the_finding_again(kit, gateway, defect):
    run = kit.run(gateway(defects=(defect,)).url, kit.configure("settle: 0.2"), "-k", SHOWN_BY[defect])
    fresh = gateway(defects=(defect,))

    for finding in _findings(run, defect)[:2]:
        _assert_the_same(_seen_by_curl(finding["curl"], fresh.url), _seen_by_the_kit(run, finding))


ENVELOPES = (
    *("signup-info-phone-no-plus-accepted", "signup-malformed-array-accepted", "get-token-foreign-accepted"),
    "documents-added-name-padded",
)


@pytest.mark.parametrize("defect", ENVELOPES)
def test_a_curl_line_shows_the_finding_again_in_an_envelope(kit, gateway, defect):
    url, fresh = (gateway(defects=(defect,), binding="envelope").url for _ in range(2))
    run = kit.run(url, kit.configure("{settle: 0.2, binding: envelope}"), "-k", SHOWN_BY[defect])

    for finding in _findings(run, defect)[:2]:
        again, mine = _seen_by_curl(finding["curl"], fresh), _seen_by_the_kit(run, finding)
        assert again[0] == mine[0]
        assert again[2]["header"] == mine[2]["header"]
        assert _shape(again[2]) == _shape(mine[2])


def test_a_curl_line_takes_secrets_from_the_environment(kit, gateway):
    def guarded(seen, answer):
        known = seen.headers.get("x-api-key") == "key's own $HOME"
        agreed = seen.action != "signup" or seen.headers.get("token") == "agreed before"
        return answer if known and agreed else plain(403, '{"who": "are you"}')

    defect = "info-update-info-phone-no-plus-accepted"
    server = gateway(guarded, defects=(defect,))
    text = 'settle: 0.2\nsignup_token: agreed before\nheaders: {X-Api-Key: "key\'s own $HOME"}'
    run = kit.run(server.url, kit.configure(text), "-k", SHOWN_BY[defect])
    finding = _findings(run, defect)[0]
    assert "$SIGNUP_TOKEN" in finding["curl"]
    assert "$HEADER_X_API_KEY" in finding["curl"]

    again = _seen_by_curl(finding["curl"], server.url, SIGNUP_TOKEN="agreed before", HEADER_X_API_KEY="key's own $HOME")

    _assert_the_same(again, _seen_by_the_kit(run, finding))


@pytest.mark.parametrize("defect", ["signup-info-phone-no-plus-accepted", "info-update-info-name-padded"])
def test_a_replay_line_runs_the_one_test_again_that_found_something(kit, gateway, defect):
    url = gateway(defects=(defect,)).url
    run = kit.run(url, kit.configure("settle: 0.2"), "-k", SHOWN_BY[defect])
    finding = _findings(run, defect)[0]
    program, *arguments = shlex.split(finding["replay"])
    assert (program, arguments[:2]) == ("beckn-conformance", ["run", url])

    command = [sys.executable, "-m", "beckn_conformance", *arguments, "-v"]
    ended = subprocess.run(command, cwd=kit.folder, env=environment(), capture_output=True, text=True, check=False)

    again = dataclasses.replace(run, status=ended.returncode, printed=ended.stdout.encode())
    assert not again.crashed, again.output
    assert again.report["verdict"] == "incomplete"
    assert "1 failed" in again.lines[-1] or "1 warned" in again.lines[-1]
    # The replay of a replay is the same one.
    found = {f["id"]: f["replay"] for f in again.findings}
    assert found[finding["id"]] == finding["replay"]
    assert {test for row in again.report["requirements"] for test in row["tests"]} == {arguments[-1]}
