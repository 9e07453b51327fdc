"""What fails for another reason than a finding, or keeps a run from writing its report, is no verdict."""

import pytest

CONFTEST = """
import shutil
import pytest

def pytest_configure(config):
    config.pluginmanager.register(Plugin())

class Plugin:
"""
"""The tests of the suite lie elsewhere, so that only a plugin reaches them."""
FAILING = {
    "a timeout while a scenario plays": """
    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        pytest.fail("Timeout (>60.0s)", pytrace=False)
""",
    "a plugin after the outcome": """
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        result = yield
        pytest.fail("too slow", pytrace=False)
""",
    "a plugin that plays nothing": """
    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        return True
""",
}


@pytest.mark.parametrize("what", FAILING)
def test_a_failure_that_is_no_finding_makes_the_run_incomplete(kit, gateway, tmp_path, what):
    (tmp_path / "conftest.py").write_text(CONFTEST + FAILING[what])

    run = kit.run(gateway().url, "-k", "test_plain_get", faulty=True)

    assert run.status == 3, run.output
    assert run.report["verdict"] == "incomplete"
    assert "failed for another reason than a finding, such as" in run.lines[-2]
    assert "Traceback" not in run.output


def test_a_run_that_a_plugin_ends_early_is_no_success(kit, gateway, tmp_path):
    ending = """
    def pytest_runtest_teardown(self, item, nextitem):
        if nextitem is not None:
            pytest.exit("enough", returncode=0)
"""
    (tmp_path / "conftest.py").write_text(CONFTEST + ending)

    run = kit.run(gateway().url, "-k", "test_plain_get or test_plain_signup", faulty=True)

    assert run.status == 3, run.output
    assert "something else than the kit ended the run before" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("processes", [(), ("-p", "xdist.plugin", "-n2")], ids=["one process", "two processes"])
def test_a_test_that_is_skipped_by_something_else_is_left_out(kit, gateway, tmp_path, processes):
    (tmp_path / "conftest.py").write_text(CONFTEST + "    def pytest_runtest_setup(self, item): pytest.skip('x')\n")

    run = kit.run(gateway().url, *processes, "-k", "test_plain_get")

    assert run.status == 10, run.output
    assert run.report["verdict"] == "incomplete"
    assert "1 test was skipped by something else than the kit" in run.output


NO_ROOM = {
    "a full disk": """
import resource
def pytest_collection_finish(session):
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
""",
    "a folder that is gone": """
import shutil
def pytest_sessionfinish(session):
    shutil.rmtree("reports")
""",
    "a plugin that cannot write its report": """
def pytest_sessionfinish(session):
    raise OSError(28, "No space left on device", "junit.xml")
""",
    "a crash of the kit at its end": """
from beckn_conformance.report import badge
badge.COLOURS = None
""",
    "a crash of the kit at its beginning": """
from beckn_conformance.plugin import campaign
campaign.groups = None
""",
}


@pytest.mark.parametrize("what", NO_ROOM)
def test_a_run_that_cannot_come_to_its_end_ends_with_a_line_and_status_3(kit, gateway, tmp_path, what):
    (tmp_path / "conftest.py").write_text(NO_ROOM[what])

    run = kit.run(gateway().url, "-k", "test_plain_get or test_plain_signup", faulty=True)

    assert run.status == 3, run.output
    assert "Traceback" not in run.output
    assert "INTERNALERROR" not in run.output
    assert ("crash.txt" in run.output) == ("crash" in what)
