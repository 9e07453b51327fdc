"""Writes the record of a run as it happens: every exchange, masked, and the steps that the run took."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import itertools
import json
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..config.gateway import SIGNUP_TOKEN
from ..messages.exchange import LONGEST_TOKEN, Exchange
from ..messages.tokens import DISGUISES
from ..specification.pointer import MISSING, member
from ..untrusted import reading
from ..untrusted.writing import fresh, refuse_links, written
from .chain import Chain
from .escapes import undone
from .events import Event, ProcessEnd, RunEnd, RunStart, row_of_step
from .masking import Masker
from .rows import LONGEST, Row, mask_row, row_of

if TYPE_CHECKING:
    from .stand_ins import StandIns

EXCHANGES, COURSE = "exchanges", "course"
"""Names of the files of a record, without their ending: the exchanges, and the course of the run."""
SCRIPTS = "findings"
"""Folder for the shell scripts of findings that take several calls to show."""
WORKER = r"gw[0-9]{1,9}"
"""Pattern of the names that pytest-xdist gives to worker processes."""

SHORT = 64 * 1024
"""Bytes of a content that are always kept."""
SHORT_HEAD = 8 * 1024
"""Bytes of header fields of a reply that are always kept."""
LARGEST_RECORD = 256 * 1024 * 1024
"""Bytes of longer contents, unpacked, and header fields that are kept. The rest is cut to SHORT, or left out."""
TOKEN = re.compile(r'("token"\s*:\s*)("(?:[^"\\]|\\.)*+")', re.IGNORECASE)
OWN = ("kind", "test", "exchanges", "requirements", "binding", "served", "probe", "unjudged", "chains")
"""Members of a row that hold no text of the gateway or of the configuration."""
CREDENTIALS = ("authorization", "set-cookie", "token", "cookie", "proxy-authorization", "x-api-key", "x-auth-token")
"""Header fields of a reply whose value is a secret."""
BEGINNING = 12
"""Letters of a token that nobody guesses."""


def file_of(kind: str, worker: str = "") -> str:
    """The name of a file of the record, of the whole run or of a worker process."""
    return f"{kind}-{worker}.jsonl" if worker else f"{kind}.jsonl"


def workers(folder: Path) -> list[str]:
    """The names of the worker processes that have left files in a folder."""
    pattern = re.compile(rf"(?:{EXCHANGES}|{COURSE})-({WORKER})\.jsonl")
    return sorted({found[1] for path in folder.iterdir() if (found := pattern.fullmatch(path.name))})


def prepare(folder: Path) -> None:
    """Makes the report folder. Raises UsageError if it cannot be written to or contains a link."""
    with written(f"--conformance-report {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        refuse_links(folder, SCRIPTS)
        tempfile.TemporaryFile(dir=folder).close()
        for name in ("report.json", "report.html", file_of(EXCHANGES), file_of(COURSE)):
            if (folder / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{name} is a folder")


class _Lines:
    """A file of the record. Each row is a line, written at once, so that nothing is lost however the run ends."""

    def __init__(self, path: Path) -> None:
        self.chain = Chain()
        self._path = path
        self._file: TextIO | None = None

    @property
    def begun(self) -> bool:
        return self._file is not None

    def begin(self) -> None:
        """Takes the place of the file of an earlier run."""
        self._file = fresh(self._path)

    def put(self, row: Mapping[str, Any]) -> None:
        self.copy(json.dumps(row, separators=(",", ":")) + "\n")

    def copy(self, line: str) -> None:
        assert self._file is not None
        self._file.write(line)
        self._file.flush()
        self.chain.add(line.encode())

    def close(self) -> None:
        # What a full disk did not take is tried once more, and fails once more.
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()


class Journal:
    """Writes the events of a run to its record as they happen.

    Tokens and configured secrets are masked before they are written. ``secret_fields`` are header fields whose value
    is a secret however short it is, ``tokens`` those that were known before the run, and ``private`` makes the values
    that replace personal data on request.
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
        self._folder = folder
        self._masker = masker
        self._secret_fields = {name.casefold() for name in secret_fields}
        self._in_place = {token for token in tokens if not masker.learn(token)}
        self._tokens = {key: token for token in tokens for key in _keys(token)}
        self._kept = 0
        self._stand_ins = private
        names = "|".join(private.names) if private is not None else ""
        self._private = re.compile(rf'"({names})"\s*:\s*"((?:[^"\\]|\\.)*+)', re.IGNORECASE)
        self._exchanges, self._course = (_Lines(folder / file_of(kind, worker)) for kind in (EXCHANGES, COURSE))
        self._held: list[Event] = []
        """Events before the files are begun. A run that sends nothing leaves the record of the one before."""

    def write(self, event: Event) -> None:
        """Writes an exchange, or a step in the course of the run. Raises OSError if the disk does not take it."""
        if not self._exchanges.begun and _is_idle(event):
            self._held.append(event)
            return
        self._begin()
        self._put(event)

    def _begin(self) -> None:
        """Begins both files, unless that was done."""
        if not self._exchanges.begun:
            # A record begins with its course, so that whatever has one can be read.
            self._course.begin()
            self._exchanges.begin()
            for event in self._held:
                self._put(event)

    def _put(self, event: Event) -> None:
        if isinstance(event, Exchange):
            self._exchanges.put(self._row(event))
            return
        if isinstance(event, RunEnd):
            # No line can be changed, moved, added or removed afterwards without a trace.
            chains = {EXCHANGES: self._exchanges.chain.end, COURSE: self._course.chain.end}
            event = dataclasses.replace(event, chains=chains)
        self._course.put(_masked(row_of_step(event, self._masker), self._masker))

    def _row(self, exchange: Exchange) -> Row:
        """An exchange as a masked row."""
        given = member(exchange.body_of_reply, "/auth/token")
        certain = []
        if isinstance(given, str) and given not in ("", SIGNUP_TOKEN, MISSING):
            self._tokens |= dict.fromkeys(_keys(given), given)
            if self._masker.learn(given):
                certain.append(given)
            elif len(given) <= LONGEST_TOKEN:
                self._in_place.add(given)
        sent = exchange.token_sent
        if isinstance(sent, str):
            certain += self._secret_in(sent)
        if self._stand_ins is not None:
            self._learn_private(exchange, self._stand_ins)

        def mask(text: str) -> str:
            return self._mask(text, certain)

        def mask_field(part: str, name: str, value: str) -> list[str]:
            shown = self._masker.mask(value) if self._is_secret(part, name, value) else mask(value)
            return [self._masker.name(name, *certain), shown]

        kept = self._kept < LARGEST_RECORD
        row = row_of(exchange, mask, mask_field, longest=LONGEST if kept else SHORT)
        contents = (exchange.request.content, exchange.reply.content if exchange.reply is not None else b"")
        self._kept += sum(len(content) for content in contents if len(content) > SHORT)
        if row["reply"] and (head := len(json.dumps(row["reply"]["headers"]))) > SHORT_HEAD:
            self._kept += head
            if not kept:
                row["reply"]["headers"] = []
                row["cut"] = True
        return row

    def _secret_in(self, token: str) -> list[str]:
        """The secret in a token that is sent. One that the kit made up is none, unless it tells a given one."""
        given = next((self._tokens[key] for key in _keys(token) if key in self._tokens), token)
        if token == given:
            pass
        elif made := next((one for one in DISGUISES if token == one.make(given)), None):
            self._masker.add_private(token, self._masker.mask(given) + made.mark)
        else:
            self._masker.learn(token)
        return [token] if self._masker.knows(token) else []

    def _is_secret(self, part: str, name: str, value: str) -> bool:
        """Returns True if the value of a header field is a secret even if the same text is none elsewhere."""
        name = name.casefold()
        if part == "reply":
            return name in CREDENTIALS
        return name in self._secret_fields or (name == "token" and value in self._in_place)

    def _learn_private(self, exchange: Exchange, stand_ins: StandIns) -> None:
        """Looks for private values, even in text that is not JSON."""
        contents = [exchange.request.content, exchange.reply.content if exchange.reply is not None else b""]
        for content in contents:
            plain = content.decode("utf-8", "replace")
            # JSON may be escaped within a string of JSON.
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
        """Masks a token that looks like a word, or is too long to be looked for everywhere."""
        try:
            token = json.loads(found[2])
        except ValueError:
            return found[0]
        secret = len(token) > LONGEST_TOKEN or token in self._in_place
        return found[1] + json.dumps(self._masker.mask(token)) if secret else found[0]

    def take_over(self, worker: str) -> None:
        """Moves the record of a worker process into this one, and masks the secrets that the worker did not know."""
        self._begin()
        for kind, lines in ((EXCHANGES, self._exchanges), (COURSE, self._course)):
            path = self._folder / file_of(kind, worker)
            if not path.exists():
                continue
            with reading.opened(path, below=self._folder) as file:
                for line in reading.lines(file):
                    # A worker that was killed may have left half a line.
                    if line.endswith(b"\n"):
                        row = json.loads(line)
                        masked = mask_row(row, self._masker.text) if kind == EXCHANGES else _masked(row, self._masker)
                        if masked == row:
                            lines.copy(line.decode())
                        else:
                            lines.put(masked)
            path.unlink()

    def close(self) -> None:
        """Closes both files. Every line was flushed before, or raised an error."""
        self._exchanges.close()
        self._course.close()


def _masked(row: Row, masker: Masker) -> Row:
    return {key: fact if key in OWN else masker.value(fact) for key, fact in row.items()}


def _is_idle(event: Event) -> bool:
    """Returns True for the start of a process, and for its end if nothing was sent or tried in between."""
    if isinstance(event, ProcessEnd):
        return not (event.exchanges or event.unreachable)
    return isinstance(event, RunStart)


def _keys(token: str) -> tuple[str, str]:
    """The beginning and the end of a token, by which one that was made of it is known."""
    folded = token.casefold()
    return folded[:BEGINNING], folded[-BEGINNING:]
