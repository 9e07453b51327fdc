"""Writes the record of a run as it happens: every exchange, masked, and which exchanges each test was judged on."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from ..config.gateway import SIGNUP_TOKEN
from ..errors import UsageError
from ..messages.exchange import LONGEST_TOKEN, Exchange
from ..specification.pointer import MISSING, member
from ..untrusted.writing import appended, fresh, refuse_links, replaced
from .chain import end_of
from .escapes import undone
from .masking import Masker
from .rows import LONGEST, Row, mask_row, row_of
from .stand_ins import StandIns

EXCHANGES, COURSE = "exchanges", "course"
"""Files of a record, without the ending: what was exchanged, and what the run made of it, in that order."""
SCRIPTS = "findings"
"""Folder of shell scripts in a report folder, one for each finding that takes several calls to show."""
WORKER = r"gw[0-9]{1,9}"
"""Names of the processes that share a run, as pytest-xdist gives them."""

LARGEST_RECORD = 256 * 1024 * 1024
"""Most bytes of contents, unpacked, that are kept whole."""
SHORT = 64 * 1024
"""Bytes of a content that are kept after that."""
TOKEN = re.compile(r'("token"\s*:\s*)("(?:[^"\\]|\\.)*+")', re.IGNORECASE)
OWN = ("kind", "test", "exchanges", "requirements", "binding", "served", "probe", "unjudged", "chains")
"""Facts in which no word comes from the gateway, or from a configuration."""
CREDENTIALS = ("authorization", "set-cookie", "token", "cookie", "proxy-authorization", "x-api-key", "x-auth-token")
"""Header fields of a reply whose value is a secret."""


def file_of(kind: str, worker: str = "") -> str:
    """Name of a file of the record, of a run or of one of its worker processes."""
    return f"{kind}-{worker}.jsonl" if worker else f"{kind}.jsonl"


def prepare(folder: Path) -> None:
    """Makes the report folder; raises UsageError where nothing can be written to it, or a link lies in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_links(folder, SCRIPTS)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for name in ("report.json", "report.html", file_of(EXCHANGES), file_of(COURSE)):
            if (folder / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{name} is a folder")
    except OSError as error:
        raise UsageError(f"--conformance-report {folder} cannot be written: {error.strerror}") from error


class Journal:
    """Appends to the record of a run, line by line, so that nothing is lost however the run ends.

    Tokens and configured secrets are masked before they are written; ``secret_fields`` are header fields whose value
    is one, however short, ``tokens`` those that were given before the run, and ``private`` makes what stands for the
    values that are masked on request.
    """

    def __init__(
        self,
        folder: Path,
        masker: Masker,
        worker: str = "",
        secret_fields: Collection[str] = (),
        tokens: Collection[str] = (),
        private: StandIns | None = None,
    ) -> None:
        self._masker = masker
        self._secret_fields = {name.casefold() for name in secret_fields}
        self._in_place = {token for token in tokens if not masker.learn(token)}
        self._kept = 0
        self._stand_ins = private
        names = "|".join(private.names) if private is not None else ""
        self._private = re.compile(rf'"({names})"\s*:\s*"((?:[^"\\]|\\.)*+)', re.IGNORECASE)
        self._paths = [folder / file_of(kind, worker) for kind in (EXCHANGES, COURSE)]
        self._exchanges, self._course = map(fresh, self._paths)

    def write(self, exchange: Exchange) -> None:
        """One line an exchange, flushed."""
        given = member(exchange.body_of_reply, "/auth/token")
        certain = []
        if isinstance(given, str) and given not in ("", SIGNUP_TOKEN, MISSING):
            if self._masker.learn(given):
                certain.append(given)
            elif len(given) <= LONGEST_TOKEN:
                self._in_place.add(given)
        # What is sent as a token is no secret where the kit made it up.
        sent = exchange.sent.header.get("Token") if exchange.sent is not None else None
        if isinstance(sent, str) and self._masker.knows(sent):
            certain.append(sent)
        if self._stand_ins is not None:
            self._learn_private(exchange, self._stand_ins)
        kept = self._kept < LARGEST_RECORD
        row = row_of(exchange, lambda text: self._mask(text, certain), longest=LONGEST if kept else SHORT)
        for part, message in (("request", exchange.request), ("reply", exchange.reply)):
            if message is not None:
                row[part]["headers"] = [
                    [
                        self._masker.name(name, *certain),
                        self._masker.mask(value) if self._is_secret(part, name, value) else shown,
                    ]
                    for (name, value), (_, shown) in zip(message.headers, row[part]["headers"], strict=True)
                ]
        self._put(self._exchanges, row)
        self._kept += len(exchange.request.content)
        self._kept += len(exchange.reply.content) if exchange.reply is not None else 0

    def _is_secret(self, part: str, name: str, value: str) -> bool:
        """Whether a header field is a secret wherever it stands: a declared one, or a token that could be any word."""
        name = name.casefold()
        if part == "reply":
            return name in CREDENTIALS
        return name in self._secret_fields or (name == "token" and value in self._in_place)

    def _learn_private(self, exchange: Exchange, stand_ins: StandIns) -> None:
        """Looks for values also in what is no JSON, or no longer."""
        contents = [exchange.request.content, exchange.reply.content if exchange.reply is not None else b""]
        for content in contents:
            plain = content.decode("utf-8", "replace")
            # Also within JSON that is a string of JSON, or whatever else holds it escaped.
            texts = [plain, *(decoded.text for decoded in undone(plain))]
            for name, value in itertools.chain(*map(self._private.findall, texts)):
                with contextlib.suppress(ValueError):
                    value = json.loads(f'"{value}"')
                if not (self._masker.knows(value) or stand_ins.knows(name, value)):
                    self._masker.add_private(value, stand_ins.of(name, value))

    def _mask(self, text: str, certain: Sequence[str]) -> str:
        text = self._masker.text(text, *certain)
        return TOKEN.sub(self._mask_in_place, text) if "oken" in text else text

    def _mask_in_place(self, found: re.Match[str]) -> str:
        """Masks a token that could be any word, or is too long to be one, where tokens are."""
        try:
            token = json.loads(found[2])
        except ValueError:
            return found[0]
        secret = len(token) > LONGEST_TOKEN or token in self._in_place
        return found[1] + json.dumps(self._masker.mask(token)) if secret else found[0]

    def tell(self, kind: str, **facts: Any) -> None:
        """One line of the course of the run, masked and flushed."""
        self._put(self._course, self._masked_fact({"kind": kind, **facts}))

    def end(self, **facts: Any) -> None:
        """The last line of the course, with the ends of the chains of both files: no line can be changed, moved, added
        or taken out afterwards without a trace."""
        ends = {kind: end_of(path) for kind, path in zip((EXCHANGES, COURSE), self._paths, strict=True)}
        self.tell("ended", **facts, chains=ends)

    def mask_again(self) -> None:
        """Masks what other processes of the same run wrote and could not know to be secret."""
        self.close()
        for path in self._paths:
            masked = self._masked if path.name == file_of(EXCHANGES) else self._masked_fact
            with path.open(encoding="utf-8") as old, replaced(path) as new:
                for line in old:
                    self._put(new, masked(json.loads(line)))
        self._exchanges, self._course = map(appended, self._paths)

    def _masked(self, row: Row) -> Row:
        return mask_row(row, self._masker.text)

    def _masked_fact(self, row: Row) -> Row:
        return {key: fact if key in OWN else self._masker.value(fact) for key, fact in row.items()}

    @staticmethod
    def _put(file: TextIO, row: Mapping[str, Any]) -> None:
        file.write(json.dumps(row, separators=(",", ":")) + "\n")
        file.flush()

    def close(self) -> None:
        """Lets go of both files; each line was written out, and what prevented it raised, when it was put there."""
        for file in (self._exchanges, self._course):
            # What a full disk did not take is tried once more, and fails once more.
            with contextlib.suppress(OSError):
                file.close()
