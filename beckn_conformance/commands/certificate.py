"""``beckn-conformance keygen``, ``certify`` and ``verify``: certificates about whole runs."""

from __future__ import annotations

import argparse
import datetime

from ..errors import UsageError
from ..exchange import printable
from ..paths import path_of
from . import schemas
from .terminal import Commands, say, say_json


def add(commands: Commands) -> None:
    """Adds the subcommands."""
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
    from .. import keys

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
    certify.add_argument("folder", metavar="DIR", type=path_of, help="report folder of a run")
    certify.add_argument("--key", type=path_of, required=True, help="private key, as keygen writes it")
    certify.add_argument("--days", type=int, default=365, help="how long it is valid (default 365)")
    schemas.add(certify)
    certify.set_defaults(does=_certify)


def _certify(chosen: argparse.Namespace) -> int:
    from .. import certificate, keys
    from ..report import files

    if not 1 <= chosen.days <= 36525:
        raise UsageError(f"--days {chosen.days}: a certificate is valid for one day to a hundred years")
    path = certificate.issue(chosen.folder, keys.signer(chosen.key), schemas.read(chosen), days=chosen.days)
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
    verify.add_argument("folder", metavar="DIR", type=path_of, help="report folder with a certificate.json")
    verify.add_argument("--public-key", type=path_of, required=True, help="public key of the issuer")
    verify.add_argument("--verdict", choices=("conformant",), help="exit status 1 as well where the verdict is another")
    verify.add_argument("--json", action="store_true", help="as JSON")
    schemas.add(verify)
    verify.set_defaults(does=_verify)


def _verify(chosen: argparse.Namespace) -> int:
    from .. import certificate, keys

    now = datetime.datetime.now(datetime.UTC)
    examined = certificate.examine(chosen.folder, keys.public_key(chosen.public_key), schemas.read(chosen), now=now)
    if chosen.json:
        say_json(examined.to_json())
    else:
        say(examined.lines())
    wanted = chosen.verdict in (None, examined.statement["predicate"]["verdict"])
    return 0 if examined.valid and wanted else 1
