"""The command ``beckn-conformance``: what it takes, and which module does it."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .commands import fleet, spec
from .errors import KitError, UsageError
from .exchange import printable

if TYPE_CHECKING:
    from .specification import Specification

Commands = Any
"""What argparse calls its collection of subcommands."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns its exit status; a fault of what was asked for is told in one line."""
    parser = argparse.ArgumentParser(
        prog="beckn-conformance", description="Conformance test kit for the Beckn Gateway Registration API"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_run, _add_judge, _add_report, _add_replay, _add_diff, _add_keygen, _add_certify, _add_verify):
        add(commands)
    spec.add(commands)
    fleet.add(commands)
    try:
        chosen = parser.parse_args(arguments)
    except SystemExit as stopped:
        return 4 if stopped.code else 0
    try:
        command: Callable[[argparse.Namespace], int] = chosen.does
        return command(chosen)
    except UsageError as error:
        print(f"beckn-conformance: {printable(str(error))}", file=sys.stderr)
        return 4
    except KitError as error:
        print(f"beckn-conformance: {printable(str(error))}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 2


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(printable(line))


def _say_json(value: Any) -> None:
    print(json.dumps(value, indent=1))


# run


def _add_run(commands: Commands) -> None:
    run = commands.add_parser(
        "run",
        help="judge a gateway, isolated from any pytest settings around",
        description="Judges a gateway as pytest --gateway-url URL does, but apart from every conftest.py and "
        "pytest configuration around. Options after URL are those of pytest and of the kit.",
    )
    run.add_argument("--until-stdin-ends", action="store_true", help="end at once when whoever started it does")
    run.add_argument("url", metavar="URL", help="base URL of the gateway, or reference[:NAME]")
    run.add_argument("options", nargs=argparse.REMAINDER, help="options of pytest and of the kit, such as -k phone")
    run.set_defaults(does=_run)


def _run(chosen: argparse.Namespace) -> int:
    import pytest

    from .isolation import OPTIONS, end_with_stdin, load_plugin

    if chosen.until_stdin_ends:
        end_with_stdin()
    return int(pytest.main([*OPTIONS, "--gateway-url", chosen.url, *load_plugin(), *chosen.options]))


# judge


def _add_judge(commands: Commands) -> None:
    judge = commands.add_parser(
        "judge",
        help="judge traffic that somebody else has recorded",
        description="Judges the calls in a HAR (of a browser, a proxy, or this kit) or in the record of a run, by the "
        "checks of a run and without a gateway. What was not exercised is untested, and the verdict incomplete; "
        "exit status 1 for a finding that fails the class.",
    )
    judge.add_argument("traffic", metavar="TRAFFIC", type=Path, help="a HAR, an exchanges.jsonl, or a report folder")
    judge.add_argument("--gateway-url", metavar="URL", help="the gateway to judge, where the traffic is with several")
    judge.add_argument("--gateway-config", metavar="FILE", type=Path, help="what the gateway's vendor declares")
    judge.add_argument("--conformance-class", choices=("core", "strict"), default="core")
    judge.add_argument("--conformance-report", metavar="DIR", type=Path, help="write a report to this folder")
    judge.add_argument("--json", action="store_true", help="print the report as JSON")
    judge.set_defaults(does=_judge)


def _judge(chosen: argparse.Namespace) -> int:
    import tempfile

    from . import traffic
    from .specification import load

    specification = load()
    if chosen.traffic.is_dir():
        return _rejudged(chosen.traffic, specification, chosen.conformance_report, as_json=chosen.json)
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.conformance_report or Path(temporary)
        traffic.record(
            chosen.traffic,
            folder,
            specification,
            url=chosen.gateway_url,
            file=chosen.gateway_config,
            strict=chosen.conformance_class == "strict",
        )
        return _rejudged(folder, specification, chosen.conformance_report, as_json=chosen.json)


def _rejudged(record: Path, specification: Specification, report: Path | None, *, as_json: bool = False) -> int:
    """Judges a record, writes a report where one is wanted, and says the verdict."""
    from .masking import Masker
    from .recording import rejudge
    from .report import document, files, terminal

    judged = rejudge(record, specification)
    verdict = judged.conclude()
    made = document.document(judged.run, verdict, judged.tally.statistics.to_json(), Masker())
    path = files.write(made, report, specification) if report is not None else None
    if as_json:
        _say_json(made)
    else:
        _say(text for text, _ in terminal.lines(judged.run, verdict, path))
    return verdict.exit_status


# report


def _add_report(commands: Commands) -> None:
    report = commands.add_parser(
        "report",
        help="make the report again from the record of a run, also of one that was killed",
        description="Judges everything on record in DIR again, without the gateway, and writes the report anew. "
        "The exit status is that of the run; a run that did not come to its end is incomplete.",
    )
    report.add_argument("folder", metavar="DIR", type=Path, help="report folder of a run")
    report.set_defaults(does=_report)


def _report(chosen: argparse.Namespace) -> int:
    from .specification import load

    return _rejudged(chosen.folder, load(), chosen.folder)


# replay


def _add_replay(commands: Commands) -> None:
    replay = commands.add_parser(
        "replay",
        help="send what a finding rests on once more, and say whether it still holds",
        description="Sends the calls that FINDING needs again, with fresh registrations, and judges the replies. "
        "Exit status 1 where it still holds, 0 where it does not, 10 where that cannot be told.",
    )
    replay.add_argument("folder", metavar="REPORT", type=Path, help="report folder of a run")
    replay.add_argument("finding", metavar="FINDING", help="id of a finding, or of its requirement if it has but one")
    replay.add_argument("--gateway-url", metavar="URL", help="another gateway than the one of the run")
    replay.add_argument("--gateway-config", metavar="FILE", type=Path, help="another configuration, or its secrets")
    replay.add_argument("--json", action="store_true", help="as JSON")
    replay.set_defaults(does=_replay)


def _replay(chosen: argparse.Namespace) -> int:
    from .resending import again
    from .specification import load

    resent = again(chosen.folder, chosen.finding, chosen.gateway_url, chosen.gateway_config, load())
    if chosen.json:
        _say_json(resent.to_json())
    else:
        _say(resent.lines())
    return {True: 1, False: 0, None: 10}[resent.holds]


# diff


def _add_diff(commands: Commands) -> None:
    diff = commands.add_parser(
        "diff",
        help="say what changed from one report to another",
        description="Compares two reports: findings that are fixed, new, changed or waived, and what changed in kit, "
        "specification and configuration. Exit status 1 where something got worse.",
    )
    diff.add_argument("old", metavar="OLD", type=Path, help="report folder, or its report.json")
    diff.add_argument("new", metavar="NEW", type=Path)
    diff.add_argument("--json", action="store_true", help="as JSON")
    diff.set_defaults(does=_diff)


def _diff(chosen: argparse.Namespace) -> int:
    from .comparison import compare
    from .report import files

    comparison = compare(files.read(chosen.old), files.read(chosen.new))
    if chosen.json:
        _say_json(comparison.to_json())
    else:
        _say(comparison.lines())
    return 1 if comparison.worse else 0


# keygen, certify, verify


def _add_keygen(commands: Commands) -> None:
    keygen = commands.add_parser(
        "keygen", help="make a key pair for certificates", description="Writes an Ed25519 key pair: KEY and KEY.pub."
    )
    keygen.add_argument("key", metavar="KEY", type=Path, help="file of the private key; it must not exist")
    keygen.set_defaults(does=_keygen)


def _keygen(chosen: argparse.Namespace) -> int:
    from . import keys

    public = keys.generate(chosen.key)
    print(f"private key: {chosen.key} (keep it to yourself)\npublic key: {public}, id {keys.public_key(public).keyid}")
    return 0


def _add_certify(commands: Commands) -> None:
    certify = commands.add_parser(
        "certify",
        help="sign a certificate about a complete run",
        description="Judges the run in DIR again, makes sure that it was a whole one, and writes DIR/certificate.json: "
        "an in-toto statement in a DSSE envelope, signed with Ed25519.",
    )
    certify.add_argument("folder", metavar="DIR", type=Path, help="report folder of a run")
    certify.add_argument("--key", type=Path, required=True, help="private key, as keygen writes it")
    certify.add_argument("--days", type=int, default=365, help="how long it is valid (default 365)")
    certify.set_defaults(does=_certify)


def _certify(chosen: argparse.Namespace) -> int:
    from . import certificate, keys
    from .report import files
    from .specification import load

    if not 1 <= chosen.days <= 36525:
        raise UsageError(f"--days {chosen.days}: a certificate is valid for one day to a hundred years")
    path = certificate.issue(chosen.folder, keys.signer(chosen.key), load(), days=chosen.days)
    report = files.read(chosen.folder)
    gateway = report["gateway"]
    if not (gateway["name"] and gateway["version"]):
        print("note: no name or version of the gateway is declared; the certificate knows it by its URL only")
    print(printable(f"{gateway['name'] or gateway['url']}: {report['verdict']} ({report['class']})"))
    print(f"certificate: {path}")
    return 0


def _add_verify(commands: Commands) -> None:
    verify = commands.add_parser(
        "verify",
        help="check a certificate, and judge the recorded exchanges again",
        description="Checks signature, validity, every file's digest and that the run was a whole one, and judges the "
        "recorded exchanges again. Exit status 0 where all of it holds, whatever the verdict is; 1 where "
        "something does not; 4 where there is no certificate that can be read.",
    )
    verify.add_argument("folder", metavar="DIR", type=Path, help="report folder with a certificate.json")
    verify.add_argument("--public-key", type=Path, required=True, help="public key of the issuer")
    verify.add_argument("--verdict", choices=("conformant",), help="exit status 1 as well where the verdict is another")
    verify.add_argument("--json", action="store_true", help="as JSON")
    verify.set_defaults(does=_verify)


def _verify(chosen: argparse.Namespace) -> int:
    from . import certificate, keys
    from .specification import load

    now = datetime.datetime.now(datetime.UTC)
    examined = certificate.examine(chosen.folder, keys.public_key(chosen.public_key), load(), now=now)
    if chosen.json:
        _say_json(examined.to_json())
    else:
        _say(examined.lines())
    wanted = chosen.verdict in (None, examined.statement["predicate"]["verdict"])
    return 0 if examined.valid and wanted else 1


if __name__ == "__main__":
    sys.exit(main())
