"""``beckn-conformance spec``: commands for maintainers of the specification."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from ...config.paths import path_of
from ...messages.text import counted
from ...process.limits import limited
from .. import schemas
from ..terminal import Commands, say, say_json, show, write
from . import page


def add(commands: Commands) -> None:
    spec = commands.add_parser(
        "spec",
        help="check the schemas, or compare them with the specification's page or with another version",
        description="For those who maintain the specification.",
    )
    group = spec.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    _add_check(group)
    page.add(group)
    _add_diff(group)
    _add_catalogue(group)
    _add_bundle(group)
    _add_add(group)


# check


def _add_check(group: Commands) -> None:
    check = group.add_parser(
        "check",
        help="say what is wrong with the schemas after an edit",
        description="Checks the schemas, their references and examples and the catalogue, and that every "
        "member has requirements, and every requirement a check, a test and a defect. --prove also plays the suite "
        "against the reference gateway and each of its fair variations and planted defects. Exit status 1 if something "
        "is wrong.",
    )
    schemas.add(check, "--spec")
    check.add_argument("--prove", action="store_true", help="also play the suite against variations and defects")
    check.add_argument("--only", metavar="TEXT", default="", help="only variations and defects with TEXT in their name")
    check.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="processes that play at once (one for each CPU)",
    )
    check.add_argument("--json", action="store_true", help="as JSON")
    check.set_defaults(does=_check)


def _check(chosen: argparse.Namespace) -> int:
    from ...errors import UsageError
    from ...specification.loading import default_folder
    from . import check

    if chosen.jobs < 1:
        raise UsageError(f"--jobs {chosen.jobs}: at least one process is needed")
    folder = chosen.schemas or default_folder()
    if not (folder / "requirements.yaml").is_file():
        raise UsageError(f"{folder}: there is no requirements.yaml")
    with limited(f"the check of {folder}"):
        found = list(check.problems(folder))
    proved: list[dict[str, Any]] = []
    if not chosen.json:
        say(map(str, found))
    if chosen.prove and not found:
        proved = list(_proved(chosen))
    amiss = sum(bool(row["problems"]) for row in proved)
    said = counted(len(found), "problem")
    if chosen.prove and not found:
        said += f"; {len(proved)} gateways played against, {f'{amiss} judged wrongly' if amiss else 'all as expected'}"
    if chosen.json:
        say_json({"problems": [dataclasses.asdict(problem) for problem in found], "proved": proved})
    else:
        say([said])
    return 1 if found or amiss else 0


def _proved(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from ...errors import UsageError
    from . import prove

    planned = prove.planned(chosen.only)
    count = len(planned)
    if all(kind == "reference" for kind, _ in planned):
        raise UsageError(f"--only {chosen.only}: nothing that is planted has that in its name")
    for number, one in enumerate(prove.prove(chosen.only, chosen.jobs), 1):
        row = {**dataclasses.asdict(one), "seconds": round(one.seconds, 1)}
        if not chosen.json:
            said = "; ".join(one.problems) or "as expected"
            say([f"{number}/{count} {one.kind} {', '.join(one.names)}: {said}"])
        yield row


# diff


def _add_diff(group: Commands) -> None:
    diff = group.add_parser(
        "diff",
        help="say what changed from one version of the schemas to another, and whom it breaks",
        description="Compares two copies of schemas/, or two git revisions that have one: for gateways and for "
        "providers, whether a change is breaking, is not, or cannot be told. A breaking change of a message comes with "
        "a message that shows it. Exit status 1 if anything is breaking, 10 if that cannot be told.",
    )
    diff.add_argument("old", metavar="OLD", help="a folder, or a git revision such as v1.0 or HEAD")
    diff.add_argument("new", metavar="NEW")
    form = diff.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--format", choices=("text", "markdown"), default="text", help="markdown writes release notes")
    diff.set_defaults(does=_diff)


def _diff(chosen: argparse.Namespace) -> int:
    from . import diff, revision
    from .diff import release_notes

    with limited("the comparison"), revision.version(chosen.old) as old, revision.version(chosen.new) as new:
        found = diff.compare(old, new)
    if chosen.format == "markdown":
        say(release_notes.notes(found, chosen.old, chosen.new))
    else:
        show(found, as_json=chosen.json)
    return found.status


# catalogue


def _add_catalogue(group: Commands) -> None:
    catalogue = group.add_parser(
        "catalogue",
        help="print the requirements as a page to read",
        description="Prints a page in Markdown: every requirement by section, with level, basis, readings, the check "
        "that judges it and the planted defects that break it.",
    )
    schemas.add(catalogue, "--spec")
    catalogue.set_defaults(does=_catalogue)


def _catalogue(chosen: argparse.Namespace) -> int:
    from . import catalogue

    say(catalogue.page(schemas.read(chosen)))
    return 0


# bundle


def _add_bundle(group: Commands) -> None:
    bundle = group.add_parser(
        "bundle",
        help="write the schemas for other tools: one OpenAPI file, one JSON Schema for each message",
        description="Writes openapi.json and a JSON Schema for each message into a folder. No file refers to another "
        "one, so generators of code, validators and editors can read each by itself.",
    )
    schemas.add(bundle, "--spec")
    bundle.add_argument(
        "-o", "--output", metavar="DIR", type=path_of, default=path_of("bundle"), help="folder to write to (bundle/)"
    )
    bundle.set_defaults(does=_bundle)


def _bundle(chosen: argparse.Namespace) -> int:
    from . import bundle

    made = bundle.texts(schemas.read(chosen))
    chosen.output.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        write(chosen.output / name, text)
    say([f"{chosen.output}: {len(made)} files"])
    return 0


# add


def _add_add(group: Commands) -> None:
    add = group.add_parser(
        "add",
        help="add a member, an operation or a reading to the schemas",
        description="Writes the rows that a member, an operation or a reading needs, and says what is left to decide.",
    )
    kinds = add.add_subparsers(dest="kind", required=True, metavar="KIND")
    member = kinds.add_parser("member", help="a member of requests and replies, such as /info/website")
    member.add_argument("name", metavar="POINTER")
    member.add_argument("--type", choices=("string", "integer", "number", "boolean"), default="string")
    member.add_argument("--optional", action="store_true", help="a gateway has to accept a request without it")
    operation = kinds.add_parser("operation", help="an operation, such as Provider/status")
    operation.add_argument("name", metavar="ACTION")
    operation.add_argument("--like", metavar="KEY", default="get", help="the operation that it begins as (get)")
    reading = kinds.add_parser("reading", help="a reading of what the page leaves open, such as R20")
    reading.add_argument("name", metavar="NUMBER")
    reading.add_argument("--topic", required=True, help="what it is about, in a few words")
    reading.add_argument("--level", choices=("M", "S", "R", "C"), default="R", help="how it binds (R: recorded only)")
    for one in (member, operation, reading):
        one.add_argument(
            "--spec", metavar="DIR", type=path_of, help="the copy of schemas/ to write to (that of the checkout)"
        )
    add.set_defaults(does=_extend)


def _extend(chosen: argparse.Namespace) -> int:
    from . import check
    from .additions import folder_of_kit, member, operation, reading

    folder = chosen.spec or folder_of_kit()
    match chosen.kind:
        case "member":
            added = member.add(folder, chosen.name, chosen.type, optional=chosen.optional)
        case "operation":
            added = operation.add(folder, chosen.name, chosen.like)
        case _:
            added = reading.add(folder, chosen.name, chosen.topic, chosen.level)
    say([f"folder  {folder}"])
    say(f"wrote   {line}" for line in added.written)
    say(f"decide  {line}" for line in added.left)
    say(f"fix     {problem}" for problem in check.problems(folder))
    return 0
