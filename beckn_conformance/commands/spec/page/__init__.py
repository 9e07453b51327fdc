"""``spec page``, ``spec drift`` and ``spec coverage``: the specification page, written and compared."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from ....config.paths import path_of
from ....process.censor import censored
from ... import schemas
from ...terminal import Commands, say, say_json, show, write


def add(group: Commands) -> None:
    page = group.add_parser(
        "page",
        help="write the specification page",
        description="Writes the specification page from the schemas and the prose in page.yaml, with the readings as a "
        "section of their own. The HTML is one file for a screen, a phone and paper.",
    )
    page.add_argument("--format", choices=("markdown", "html"), default="markdown", help="markdown if not given")
    page.add_argument("-o", "--output", metavar="FILE", type=path_of, help="write to this file instead of printing")
    page.set_defaults(does=_page)
    drift = group.add_parser(
        "drift",
        help="say where a specification page and the schemas disagree",
        description="Compares a page in Markdown with the page that the schemas make: operations, endpoints, headings, "
        "examples, tables, and every sentence. Typing errors and what a reading settles are notes; exit status 1 if "
        "anything else differs.",
    )
    drift.add_argument("page", metavar="PAGE.md", type=path_of, help="the specification page")
    drift.set_defaults(does=_drift)
    coverage = group.add_parser(
        "coverage",
        help="list the sentences of the page with what covers them",
        description="Lists every sentence and every definition of the specification page with its fingerprint and the "
        "requirements and readings that cover it. Exit status 1 if one was reworded since, or nothing covers it.",
    )
    coverage.set_defaults(does=_coverage)
    for parser in (page, drift, coverage):
        schemas.add(parser, "--spec")
    for parser in (drift, coverage):
        parser.add_argument("--json", action="store_true", help="as JSON")


def _page(chosen: argparse.Namespace) -> int:
    from . import expected, writing

    page = expected.build(schemas.read(chosen))
    text = writing.as_html(page) if chosen.format == "html" else writing.markdown(page)
    if chosen.output is None:
        sys.stdout.write(censored(text))
    else:
        write(chosen.output, text)
    return 0


def _drift(chosen: argparse.Namespace) -> int:
    from . import drift, markdown

    found = drift.compare(str(chosen.page), markdown.read(chosen.page), schemas.read(chosen))
    show(found, as_json=chosen.json)
    return 1 if found.drifted else 0


def _coverage(chosen: argparse.Namespace) -> int:
    from .coverage import coverage

    found = [*coverage(schemas.read(chosen))]
    left = sum(bool(sentence.problem) for sentence in found)
    if chosen.json:
        say_json({"sentences": [dataclasses.asdict(sentence) for sentence in found]})
    else:
        say([*map(str, found), f"{len(found)} sentences, {f'{left} to consider again' if left else 'all considered'}"])
    return 1 if left else 0
