"""``beckn-conformance judge`` and ``report``: judge a record, without the gateway."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.paths import path_of
from ..errors import UsageError
from . import schemas
from .terminal import Commands, say, say_json

if TYPE_CHECKING:
    from ..specification.specification import Specification


def add(commands: Commands) -> None:
    _add_judge(commands)
    _add_report(commands)


def _add_judge(commands: Commands) -> None:
    judge = commands.add_parser(
        "judge",
        help="judge recorded traffic",
        description="Judges the calls in a recording (HAR, payload log, newman export, VCR cassette) or in the record "
        "of a run, by the checks of a run and without a gateway. What was not exercised is untested, and the verdict "
        "incomplete. Exit status 1 for a finding that fails the class, 10 if nothing could be judged.",
    )
    judge.add_argument(
        "traffic",
        metavar="TRAFFIC",
        type=path_of,
        help="a recording, a folder of NAME.request.json and NAME.reply.json, or a report folder; each also as a ZIP",
    )
    judge.add_argument("--gateway-url", metavar="URL", help="the gateway to judge, if the traffic goes to several")
    judge.add_argument("--gateway-config", metavar="FILE", type=path_of, help="what the gateway's vendor declares")
    judge.add_argument("--conformance-class", choices=("core", "strict"), help="core, unless it is given")
    judge.add_argument("--conformance-report", metavar="DIR", type=path_of, help="write a report to this folder")
    judge.add_argument("--json", action="store_true", help="print the report as JSON")
    schemas.add(judge)
    judge.set_defaults(does=_judge)


def _judge(chosen: argparse.Namespace) -> int:
    import tempfile

    from ..process.limits import JUDGING, limited
    from ..record import traffic
    from ..record.foreign import source
    from ..record.journal import COURSE, SCRIPTS, file_of, prepare
    from ..untrusted.archive import folder_of
    from ..untrusted.writing import held, locked

    specification = schemas.read(chosen)
    with contextlib.ExitStack() as stack:
        stack.enter_context(limited(f"judging {chosen.traffic}", JUDGING))
        folder: Path | None = chosen.conformance_report
        if folder is not None:
            prepare(folder)
            stack.enter_context(locked(folder))
        found = stack.enter_context(folder_of(chosen.traffic, file_of(COURSE)))
        alone = source.alone(found) if found.is_dir() else None
        if found.is_dir() and alone is None and not source.messages(found):
            _refuse_declarations(chosen)
            if folder is None or not folder.samefile(found):
                stack.enter_context(held(found, SCRIPTS, shared=True))
            return _rejudged(found, specification, folder, as_json=chosen.json)
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        traffic.record(
            alone or chosen.traffic,
            folder,
            specification,
            url=chosen.gateway_url,
            file=chosen.gateway_config,
            strict=chosen.conformance_class == "strict",
        )
        return _rejudged(folder, specification, chosen.conformance_report, as_json=chosen.json)


def _refuse_declarations(chosen: argparse.Namespace) -> None:
    """Raises UsageError for an option that is for somebody else's recording only."""
    for option in ("gateway_url", "gateway_config", "conformance_class"):
        if getattr(chosen, option) is not None:
            name = f"--{option.replace('_', '-')}"
            raise UsageError(f"{name}: {chosen.traffic} is the record of a run, which is judged as that run was")


def _rejudged(
    record: Path, specification: Specification, report: Path | None, *, as_json: bool = False, whole_har: bool = False
) -> int:
    """Judges a record, writes a report if one is wanted, and prints the verdict."""
    from ..record.masking import Masker
    from ..report import document, files, terminal
    from ..run.rejudge import rejudge

    judged = rejudge(record, specification)
    verdict = judged.conclude()
    made = document.document(judged.run, verdict, judged.tally.statistics.to_json(), Masker())
    if report is not None:
        files.write(made, report, specification, record=record, whole_har=whole_har)
    if as_json:
        say_json(made)
    else:
        say(text for text, _ in terminal.lines(made, document.left_out(verdict), report))
    return verdict.exit_status


def _add_report(commands: Commands) -> None:
    report = commands.add_parser(
        "report",
        help="make the report again from the record of a run, even of one that was killed",
        description="Judges the record in DIR again, without the gateway, and writes the report. The exit status "
        "is that of the run. A run that was killed is incomplete.",
    )
    report.add_argument("conformance_report", metavar="DIR", type=path_of, help="report folder of a run")
    report.add_argument("--har", action="store_true", help="write all exchanges to exchanges.har, not only those shown")
    schemas.add(report)
    report.set_defaults(does=_report)


def _report(chosen: argparse.Namespace) -> int:
    from ..process.limits import JUDGING, limited
    from ..record.journal import SCRIPTS
    from ..report.files import CERTIFICATE
    from ..untrusted.writing import held

    specification, folder = schemas.read(chosen), chosen.conformance_report
    with limited(f"judging {folder}", JUDGING), held(folder, SCRIPTS):
        if chosen.har and (folder / CERTIFICATE).exists():
            raise UsageError(f"--har: {folder / CERTIFICATE} covers exchanges.har, which must not change")
        return _rejudged(folder, specification, folder, whole_har=chosen.har)
