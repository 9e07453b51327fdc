"""A certificate: an in-toto statement about a complete run, signed, and what there is to say against one."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from . import __version__
from .census import census
from .errors import UsageError
from .masking import Masker
from .recording import Rejudged, rejudge
from .report import files
from .report.document import document
from .specification import Specification

NAME = "certificate.json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:beckn-conformance:certificate:1"
PAYLOAD = "application/vnd.in-toto+json"
NEEDED = ("report.json", *files.RECORD)
"""Files without which nothing can be judged again."""

Report = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found out about a certificate."""

    statement: Mapping[str, Any]
    problems: tuple[str, ...]
    """Why it cannot be relied on; none where it can."""
    unjudged: tuple[str, ...]
    """What could not be judged again, since it is masked in the record."""
    notes: tuple[str, ...]
    """What its reader should know besides."""

    @property
    def valid(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        facts = {"valid": self.valid, "problems": self.problems, "unjudged": self.unjudged, "notes": self.notes}
        return {**facts, "statement": self.statement}

    def lines(self) -> Iterator[str]:
        """What a person wants to know of it."""
        yield from (f"problem: {text}" for text in self.problems)
        yield from (f"not judged again, for what is masked: {text}" for text in self.unjudged)
        yield from (f"note: {text}" for text in self.notes)
        said = self.statement["predicate"]
        gateway, run = said["gateway"], said["run"]
        yield f"gateway: {gateway['name'] or gateway['url']} {gateway['version']}".rstrip()
        yield f"verdict: {said['verdict']} ({said['class']}), {run['exchanges']} exchanges on {run['started'][:10]}"
        for waiver in said["waivers"]:
            yield f"waiver: {waiver['requirement']} until {waiver['expires']}, {waiver['reason']} ({waiver['owner']})"
        yield f"issued {said['issued'][:10]}, valid until {said['expires'][:10]}"
        yield "the certificate holds" if self.valid else "the certificate does not hold"


def issue(folder: Path, signer: CryptoSigner, specification: Specification, *, days: int) -> Path:
    """Signs a statement about the run in a report folder and writes it there, to be valid for so many days.

    Everything is judged again first. Raises UsageError for a run that is not complete, or a report that does not
    follow from its record.
    """
    report = files.read(folder)
    judged = rejudge(folder, specification)
    problems = [*_incomplete(judged, report)]
    problems += [text for text, is_finding in _otherwise(judged, report) if not _is_masked(judged, is_finding)]
    if not problems:
        # What people will read is made of what was judged, whatever lies in the folder.
        files.write(report, folder, specification)
    if problems:
        raise UsageError(f"{folder} cannot be certified: {problems[0]}{_and_more(problems)}")
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    payload = _canonical(_statement(folder, report, judged, now, now + datetime.timedelta(days=days)))
    envelope = Envelope(payload, PAYLOAD, {})
    envelope.sign(signer)
    path = folder / NAME
    with files.replaced(path) as file:
        file.write(_canonical(envelope.to_dict()).decode())
    return path


def examine(folder: Path, key: SSlibKey, specification: Specification, *, now: datetime.datetime) -> Examined:
    """Holds a certificate against its key, the files beside it, the time, the suite, and the recorded exchanges.

    Raises UsageError where there is no certificate or one that cannot be read at all.
    """
    statement, problems = _opened(folder / NAME, key, specification)
    predicate = statement["predicate"]
    problems += [*_changed(folder, statement), *_out_of_time(predicate, now)]
    unjudged: list[str] = []
    notes = []
    if predicate["kit"] != _kit():
        notes.append(f"it was issued with kit {predicate['kit']['version']}; this is {__version__}, another build")
    if predicate["specification"]["digest"] != specification.digest:
        notes.append("it was issued under another copy of the specification's data than this kit has")
    known = {NAME, *files.NAMES, files.SCRIPTS}
    notes += [f"{path.name} is none of its files" for path in sorted(folder.iterdir()) if path.name not in known]
    try:
        report = files.read(folder)
        judged = rejudge(folder, specification)
        problems += _incomplete(judged, report)
        if predicate["kit"] == _kit():
            problems += _not_made_here(folder, report, specification)
        for text, is_finding in _otherwise(judged, report):
            (unjudged if _is_masked(judged, is_finding) else problems).append(text)
        again = _predicate(report, judged)
        different = [name for name in again if again[name] != predicate.get(name)]
        problems += [f"{name} in the certificate is not that of the run" for name in different]
    except (UsageError, KeyError, TypeError, ValueError, AttributeError) as error:
        problems.append(f"it cannot be judged again: {error}")
    return Examined(statement, tuple(dict.fromkeys(problems)), tuple(unjudged), tuple(notes))


# What a statement says.


def _statement(
    folder: Path, report: Report, judged: Rejudged, issued: datetime.datetime, expires: datetime.datetime
) -> dict[str, Any]:
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": _digest(folder / name)}} for name in _evidence(folder)],
        "predicateType": PREDICATE,
        "predicate": {
            **_predicate(report, judged),
            "kit": _kit(),
            "issued": issued.isoformat(),
            "expires": expires.isoformat(),
        },
    }


