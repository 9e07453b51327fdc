"""Issues certificates, and examines them."""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ... import __version__
from ...errors import UsageError
from ...messages.text import counted
from ...plugin.expected_tests import expected_tests
from ...record.masking import Masker
from ...report import files
from ...report.document import document, verdict_text
from ...run.rejudge import Rejudgement, rejudge
from ...specification.specification import Specification
from ...untrusted.writing import refuse_links, replaced
from . import keys, statement
from .statement import NAME, Report

LEEWAY = datetime.timedelta(minutes=5)
"""How far the verifier's clock may be behind the issuer's."""
MOST_STRANGE = 10
"""Foreign files that are named one by one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The demands on a certificate. None demands nothing."""

    gateway: str | None = None
    """Base URL in its normal form."""
    strict: bool = False
    since: datetime.datetime | None = None
    """The earliest end of its run."""
    conformant: bool = False
    waivers: bool = True
    """True if a verdict that needs waivers is accepted."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Result of a verification."""

    statement: Mapping[str, Any]
    problems: tuple[str, ...]
    """Reasons not to rely on it."""
    signed: bool
    """The issuer signed it as it stands. If not, nothing in it can be believed, with or without its files."""
    unmet: tuple[str, ...] = ()
    """Requirements that it does not meet."""
    notes: tuple[str, ...] = ()
    """Further notes for the reader."""

    @property
    def valid(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        facts = {"valid": self.valid, "signed": self.signed, "problems": self.problems, "unmet": self.unmet}
        return {**facts, "notes": self.notes, "statement": self.statement}

    def lines(self) -> Iterator[str]:
        """Yields a summary: subject, run, verdict, problems, and if it holds."""
        about = self.statement["predicate"]
        gateway, run = about["gateway"], about["run"]
        name = " ".join(filter(None, (gateway["name"], gateway["version"])))
        yield f"gateway: {name} at {gateway['url']}" if name else f"gateway: {gateway['url']}"
        made = f"{run['exchanges']} exchanges, {about['tests']['count']} tests"
        yield f"run: {run['id']} on {_day(run['started'])}, {made}"
        verdict = f"{verdict_text(about)} ({about['class']})"
        yield f"verdict: {verdict}"
        for waiver in about["waivers"]:
            yield f"waiver: {waiver['requirement']} until {waiver['expires']}, {waiver['reason']} ({waiver['owner']})"
        yield f"issued {_day(about['issued'])}, valid until {_day(about['expires'])}"
        yield from (f"problem: {text}" for text in self.problems)
        yield from (f"not as asked: {text}" for text in self.unmet)
        yield from (f"note: {text}" for text in self.notes)
        if self.problems:
            yield f"The certificate does not hold, so nothing follows from it about {name or gateway['url']}."
        else:
            unmet = "; that is not what was asked for" if self.unmet else ""
            yield f"The certificate holds, and it says that {name or gateway['url']} is {verdict}{unmet}."


def issuer(key: Path, specification: Specification, days: int) -> Callable[[Path], Path]:
    """A function that issues the certificate of a report folder. Raises UsageError for no private key or bad days."""
    if not 1 <= days <= 36525:
        raise UsageError(f"--days {days}: a certificate is valid for 1 to 36525 days")
    return partial(issue, signer=keys.signer(key), specification=specification, days=days)


def issue(folder: Path, signer: Ed25519PrivateKey, specification: Specification, *, days: int) -> Path:
    """Signs a statement about the run in a report folder and writes it there; it is valid for ``days``.

    The record is judged again, and every file of the report is written again. Raises UsageError for a run that is not
    complete, or a report that contradicts its record.
    """
    refuse_links(folder, files.SCRIPTS)
    report = files.read(folder)
    judged = rejudge(folder, specification)
    again = _report_of(judged)
    # Texts may differ, such as those of a run that masks private data. They are written again.
    problems = [*_incomplete(judged), *_contradictions(again, report)]
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    if datetime.datetime.fromisoformat(again["run"]["finished"]) > now + LEEWAY:
        problems.append("by the clock here, the run is still to end")
    if problems:
        left = len(problems) - 1
        more = f" (and {counted(left, 'more problem')})" if left else ""
        raise UsageError(f"{folder} cannot be certified: {problems[0]}{more}")
    files.write(again, folder, specification)
    signed = statement.sign(statement.make(folder, again, judged, now, now + datetime.timedelta(days=days)), signer)
    path = folder / NAME
    with replaced(path) as file:
        file.write(signed)
    return path


def examine(
    folder: Path,
    key: Ed25519PublicKey,
    specification: Specification,
    *,
    now: datetime.datetime,
    wanted: Wanted = Wanted(),
) -> Examination:
    """Checks a certificate against its key, the files beside it, the time, the suite and the recorded exchanges.

    Raises UsageError if there is no readable certificate, and for a folder with links.
    """
    refuse_links(folder, files.SCRIPTS)
    found, forged = statement.opened(folder, key)
    predicate = found["predicate"]
    changed = dict(_changed(folder, found))
    strange, lost = _strangers(folder)
    problems = [
        *forged,
        *(f"{name} {what}" for name, what in sorted(changed.items())),
        *lost,
        *_out_of_time(found, now),
    ]
    notes = [*strange]
    ours = predicate["kit"] == statement.kit()
    if not ours:
        notes.append(f"it was issued with kit {predicate['kit']['version']}; this is {__version__}, another build")
    if predicate["specification"]["digest"] != specification.digest:
        notes.append("it was issued under another copy of the specification's data than this kit has")
    # If the certificate or the record was changed, so is all that follows from it. Only the cause is listed.
    if not forged and changed.keys().isdisjoint(files.RECORD):
        try:
            more, further = _judged_again(folder, found, specification, changed, ours=ours)
            problems += more
            notes += further
        except (UsageError, KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"it cannot be judged again: {error}")
    unmet = tuple(_unmet(found, wanted))
    return Examination(found, tuple(dict.fromkeys(problems)), not forged, unmet, tuple(dict.fromkeys(notes)))


def _changed(folder: Path, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields the files that are not as they were certified, with what became of them in words."""
    bound = {row["name"]: row["digest"]["sha256"] for row in found["subject"]}
    present = set(statement.evidence(folder))
    needed = {"report.json", *files.RECORD} - bound.keys()
    yield from ((name, "is not covered") for name in needed)
    for name, digest in bound.items():
        if name not in present:
            yield name, "is missing"
        elif statement.digest(folder, name) != digest:
            yield name, "was changed"
    yield from ((name, "was added") for name in present - bound.keys() - needed)


def _strangers(folder: Path) -> tuple[Sequence[str], Sequence[str]]:
    """Files that the certificate does not cover: notes on those in the folder, problems for those among its scripts."""
    known = {NAME, *statement.evidence(folder)}
    beside: list[str] = []
    among: list[str] = []
    for place, inner, names in os.walk(folder):
        inner.sort()
        for name in sorted(names):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if path not in known:
                (among if path.startswith(f"{files.SCRIPTS}/") else beside).append(path)
        if len(beside) > MOST_STRANGE:
            break
    notes = [f"{path} is not covered by it" for path in beside[:MOST_STRANGE]]
    if len(beside) > MOST_STRANGE:
        notes.append("it covers none of the other files either")
    return notes, [f"{path} lies among its scripts and is not covered by it" for path in among[:MOST_STRANGE]]


def _out_of_time(found: Mapping[str, Any], now: datetime.datetime) -> Iterator[str]:
    issued, expires = (statement.moment(found, name) for name in ("issued", "expires"))
    if now < issued - LEEWAY:
        yield f"it is valid from {issued:%Y-%m-%d %H:%M} UTC on"
    if now >= expires:
        yield f"it was valid until {expires:%Y-%m-%d %H:%M} UTC"
    if statement.of_its_run(found, "finished") > issued + LEEWAY:
        yield "it was issued before the run ended that it is about"


def _judged_again(
    folder: Path, found: Mapping[str, Any], specification: Specification, changed: Collection[str], *, ours: bool
) -> tuple[list[str], list[str]]:
    """Judges the record and makes the report again; returns problems and notes.

    ``changed`` are files that are known to be changed, and ``ours`` says that this build issued the certificate. Other
    builds may word a report differently.
    """
    judged = rejudge(folder, specification)
    problems = [*_incomplete(judged)]
    if judged.flaws:
        return problems, []
    again = _report_of(judged)
    follows = statement.of_run(again, judged)
    problems += [
        f"{name} in the certificate is not that of the run"
        for name in follows
        if follows[name] != found["predicate"].get(name)
    ]
    contradictions = [*_contradictions(again, files.read(folder))]
    if contradictions or "report.json" in changed:
        # All other files follow from the report.
        return [*problems, *contradictions], []
    names = [name for name in _not_made_of(again, folder, specification) if name not in changed]
    names = ["report.json"] if "report.json" in names else names
    texts = [f"{name} is not what this kit makes of the record" for name in names]
    return ([*problems, *texts], []) if ours else (problems, texts)


def _not_made_of(report: Report, folder: Path, specification: Specification) -> Iterator[str]:
    """Files that differ from what the kit makes of a report and the record in a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        files.write(report, made, specification, record=folder)
        for name in sorted({*statement.evidence(folder)} - {*files.RECORD}):
            if not (made / name).is_file() or statement.digest(made, name) != statement.digest(folder, name):
                yield name


def _incomplete(judged: Rejudgement) -> Iterator[str]:
    """Yields reasons why a run is not complete. Its tests are compared with those that have to run."""
    if judged.run.recorded:
        yield "it is not a run of the suite, but traffic that others have recorded"
    if not judged.complete:
        yield "the run did not come to its end"
    yield from (f"the record is not whole: {flaw}" for flaw in judged.flaws)
    if judged.run.narrowed:
        yield "the run was narrowed or interrupted: only part of the suite counts, and its verdict is incomplete"
    expected = expected_tests(judged.run)
    missing, strange = sorted(expected.keys() - judged.ran.keys()), sorted(judged.ran.keys() - expected.keys())
    if missing:
        yield f"{len(missing)} of {len(expected)} tests of the suite did not run, such as {missing[0]}"
    if strange:
        yield f"{len(strange)} tests ran that the suite does not have, such as {strange[0]}"
    for test in sorted(expected.keys() & judged.ran.keys()):
        if [*expected[test].requirements] != [*judged.ran[test]]:
            yield f"{test} was run for other requirements than it is for"
            break
    if labelled := sorted(test for test in judged.hostile if test not in expected or not expected[test].hostile):
        yield f"what {labelled[0]} sent is called hostile, and it sends nothing of that kind"
    for test in sorted(expected.keys() & judged.ran.keys()):
        if expected[test].scenarios != judged.scenarios[test]:
            yield f"{test} was judged {judged.scenarios[test]} times and not {expected[test].scenarios}"
            break


def _report_of(judged: Rejudgement) -> Report:
    return document(judged.run, judged.conclude(), judged.tally.statistics.to_json(), Masker())


def _contradictions(again: Report, report: Report) -> Iterator[str]:
    """Differences in verdict, statuses and findings between a report and what follows from its record."""
    if again["verdict"] != report["verdict"]:
        yield f"judged again, the verdict is {again['verdict']} and not {report['verdict']}"
    new, old = ({row["id"]: row for row in one["requirements"]} for one in (again, report))
    for id_ in sorted(new.keys() ^ old.keys()):
        yield f"{id_}: not {'in the report' if id_ in new else 'known to this kit'}"
    for id_ in [id_ for id_ in new if id_ in old]:
        found, reported = ({row["id"] for row in one[id_]["findings"]} for one in (new, old))
        for key in sorted(found - reported):
            yield f"{id_}: judged again there is the finding {key}, which the report does not have"
        for key in sorted(reported - found):
            yield f"{id_}: judged again there is no finding {key}, which the report has"
        if old[id_]["status"] != new[id_]["status"]:
            yield f"{id_}: judged again it is {new[id_]['status']}, in the report {old[id_]['status']}"


def _unmet(found: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
    predicate = found["predicate"]
    url = predicate["gateway"]["url"]
    if wanted.gateway not in (None, url):
        yield f"it is about {url}, not {wanted.gateway}"
    if wanted.strict and predicate["class"] != "strict":
        yield f"it is about the class {predicate['class']}, not strict"
    if wanted.since is not None and statement.of_its_run(found, "finished") < wanted.since:
        yield f"its run is of {_day(predicate['run']['finished'])}, before {wanted.since:%Y-%m-%d %H:%M} UTC"
    if wanted.conformant and predicate["verdict"] != "conformant":
        yield f"its verdict is {predicate['verdict']}"
    elif wanted.conformant and not wanted.waivers and any(predicate["waived"].values()):
        yield f"it is {verdict_text(predicate)}, not conformant without waivers"


def _day(moment: str) -> str:
    return moment[:10]
