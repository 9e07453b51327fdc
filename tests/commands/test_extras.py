"""Packages that only an extra installs: commands that need none of them work without, the others name the extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from beckn_conformance.commands.cli import EXTRAS

SCRIPT = f"""
import sys

# An entry of None makes every import of the package fail.
sys.modules.update(dict.fromkeys({[*EXTRAS]!r}))

from beckn_conformance.commands.cli import main

sys.exit(main(sys.argv[1:]))
"""


def without_extras(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("certificate", ["keygen", "lab"]),
        ("certificate", ["certify", "reports", "--key", "lab"]),
        ("certificate", ["verify", "reports", "--public-key", "lab.pub"]),
        ("fleet", ["fleet", "fleet.yaml"]),
        ("lab", ["lab"]),
        ("spec", ["spec", "check"]),
        ("spec", ["spec", "drift", "page.md"]),
    ],
)
def test_a_missing_extra_is_named_in_one_line(tmp_path: Path, extra: str, arguments: list[str]) -> None:
    (tmp_path / "page.md").write_text("# A page\n")

    ended = without_extras(tmp_path, *arguments)

    assert ended.returncode == 4
    assert ended.stderr.endswith(f"pip install 'beckn-conformance[{extra}]'\n")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_a_gateway_is_judged_without_extras(tmp_path: Path) -> None:
    ended = without_extras(tmp_path, "run", "reference", "-k", "SIGNUP-NACK-PHONE", "--fuzz-examples", "1", "-q")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (tmp_path / "reports" / "report.html").is_file()
