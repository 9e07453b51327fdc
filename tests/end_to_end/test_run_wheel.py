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


SCRIPT = """
import pathlib, beckn_conformance.specification.loading as s, reference_server.specification as r
from importlib.metadata import metadata
print(pathlib.Path(s.__file__), pathlib.Path(r.__file__), len(s.load().requirements), sep="\\n")
print(metadata("beckn-conformance")["Author"], metadata("beckn-conformance")["Name"])
"""


def test_the_wheel_brings_everything_and_says_who_made_it(kit, python):
    ended = subprocess.run(
        [str(python), "-c", SCRIPT], cwd=kit.folder, env=environment(PYTHONPATH=""), stdout=subprocess.PIPE, text=True
    )

    *files, requirements, maker = ended.stdout.splitlines()
    assert all(Path(file).is_relative_to(python.parents[1]) for file in files)
    assert int(requirements) > 100
    assert maker == "The beckn-conformance maintainers beckn-conformance"


def test_the_installed_kit_finds_a_planted_defect_and_nothing_else(kit, python):
    url, some = "reference:signup-info-phone-no-plus-accepted", "test_plain_get or SIGNUP-NACK-PHONE and no_plus"
    run = kit.pytest(f"--gateway-url={url}", "-k", some, python=str(python), PYTHONPATH="")

    assert run.status == 1, run.output
    assert run.requirement("SIGNUP-NACK-PHONE")["status"] == "failed"
    assert run.requirement("GET-ROUND-TRIP")["status"] == "passed"
    assert "<h1" in (run.folder / "report.html").read_text(encoding="utf-8")
