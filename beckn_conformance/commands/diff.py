"""``beckn-conformance diff``: says what changed from one report to another."""

from __future__ import annotations

import argparse

from ..config.paths import path_of
from .terminal import Commands, show


def add(commands: Commands) -> None:
    diff = commands.add_parser(
        "diff",
        help="say what changed from one report to another",
        description="Compares two reports: findings that are fixed, new, changed or waived, and what changed in kit, "
        "specification and configuration. Exit status 1 if something got worse.",
    )
    diff.add_argument("old", metavar="OLD", type=path_of, help="report folder, or its report.json")
    diff.add_argument("new", metavar="NEW", type=path_of)
    diff.add_argument("--json", action="store_true", help="as JSON")
    diff.set_defaults(does=_diff)


def _diff(chosen: argparse.Namespace) -> int:
    from ..report import files
    from ..report.comparison import compare

    comparison = compare(files.read(chosen.old), files.read(chosen.new))
    show(comparison, as_json=chosen.json)
    return 1 if comparison.worse else 0
