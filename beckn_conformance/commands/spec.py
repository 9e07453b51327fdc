"""The group ``beckn-conformance spec``: what those who maintain the specification ask of page and schemas."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..exchange import printable

Commands = Any
"""What argparse calls its collection of subcommands."""


def add(commands: Commands) -> None:
    """Adds the group with its subcommands."""
    spec = commands.add_parser(
        "spec",
        help="compare the specification's page with its schemas, or two versions of the schemas",
        description="For those who maintain the specification.",
    )
    group = spec.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    _add_drift(group)


def _say(value: Any, lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(value, indent=1))
    else:
        for line in lines:
            print(printable(line))


# drift


def _add_drift(group: Commands) -> None:
    drift = group.add_parser(
        "drift",
        help="say where the prose page and the schemas disagree",
        description="Compares a page in Markdown with schemas/: endpoints, headings, members, types and literals of "
        "every example, and the tables. Typing errors and what a reading settles are notes; exit status 1 where "
        "anything else differs.",
    )
    drift.add_argument("page", metavar="PAGE.md", type=Path, help="the specification page")
    drift.add_argument("--conformance-spec", metavar="DIR", type=Path, help="a changed copy of schemas/")
    drift.add_argument("--json", action="store_true", help="as JSON")
    drift.set_defaults(does=_drift)


def _drift(chosen: argparse.Namespace) -> int:
    from .. import drift, page
    from ..specification import load

    found = drift.compare(str(chosen.page), page.read(chosen.page), load(chosen.conformance_spec))
    _say(found.to_json(), found.lines(), as_json=chosen.json)
    return 1 if found.drifted else 0
