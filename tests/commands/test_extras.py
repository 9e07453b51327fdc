"""Packages that only an extra installs: commands that need none of them work without, the others name the extra."""

import subprocess
import sys

from beckn_conformance.commands.cli import EXTRAS

NEEDED = {
    "keygen lab": "certificate",
    "certify reports --key lab": "certificate",
    "verify reports --public-key lab.pub": "certificate",
    "fleet fleet.yaml": "fleet",
    "lab": "lab",
    "spec drift page.md": "spec",
}
"""Commands, and the extra that each needs."""
SCRIPT = f"""
import sys

# An entry of None makes every import of the package fail.
sys.modules.update(dict.fromkeys({[*EXTRAS]!r}))

from beckn_conformance.commands.cli import main

for command in sys.argv[1:]:
    print(main(command.split()), flush=True)
"""


def without_extras(folder, *commands):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *commands], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_missing_extra_is_named_in_one_line(tmp_path):
    (tmp_path / "page.md").write_text("# A page\n")

    ended = without_extras(tmp_path, *NEEDED)

    assert ended.stdout.split() == ["4"] * len(NEEDED)
    for line, extra in zip(ended.stderr.splitlines(), NEEDED.values(), strict=True):
        assert line.endswith(f"pip install 'beckn-conformance[{extra}]'")


def test_a_gateway_is_judged_without_extras(tmp_path):
    ended = without_extras(tmp_path, "run reference -k SIGNUP-NACK-PHONE --fuzz-examples 1 -q")

    assert ended.stdout.endswith("\n0\n"), ended.stdout + ended.stderr
    assert (tmp_path / "reports" / "report.html").is_file()
