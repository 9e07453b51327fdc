"""Makes and opens certificates: in-toto statements about runs, in DSSE envelopes signed with Ed25519."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ... import __version__
from ...errors import UsageError
from ...report import files
from ...run.rejudge import Rejudgement
from ...specification.loading import misfit
from ...untrusted import reading
from . import dsse

NAME = files.CERTIFICATE
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:beckn-conformance:certificate:2"
PAYLOAD = "application/vnd.in-toto+json"
LARGEST = 4 * reading.MB
"""Bytes of a certificate."""

Report = Mapping[str, Any]
Statement = Mapping[str, Any]


def make(
    folder: Path, report: Report, judged: Rejudgement, issued: datetime.datetime, expires: datetime.datetime
) -> dict[str, Any]:
    """Makes a statement about the files of a report folder and their run."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest(folder, name)}} for name in evidence(folder)],
        "predicateType": PREDICATE,
        "predicate": {
            **of_run(report, judged),
            "kit": kit(),
            "issued": issued.isoformat(),
            "expires": expires.isoformat(),
        },
    }


def of_run(report: Report, judged: Rejudgement) -> dict[str, Any]:
    """The facts that follow from the record of a run, the same on any machine."""
    specification = judged.run.specification
    tests = sorted(judged.ran)
    return {
        "verdict": report["verdict"],
        "waived": report["waived"],
        "class": report["class"],
        "gateway": report["gateway"],
        "requirements": {row["id"]: row["status"] for row in report["requirements"]},
        "findings": sorted(finding["id"] for row in report["requirements"] for finding in row["findings"]),
        "specification": report["specification"],
        "catalogue": hashlib.sha256((specification.folder / "requirements.yaml").read_bytes()).hexdigest(),
        "configuration": report["run"]["configuration_digest"],
        "waivers": report["waivers"],
        "run": {key: report["run"][key] for key in ("id", "started", "finished", "seed", "exchanges")},
        "record": judged.chains,
        "examples": judged.run.examples,
        "masked": list(judged.run.config.mask),
        "tests": {"count": len(tests), "sha256": hashlib.sha256("\n".join(tests).encode()).hexdigest()},
    }


def kit() -> dict[str, str]:
    """Version and digest of the code that judges."""
    found = hashlib.sha256()
    package = Path(__file__).resolve().parents[2]
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.relative_to(package).as_posix()}\0{len(content)}\0".encode() + content)
    return {"name": "beckn-conformance", "version": __version__, "digest": found.hexdigest()}


def evidence(folder: Path) -> list[str]:
    """Names of the files of a report that its certificate binds."""
    names = [*files.NAMES, *sorted(f"{files.SCRIPTS}/{path.name}" for path in (folder / files.SCRIPTS).glob("*.sh"))]
    return [name for name in names if (folder / name).is_file()]


def digest(folder: Path, name: str) -> str:
    """The SHA-256 of a file of a report folder."""
    found = hashlib.sha256()
    with reading.opened(folder / name, below=folder) as file:
        while part := file.read(reading.MB):
            found.update(part)
    return found.hexdigest()


def sign(statement: Statement, key: Ed25519PrivateKey) -> str:
    """The text of a certificate."""
    return _canonical(dsse.sealed(_canonical(statement), PAYLOAD, key)).decode()


def opened(folder: Path, key: Ed25519PublicKey) -> tuple[dict[str, Any], Sequence[str]]:
    """Opens the certificate of a folder; returns its statement, and problems with its form and signature.

    Raises UsageError where there is not a certificate or one that cannot be read at all.
    """
    if folder.is_file():
        raise UsageError(f"{folder} holds no {NAME}: its run was not certified")
    path = folder / NAME
    content = reading.content(path, most=LARGEST, below=folder)
    try:
        envelope = reading.json_value(content)
        payload = dsse.opened(envelope, PAYLOAD)
        statement = reading.json_value(payload)
        if amiss := misfit(statement, NAME):
            raise UsageError(f"{path} is not a certificate: {amiss}")
        moments = [moment(statement, name) for name in ("issued", "expires")]
        moments += [of_its_run(statement, name) for name in ("started", "finished")]
        # Near the first and the last year, times can be neither added to nor compared.
        if any(one.tzinfo is None or not 1970 <= one.year < 9000 for one in moments):
            raise ValueError("a time of it has no zone, or is out of range")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is not a certificate: {type(error).__name__}: {error}") from error
    problems: list[str] = []
    # JSON can say the same in many ways. Only one of them was signed.
    if content != _canonical(envelope) or payload != _canonical(statement):
        problems.append("the certificate is not as it was written")
    if not dsse.is_signed_by(key, envelope):
        problems.append("the signature is not of this key")
    return statement, problems


def moment(statement: Statement, name: str) -> datetime.datetime:
    """Parses the time at which a certificate was ``issued`` or ``expires``."""
    return datetime.datetime.fromisoformat(statement["predicate"][name])


def of_its_run(statement: Statement, name: str) -> datetime.datetime:
    """Parses the time at which the certified run was ``started`` or ``finished``."""
    return datetime.datetime.fromisoformat(statement["predicate"]["run"][name])


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
