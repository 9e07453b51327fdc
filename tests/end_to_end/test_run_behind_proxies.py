"""A fair gateway fails behind no proxy, and what is wrong with one is found through it (T6)."""

import contextlib

import pytest

import reference_server
from tests.end_to_end import proxies

PLANTED = (
    *("signup-info-phone-no-dash-accepted", "signup-sound-email-ok", "get-unknown-unsaid", "get-email-is-company-id"),
    *("get-message-missing", "update-fail-status-another-value", "info-update-token-foreign-accepted"),
    *("documents-add-replaces-signup-documents", "documents-add-foreign-token-crashes"),
)
SHOWN_BY = "test_plain or no_dash or SIGNUP-NACK-NAME or test_unknown_registration or test_token"
STRANGE = "test_plain or test_header or test_concurrency or test_robustness or test_transport"
"""Tests of what nginx might not hand on as it is. Any other call is to nginx like the plain ones."""
VALUES = f"{STRANGE} or test_signup or test_fuzz"
"""Those of values, too, of which rules may find any hostile: they stand in a signup as in any other call."""
PROXIES = {proxies.nginx: ("-k", STRANGE), proxies.apache_with_modsecurity: ("-k", VALUES, "--fuzz-examples=2")}
"""What is played through each."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.__name__),
]


@pytest.fixture
def behind(proxy, tmp_path):
    """Puts the proxy before a base URL, and gives that of the proxy."""
    with contextlib.ExitStack() as running:

        def put(url):
            folder = tmp_path / "proxy"
            folder.mkdir()
            return running.enter_context(proxy(folder, url))

        yield put


def test_a_fair_gateway_fails_behind_no_proxy(kit, gateway, behind, proxy):
    run = kit.run(behind(gateway().url), *PROXIES[proxy])

    assert run.findings == []
    assert run.status in (0, 10), run.output
    assert run.report["summary"]["failed"] == run.report["summary"]["warned"] == 0


def test_planted_defects_are_found_behind_a_proxy(kit, gateway, behind):
    wanted = {reference_server.DEFECTS[name].requirement for name in PLANTED}
    assert len(wanted) == len(PLANTED)

    run = kit.run(behind(gateway(defects=PLANTED).url), "-k", SHOWN_BY)

    assert wanted - {finding["requirement"] for finding in run.findings} == set()
