"""Judges traffic and verifies certificates that somebody uploads, each in a process of its own within bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from ...errors import KitError, UsageError
from ...report import files
from ...run import embedded
from ...untrusted.archive import is_zip
from ..certificate.statement import NAME as CERTIFICATE
from ..fleet.job import write_config
from . import access, child, uploads
from .accounts import Account
from .execution import Jobs
from .places import Places
from .refusals import Invalid
from .results import told
from .runs import need_disk, need_room
from .store import Gateway, Run, Store, new_id, now
from .turns import Turns

LIMIT: Final = 120.0
"""Seconds that one may take."""
MEMORY: Final = 3 << 30
"""Bytes of address space that one may take."""
LARGEST_KEY: Final = 64 * 1024


class Examinations:
    """Judges and verifies what accounts upload."""

    def __init__(self, store: Store, places: Places, turns: Turns, jobs: Jobs, key: Path | None) -> None:
        self._store = store
        self._places = places
        self._turns = turns
        self._jobs = jobs
        self._key = key

    def judge(
        self, account: Account, file: BinaryIO, name: str, *, gateway: str = "", url: str = "", strict: bool = False
    ) -> Run:
        """Judges recorded traffic, or the record of a run, and keeps the report as a run of the kind ``judged``.

        With a ``gateway`` it is that of the gateway, and judged as it declares. ``url`` says which gateway is meant, if
        there are calls to several. Raises Invalid for the field ``file``, NotFound, Unavailable and Conflict.
        """
        found = self._gateway(account, gateway)
        owner = found.owner if found else account.name
        need_room(account, owner, self._store, self._places)
        with self._turns.taken(account), self._places.temporary() as private:
            path = uploads.save(file, name, _inner(private, "uploaded"))
            report = private / "report"
            arguments = ["judge", str(path), "--conformance-report", str(report)]
            arguments += ["--conformance-class", "strict" if strict else "core"]
            if found is not None:
                job = self._jobs.of(Run("", found.id, owner, found.url))
                # The command runs in this folder, and so finds the files that are named there.
                config = write_config(job.config, job.files, private)
                arguments += ["--gateway-config", str(config)]
                url = url or ("" if embedded.wanted(found.url) else found.url)
            arguments += [f"--gateway-url={url}"] if url else []
            finished = self._finished(arguments, private)
            try:
                made = files.read(report)
            except UsageError:
                raise Invalid({"file": _complaint(finished, path, private)}) from None
            run = Run(
                new_id(),
                found.id if found else "",
                owner,
                made["gateway"]["url"],
                kind="judged",
                state="ended",
                strict=made["class"] == "strict",
                ended=now(),
                status=finished.status,
                **told(made),
            )
            with self._store.lock:
                # It may have been removed meanwhile.
                self._gateway(account, gateway)
                report.rename(self._places.report(run.id))
                self._store.add(run)
        return run

    def verify(self, account: Account, file: BinaryIO, name: str, key: bytes = b"") -> Mapping[str, Any]:
        """Verifies a certificate, alone or in the ZIP of a report folder.

        ``key`` is the public key of its issuer in PEM form; without one, it is that of the laboratory.
        Returns ``valid``, ``problems``, ``notes`` and ``statement``, all of which a stranger has written. Raises
        Invalid for the fields ``file`` and ``key``, Unavailable and Conflict.
        """
        need_disk(self._places)
        with self._turns.taken(account), self._places.temporary() as private:
            path = uploads.save(file, name, _inner(private, "uploaded"))
            public = private / "public.pem"
            public.write_bytes(self._public_key(key, private))
            with path.open("rb") as start:
                packed = is_zip(start.read(4))
            if not packed:
                path = path.rename(_inner(private, "reports") / CERTIFICATE).parent
            finished = self._finished(["verify", str(path), "--public-key", str(public), "--json"], private)
            if finished.status not in (0, 1):
                raise Invalid({"file": _complaint(finished, path, private)})
            try:
                found: dict[str, Any] = json.loads(finished.output)
            except ValueError:
                raise Invalid({"file": "it says more than can be shown"}) from None
            return found

    def _gateway(self, account: Account, id_: str) -> Gateway | None:
        return access.gateway(self._store, account, id_) if id_ else None

    def _public_key(self, given: bytes, private: Path) -> bytes:
        """A public key in PEM form: the one given, or that of the laboratory."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        from ..certificate import keys

        path = private / "key"
        path.write_bytes(given[: LARGEST_KEY + 1])
        try:
            if given:
                key = keys.public_key(path)
            elif self._key is not None:
                key = keys.signer(self._key).public_key()
            else:
                raise Invalid({"key": "the laboratory has no key of its own; paste the public key of the issuer"})
        except UsageError as error:
            raise Invalid({"key": str(error).replace(str(path), "this text")}) from error
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def _finished(self, arguments: list[str], private: Path) -> child.Finished:
        try:
            return child.run(arguments, private, environment=self._jobs.environment, limit=LIMIT, memory=MEMORY)
        except KitError as error:
            raise Invalid({"file": f"it could not be read: {error}"}) from error


def _inner(folder: Path, name: str) -> Path:
    inner = folder / name
    inner.mkdir(mode=0o700)
    return inner


def _complaint(finished: child.Finished, path: Path, private: Path) -> str:
    """Returns the complaint of the child about a file, without the folder in which it lies."""
    text = finished.complaint or "it cannot be read"
    for folder in (path, path.parent, private):
        text = text.replace(f"{folder}/", "")
    return text
