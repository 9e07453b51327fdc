"""The kit beside somebody else's tests, settings and files."""

import subprocess
import sys

import pytest

from tests.end_to_end.kit import environment

ONE = ("-k", "test_plain_get")


@pytest.fixture
def project(tmp_path):
    """Somebody else's project, whose tests have names of their own and use a fixture named as ours is."""
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\n"
        "testpaths = checks\n"
        "python_files = check_*.py\n"
        "addopts = --strict-markers --strict-config -ra\n"
        "filterwarnings = error\n"
        "xfail_strict = true\n"
        "markers = slow: takes long\n"
    )
    (tmp_path / "conftest.py").write_text(
        "import warnings\n"
        "import pytest\n"
        "@pytest.fixture\n"
        "def actor():\n"
        "    return 'theirs'\n"
        "@pytest.fixture(autouse=True)\n"
        "def everywhere():\n"
        "    yield\n"
        "def pytest_collection_modifyitems(items):\n"
        "    items.reverse()\n"
        "    if 'beckn_conformance' in str(items[0].path):\n"
        "        warnings.warn('not a fault of the gateway')\n"
    )
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "check_them.py").write_text(
        "import sys\n"
        "import pytest\n"
        "def test_theirs(actor):\n"
        "    assert actor == 'theirs'\n"
        "@pytest.mark.slow\n"
        "def test_nothing_of_the_kit_is_loaded():\n"
        "    assert not [m for m in sys.modules if m.startswith(('beckn_conformance.c', 'reference_server'))]\n"
    )
    return tmp_path


@pytest.mark.parametrize("folder", [".", "tests"])
def test_run_loads_no_conftest_of_the_folder_it_is_started_in(folder, tmp_path):
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "conftest.py").write_text("raise SystemExit('loaded')\n")
    command = [
        sys.executable,
        "-m",
        "beckn_conformance",
        "run",
        "reference",
        "--conformance-plan",
        "-k",
        "test_plain_get",
    ]

    ended = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)

    assert (ended.returncode, "loaded" in ended.stdout + ended.stderr) == (0, False)


def test_somebody_elses_tests_pass_and_fail_as_before_without_a_gateway(kit, project):
    (project / "checks" / "check_more.py").write_text("def test_wrong():\n    assert 1 == 2\n")

    run = kit.pytest("-v")

    assert run.status == 1, run.output
    assert "assert 1 == 2" in run.output
    assert "1 failed, 2 passed" in run.output
    assert "conformance ====" not in run.output
    assert not (project / "reports").exists()


def test_files_named_like_modules_of_the_kit_are_not_run(kit, tmp_path):
    for name in ("yaml", "starlette", "reference_server", "beckn_conformance"):
        (tmp_path / f"{name}.py").write_text(
            "open('ran', 'a').close()\nraise SystemExit('not the one that was meant')\n"
        )

    run = kit.run("reference", *ONE)

    assert run.status == 0, run.output
    assert not (tmp_path / "ran").exists()


def test_with_a_gateway_only_the_conformance_tests_run(kit, gateway, tmp_path):
    (tmp_path / "test_theirs.py").write_text("def test_plain_get_of_theirs():\n    assert False\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = .\n")

    run = kit.run(gateway().url, *ONE)

    assert run.status == 0, run.output
    assert "test_theirs" not in run.output
    assert " 1 passed" in run.lines[-1]


def test_with_a_gateway_the_settings_of_a_project_around_it_do_no_harm(kit, gateway, project):
    kit.seeded = False

    run = kit.run(gateway().url, *ONE)

    assert run.status == 0, run.output
    assert " 1 passed" in run.lines[-1]
    assert run.requirement("GET-ROUND-TRIP")["status"] == "passed"


def test_a_plain_run_with_every_plugin_that_is_installed_warns_of_nothing(kit, gateway):
    run = kit.pytest(f"--gateway-url={gateway().url}", *ONE)

    assert run.status == 0, run.output
    assert "warning" not in run.output.lower()
