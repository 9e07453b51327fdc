"""The kit as it is installed: from a wheel, far from its repository."""

import importlib.util
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.end_to_end.kit import environment

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment in which the wheel is installed, and that sees the other packages."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("the wheel is built with hatchling, which is not there")
    folder = tmp_path_factory.mktemp("installed")
    build = "import sys, hatchling.build; hatchling.build.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], check=True, env=environment(), cwd=REPOSITORY)
    venv.create(folder / "env", symlinks=True)
    interpreter = folder / "env" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    purelib = sysconfig.get_path("purelib", vars={"base": str(folder / "env")})
    # The wheel is pure Python: unpacking it is all that an installer would do, except for the commands.
    zipfile.ZipFile(wheel).extractall(purelib)
    others = [place for place in sys.path if place.endswith("-packages")]
    (Path(purelib) / "others.pth").write_text("\n".join(others) + "\n")
    return interpreter


def test_the_installed_wheel_brings_everything(kit, python):
    script = (
        "import beckn_conformance.specification.loading as s, reference_server.specification as r, pathlib\n"
        "print(pathlib.Path(s.__file__), pathlib.Path(r.__file__), len(s.load().requirements), sep='\\n')\n"
    )

    ended = subprocess.run(
        [str(python), "-c", script],
        cwd=kit.folder,
        env=environment(PYTHONPATH=""),
        capture_output=True,
        text=True,
        check=True,
    )

    *files, requirements = ended.stdout.split("\n")[:3]
    assert all(Path(file).is_relative_to(python.parents[1]) for file in files)
    assert int(requirements) > 100


def test_the_wheel_says_who_made_it_and_what_it_needs(python):
    script = "from importlib.metadata import metadata as m; k = m('beckn-conformance'); print(k['Author'], k['Name'])"

    ended = subprocess.run([str(python), "-c", script], env=environment(PYTHONPATH=""), capture_output=True, text=True)

    assert ended.stdout == "The beckn-conformance maintainers beckn-conformance\n"


def test_the_installed_kit_judges_the_reference_gateway(kit, python):
    run = kit.pytest("--gateway-url=reference", "-k", "test_plain_get", python=str(python), PYTHONPATH="")

    assert not run.crashed, run.output
    assert run.status == 0, run.output
    assert run.report["verdict"] == "incomplete"
    assert run.requirement("GET-ROUND-TRIP")["status"] == "passed"
    assert "<h1" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_the_installed_kit_finds_a_planted_defect(kit, python):
    run = kit.pytest(
        "--gateway-url=reference:signup-info-phone-no-plus-accepted",
        "-k",
        "SIGNUP-NACK-PHONE and no_plus",
        python=str(python),
        PYTHONPATH="",
    )

    assert run.status == 1, run.output
    assert run.requirement("SIGNUP-NACK-PHONE")["status"] == "failed"
