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
    _add_diff(group)


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


# diff


def _add_diff(group: Commands) -> None:
    diff = group.add_parser(
        "diff",
        help="say what changed from one version of the schemas to another, and whom it breaks",
        description="Compares two copies of schemas/, or two git revisions that have one: for gateways and for "
        "providers, what is breaking, widening or neutral, each breaking change of messages with one that shows it. "
        "Exit status 1 where anything is breaking.",
    )
    diff.add_argument("old", metavar="OLD", help="a folder, or a git revision such as v1.0 or HEAD")
    diff.add_argument("new", metavar="NEW")
    diff.add_argument("--json", action="store_true", help="as JSON")
    diff.set_defaults(does=_diff)


def _diff(chosen: argparse.Namespace) -> int:
    from .. import changes, revision
    from ..specification import load

    with revision.folder(chosen.old) as old, revision.folder(chosen.new) as new:
        found = changes.compare(load(old), load(new))
    _say(found.to_json(), found.lines(), as_json=chosen.json)
    return 1 if found.breaking else 0
