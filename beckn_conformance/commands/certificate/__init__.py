"""``beckn-conformance keygen``, ``certify`` and ``verify``: certificates about complete runs."""

from __future__ import annotations

import argparse
import datetime

from ...config.paths import path_of
from ...config.urls import check_url
from ...untrusted.text import printable
from .. import schemas
from ..terminal import Commands, show


def add(commands: Commands) -> None:
    _add_keygen(commands)
    _add_certify(commands)
    _add_verify(commands)


def _add_keygen(commands: Commands) -> None:
    keygen = commands.add_parser(
        "keygen", help="make a key pair for certificates", description="Writes an Ed25519 key pair: KEY and KEY.pub."
    )
    keygen.add_argument("key", metavar="KEY", type=path_of, help="file of the private key; it must not exist")
    keygen.set_defaults(does=_keygen)


def _keygen(chosen: argparse.Namespace) -> int:
    from . import dsse, keys

    public = keys.generate(chosen.key)
    print(f"private key: {chosen.key} (keep it secret)")
    print(f"public key: {public}, id {dsse.key_id(keys.public_key(public))}")
    return 0


def _add_certify(commands: Commands) -> None:
    certify = commands.add_parser(
        "certify",
        help="sign a certificate about a complete run",
        description="Judges the run in DIR again, checks that it was complete, and writes DIR/certificate.json: an "
        "in-toto statement in a DSSE envelope, signed with Ed25519.",
    )
    certify.add_argument("folder", metavar="DIR", type=path_of, help="report folder of a run")
    certify.add_argument("--key", type=path_of, required=True, help="private key, as written by keygen")
    certify.add_argument("--days", type=int, default=365, help="how long it is valid (default 365)")
    schemas.add(certify)
    certify.set_defaults(does=_certify)


def _certify(chosen: argparse.Namespace) -> int:
    from ...process.limits import JUDGING, limited
    from ...report import files
    from ...report.document import verdict_text
    from ...untrusted.writing import held
    from .examination import issuer

    certify = issuer(chosen.key, schemas.read(chosen), chosen.days)
    with limited(f"certifying {chosen.folder}", JUDGING), held(chosen.folder, files.SCRIPTS):
        path = certify(chosen.folder)
        report = files.read(chosen.folder)
    gateway = report["gateway"]
    if not (gateway["name"] and gateway["version"]):
        print("note: name or version of the gateway is not declared; the certificate identifies it by its URL only")
    print(printable(f"{gateway['name'] or gateway['url']}: {verdict_text(report)} ({report['class']})"))
    print(f"certificate: {path}")
    return 0


def _add_verify(commands: Commands) -> None:
    verify = commands.add_parser(
        "verify",
        help="check a certificate, and judge the recorded exchanges again",
        description="Checks signature, validity and the digest of every file, judges the recorded exchanges again, and "
        "checks that the run was complete. Exit status 0 if all of that holds and is what you asked for, with any "
        "verdict unless --verdict is given; 1 if something does not; 4 if no certificate can be read.",
    )
    verify.add_argument(
        "folder", metavar="DIR_OR_ZIP", type=path_of, help="report folder with a certificate.json, or a ZIP of it"
    )
    verify.add_argument("--public-key", type=path_of, required=True, help="public key of the issuer")
    verify.add_argument("--gateway", metavar="URL", help="the gateway that it must be about")
    verify.add_argument("--class", dest="class_", choices=("core", "strict"), help="the least strict class")
    verify.add_argument(
        "--not-older-than",
        metavar="DAYS|DATE",
        type=_since,
        help="greatest age of the run in days, or its earliest day (2026-01-31, UTC)",
    )
    verify.add_argument(
        "--verdict",
        choices=("conformant", "conformant-with-waivers"),
        help="the verdict that it must have; conformant allows no waiver of a finding that would fail the class",
    )
    verify.add_argument("--json", action="store_true", help="as JSON")
    schemas.add(verify)
    verify.set_defaults(does=_verify)


def _verify(chosen: argparse.Namespace) -> int:
    from ...process.limits import JUDGING, limited
    from ...record.journal import SCRIPTS
    from ...untrusted.archive import folder_of
    from ...untrusted.writing import held
    from . import examination, keys, statement

    wanted = examination.Wanted(
        gateway=check_url(chosen.gateway, "--gateway") if chosen.gateway is not None else None,
        strict=chosen.class_ == "strict",
        since=chosen.not_older_than,
        conformant=chosen.verdict is not None,
        waivers=chosen.verdict != "conformant",
    )
    now = datetime.datetime.now(datetime.UTC)
    key, specification = keys.public_key(chosen.public_key), schemas.read(chosen)
    with (
        limited(f"verifying {chosen.folder}", JUDGING),
        folder_of(chosen.folder, statement.NAME) as folder,
        held(folder, SCRIPTS, shared=True),
    ):
        examined = examination.examine(folder, key, specification, now=now, wanted=wanted)
    show(examined, as_json=chosen.json)
    return 0 if examined.valid and not examined.unmet else 1


def _since(text: str) -> datetime.datetime:
    """Parses a number of days, or a day in UTC, into the earliest accepted time."""
    try:
        if text.isascii() and text.isdecimal():
            return datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=int(text))
        return datetime.datetime.combine(datetime.date.fromisoformat(text), datetime.time(), datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!a} is neither a number of days nor a day such as 2026-01-31"
        ) from error
