"""Judges traffic and verifies certificates that somebody uploads, each in a process of its own within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from ...errors import UsageError
from ...report import files
from ...run import embedded
from ...untrusted.archive import is_zip
from ...untrusted.reading import MB
from ..certificate import keys
from ..certificate.statement import NAME as CERTIFICATE
from ..fleet.job import write_config
from . import execution
from .accounts import Account
from .operations import Operations
from .refusals import Conflict, Invalid
from .store import Gateway, Run, new_id, now

LIMIT: Final = 120.0
"""Seconds that one may take."""
MEMORY: Final = 3 << 30
"""Bytes of address space that one may take."""
LARGEST: Final = 64 * MB
"""Bytes of an uploaded file."""
CHUNK: Final = MB
PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Names that are kept, so that the report says which file was judged."""
ENDING: Final = re.compile(r"\.(har|json|jsonl|yaml|yml|zip)\Z", re.IGNORECASE)
"""Endings that matter to those who read the file."""


class Examinations(Operations):
    """Judges and verifies what accounts upload."""

    def judge(
        self, account: Account, file: BinaryIO, name: str, *, gateway: str = "", url: str = "", strict: bool = False
    ) -> Run:
        """Judges recorded traffic, or the record of a run, and keeps the report as a run of the kind ``judged``.

        With a ``gateway`` it is that of the gateway, and judged as it declares. ``url`` says which gateway is meant, if
        there are calls to several. Raises Invalid for the field ``file``, NotFound, Unavailable and Conflict.
        """
        found = self.visible(Gateway, account, gateway) if gateway else None
        owner = found.owner if found else account.name
        self.need_room(account, owner)
        with self.slots.taken(account) as private:
            path, report = save(file, name, private), private / "report"
            arguments = ["judge", str(path), "--conformance-report", str(report)]
            # The record of a run takes none of these options.
            arguments += ["--conformance-class", "strict"] if strict else []
            if found is not None:
                job = self.jobs.of(Run("", found.id, owner, found.url))
                # The command runs in this folder, and so finds the files that are named there.
                arguments += ["--gateway-config", str(write_config(job.config, job.files, private))]
                url = url or ("" if embedded.wanted(found.url) else found.url)
            arguments += [f"--gateway-url={url}"] if url else []
            finished = self._finished(arguments, private)
            try:
                made = files.read(report)
            except UsageError:
                raise _unusable(finished, path) from None
            run = Run(
                new_id(),
                gateway,
                owner,
                made["gateway"]["url"],
                kind="judged",
                state="ended",
                strict=made["class"] == "strict",
                ended=now(),
                status=finished.status,
                **execution.columns_of(made),
            )
            with self.store.lock:
                if found is not None:
                    # It may have been removed meanwhile.
                    self.visible(Gateway, account, gateway)
                report.rename(self.places.report(run.id))
                self.store.add(run)
        return run

    def verify(self, account: Account, file: BinaryIO, name: str, key: bytes = b"") -> Mapping[str, Any]:
        """Verifies a certificate, alone or in the ZIP of a report folder.

        ``key`` is the public key of its issuer in PEM form; without one, it is that of the laboratory.
        Returns ``valid``, ``signed``, ``problems``, ``notes`` and ``statement``, whose texts a stranger has written.
        Raises Invalid for the fields ``file`` and ``key``, Unavailable and Conflict.
        """
        self.need_room(account)
        with self.slots.taken(account) as private:
            path, public = save(file, name, private), private / "public.pem"
            public.write_bytes(key or self.public_key)
            try:
                keys.public_key(public)
            except UsageError as error:
                none = "the laboratory has no key of its own; paste the public key of the issuer"
                raise Invalid({"key": str(error).replace(str(public), "this text") if key else none}) from error
            with path.open("rb") as start:
                packed = is_zip(start.read(4))
            if not packed:
                path = path.rename(path.with_name(CERTIFICATE)).parent
            finished = self._finished(["verify", str(path), "--public-key", str(public), "--json"], private)
            if finished.status not in (0, 1):
                raise _unusable(finished, path)
            try:
                found: dict[str, Any] = json.loads(finished.output)
            except ValueError:
                raise Invalid({"file": "it says more than can be shown"}) from None
            return found

    def _finished(self, arguments: list[str], private: Path) -> execution.Finished:
        try:
            return execution.command(arguments, private, environment=self.jobs.environment, limit=LIMIT, memory=MEMORY)
        except Conflict as error:
            raise Invalid({"file": f"it could not be read: {error}"}) from error


def save(file: BinaryIO, name: str, private: Path) -> Path:
    """Writes an uploaded file to a new folder in a private one and returns its path; ``name`` is what the browser says.

    Raises Invalid for the field ``file``.
    """
    folder = private / "uploaded"
    folder.mkdir(mode=0o700)
    path = folder / _plain(name)
    left = LARGEST
    with path.open("xb") as kept:
        while chunk := file.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise Invalid({"file": f"the file is larger than {LARGEST // MB} MB"})
            kept.write(chunk)
    if left == LARGEST:
        raise Invalid({"file": "choose a file that is not empty"})
    return path


def _plain(name: str) -> str:
    """The name itself, or one with its ending if it could be more than a name."""
    last = re.split(r"[/\\]", name)[-1]
    ending = ENDING.search(last)
    return last if PLAIN.fullmatch(last) else f"upload{ending[0].lower() if ending else ''}"


def _unusable(finished: execution.Finished, path: Path) -> Invalid:
    """Returns the complaint of the child about a file, without the folders in which it lies."""
    text = finished.complaint or "it cannot be read"
    for folder in (path, *path.parents[:2]):
        text = text.replace(f"{folder}/", "")
    return Invalid({"file": text})