def _predicate(report: Report, judged: Rejudged) -> dict[str, Any]:
    """What follows from report and record, so that it can be compared."""
    specification = judged.run.specification
    tests = sorted(judged.ran)
    return {
        "verdict": report["verdict"],
        "class": report["class"],
        "gateway": report["gateway"],
        "requirements": {row["id"]: row["status"] for row in report["requirements"]},
        "findings": sorted(finding["id"] for row in report["requirements"] for finding in row["findings"]),
        "specification": report["specification"],
        "catalogue": hashlib.sha256((specification.folder / "requirements.yaml").read_bytes()).hexdigest(),
        "configuration": report["run"]["configuration_digest"],
        "waivers": report["waivers"],
        "run": {key: report["run"][key] for key in ("id", "started", "finished", "seed", "exchanges")},
        "examples": judged.run.examples,
        "masked": list(judged.run.config.mask),
        "tests": {"count": len(tests), "sha256": hashlib.sha256("\n".join(tests).encode()).hexdigest()},
    }


def _kit() -> dict[str, str]:
    """Version and digest of the code that judges."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parent
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()}\0{len(content)}\0".encode() + content)
    return {"name": "beckn-conformance", "version": __version__, "digest": digest.hexdigest()}


def _evidence(folder: Path) -> list[str]:
    """Names of the files of a report that are bound by its certificate."""
    names = [*files.NAMES, *sorted(f"{files.SCRIPTS}/{path.name}" for path in (folder / files.SCRIPTS).glob("*.sh"))]
    return [name for name in names if (folder / name).is_file() and not (folder / name).is_symlink()]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


# What can be wrong with it.


def _opened(path: Path, key: SSlibKey, specification: Specification) -> tuple[dict[str, Any], list[str]]:
    """The statement of a certificate, and what is wrong with how it is signed."""
    try:
        content = path.read_bytes()
        data = json.loads(content)
        envelope = Envelope.from_dict(json.loads(content))
        statement = json.loads(envelope.payload)
        Draft202012Validator(
            specification.files["certificate.json"], format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(statement)
        moments = [datetime.datetime.fromisoformat(statement["predicate"][name]) for name in ("issued", "expires")]
        if any(moment.tzinfo is None for moment in moments):
            raise ValueError("a time of it has no zone")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise UsageError(f"{path} is no certificate: {error.json_path}: {error.message[:200]}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is no certificate: {type(error).__name__}: {error}") from error
    problems: list[str] = []
    # base64 and JSON have many ways to say the same; only one of them is what was signed.
    again = base64.b64encode(envelope.payload).decode()
    if content != _canonical(data) or content != _canonical(envelope.to_dict()) or again != data["payload"]:
        problems.append("the certificate is not as it was written")
    if len(data["signatures"]) != 1 or envelope.payload_type != PAYLOAD:
        problems.append("the certificate is not of one in-toto statement with one signature")
    try:
        envelope.verify([key], 1)
    except (VerificationError, ValueError):
        problems.append("the signature is not of this key")
    return statement, problems


def _changed(folder: Path, statement: Mapping[str, Any]) -> Iterator[str]:
    bound = {row["name"]: row["digest"]["sha256"] for row in statement["subject"]}
    for name in NEEDED:
        if name not in bound:
            yield f"the certificate does not cover {name}"
    present = set(_evidence(folder))
    for name, digest in bound.items():
        if name not in present:
            yield f"{name} is missing"
        elif _digest(folder / name) != digest:
            yield f"{name} was changed"
    for name in sorted(present - bound.keys()):
        yield f"{name} was added"


def _not_made_here(folder: Path, report: Report, specification: Specification) -> Iterator[str]:
    """Files that are not what the kit makes of the report and the record."""
    if not specification.validator("report.json").is_valid(report):
        yield "report.json has not the form of a report"
        return
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        for name in files.RECORD:
            (made / name).symlink_to((folder / name).resolve())
        files.write(report, made, specification)
        for name in sorted({*_evidence(folder)} - {*files.RECORD}):
            if not (made / name).is_file() or (made / name).read_bytes() != (folder / name).read_bytes():
                yield f"{name} is not what this kit makes of the record"


def _out_of_time(predicate: Mapping[str, Any], now: datetime.datetime) -> Iterator[str]:
    issued, expires = (datetime.datetime.fromisoformat(predicate[name]) for name in ("issued", "expires"))
    if now < issued:
        yield f"it is valid from {issued:%Y-%m-%d %H:%M} UTC on"
    if now >= expires:
        yield f"it was valid until {expires:%Y-%m-%d %H:%M} UTC"


def _incomplete(judged: Rejudged, report: Report) -> Iterator[str]:
    """What keeps a run from being a whole one: the tests that had to run are found out again, and compared."""
    run = judged.run
    if not judged.complete:
        yield "the run did not come to its end"
    if run.narrowed or report["verdict"] == "incomplete":
        yield "the run was narrowed, so that its verdict is incomplete"
    due = census(run)
    missing, strange = sorted(due.keys() - judged.ran.keys()), sorted(judged.ran.keys() - due.keys())
    if missing:
        yield f"{len(missing)} of {len(due)} tests of the suite did not run, such as {missing[0]}"
    if strange:
        yield f"{len(strange)} tests ran that the suite does not have, such as {strange[0]}"
    for test in sorted(due.keys() & judged.ran.keys()):
        if list(due[test]) != list(judged.ran[test]):
            yield f"{test} was run for other requirements than it is for"
            break


def _is_masked(judged: Rejudged, is_finding: bool) -> bool:
    """Whether what is masked in the record may be why it is judged otherwise.

    The masks of documents are documents as well, so that no finding comes of them.
    """
    mask = judged.run.config.mask
    return "personal" in mask or ("documents" in mask and not is_finding)


def _otherwise(judged: Rejudged, report: Report) -> Iterator[tuple[str, bool]]:
    """Where the recorded exchanges, judged again, say something else than the report; and whether that is a finding
    more."""
    again = document(judged.run, judged.conclude(), judged.tally.statistics.to_json(), Masker())
    again["kit"] = report["kit"]
    if again["verdict"] != report["verdict"]:
        yield f"judged again, the verdict is {again['verdict']} and not {report['verdict']}", False
    new, old = ({row["id"]: row for row in one["requirements"]} for one in (again, report))
    for id_ in dict.fromkeys((*new, *old)):
        yield from _differing(id_, old.get(id_), new.get(id_))
    for key in sorted({*again, *report} - {"requirements", "verdict"}):
        if json.dumps(again.get(key), sort_keys=True) != json.dumps(report.get(key), sort_keys=True):
            yield f"{key} in the report is not what follows from the record", False


def _differing(id_: str, old: Report | None, new: Report | None) -> Iterator[tuple[str, bool]]:
    if old is None or new is None:
        yield f"{id_}: {'not in the report' if old is None else 'not known to this kit'}", False
        return
    found, reported = ({row["id"]: row for row in one["findings"]} for one in (new, old))
    for key in sorted(found.keys() - reported.keys()):
        yield f"{id_}: judged again there is the finding {key}, which the report does not have", True
    for key in sorted(reported.keys() - found.keys()):
        yield f"{id_}: judged again there is no finding {key}, which the report has", False
    if old["status"] != new["status"]:
        yield f"{id_}: judged again it is {new['status']}, in the report {old['status']}", False
    elif found.keys() == reported.keys() and json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
        yield f"{id_}: the report says otherwise than the record, judged again", False


def _and_more(problems: Iterable[str]) -> str:
    more = len(list(problems)) - 1
    return f" (and {more} more)" if more else ""
