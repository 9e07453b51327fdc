"""The rows of a record, read back: each is bounded, and has the form of ``schemas/record.json``, before it is used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UsageError
from ..messages.binding import Binding
from ..messages.exchange import Exchange
from ..specification.loading import misfit
from ..untrusted import reading
from .chain import Chain
from .integrity import MOST_TOLD
from .journal import COURSE, EXCHANGES, LARGEST_RECORD, SHORT, WORKER, file_of
from .rows import exchange_of
from .run import FORMAT

Row = dict[str, Any]

MOST_ROWS = 1_000_000
"""Rows of a file of a record."""
MOST_VALUES = 200_000
"""JSON values in a row."""
MOST_HELD = 384 * reading.MB
"""Bytes of memory, estimated, that the exchanges of one scenario take; a run holds half of it at once."""
TIMES_READ = 3
"""How often judging again, with all that follows, reads an exchange."""
KINDS = ("run", "begun", "judged", "tested", "closed", "ended")
_BEGINNING = re.compile(rb'\{"id":"([A-Za-z0-9._-]{1,80})"')


def row(line: bytes, kind: str = "") -> Row:
    """A row of a kind, or of the one that it names itself; raises ValueError for a line that has not its form."""
    found = reading.json_value(line, values=MOST_VALUES)
    if not isinstance(found, dict):
        raise ValueError("a row is no JSON object")
    kind = kind or str(found.get("kind"))
    if kind != "exchange" and kind not in KINDS:
        raise ValueError(f"a row is of the unknown kind {kind[:80]!a}")
    if kind == "run" and found.get("format") != FORMAT:
        # That another version of the kit wrote it says more than what of it has another form; Run.from_json says so.
        return found
    if amiss := misfit(found, f"record.json#/$defs/{kind}"):
        raise ValueError(amiss)
    return found


def paths(folder: Path, kind: str) -> list[Path]:
    """The files of a record of one kind: that of the run, then those of workers that it could not take over."""
    workers = re.compile(file_of(kind, WORKER))
    try:
        there = {path.name for path in folder.iterdir()}
    except OSError:
        return []
    names = [name for name in (file_of(kind),) if name in there]
    return [folder / name for name in (*names, *sorted(filter(workers.fullmatch, there)))]


class Exchanges:
    """The exchanges of a record, found by their ids; only their places are held in memory, of all or of ``some``.

    Raises UsageError for files that cannot be read, or hold more than any run writes.
    """

    def __init__(self, folder: Path, some: Collection[str] | None = None) -> None:
        self._opened = ExitStack()
        self._paths: list[Path] = []
        self._files: list[BinaryIO] = []
        self._places: dict[str, tuple[int, int]] = {}
        self.flaws: dict[str, None] = {}
        """Why not every line can be found by an id of its own; the first of them."""
        self.chain = Chain()
        with self._opened as opened:
            for number, path in enumerate(paths(folder, EXCHANGES)):
                self._files.append(opened.enter_context(reading.opened(path, below=folder)))
                self._paths.append(path)
                self._find(number, path, some)
            self._opened = opened.pop_all()
        self._room = TIMES_READ * (LARGEST_RECORD + 4 * SHORT * len(self._places))

    def _find(self, number: int, path: Path, some: Collection[str] | None) -> None:
        place = 0
        for count, line in enumerate(_lines(path, self._files[number]), 1):
            self.chain.add(line)
            beginning = _BEGINNING.match(line) if line.endswith(b"\n") else None
            if beginning is None:
                self._note(f"{path.name} has a line that is no exchange")
            elif (id_ := beginning[1].decode()) in self._places:
                self._note(f"exchange {id_} is more than once on record")
            elif some is None or id_ in some:
                self._places[id_] = (number, place)
            if count > MOST_ROWS:
                raise UsageError(f"{path}: it has more than {MOST_ROWS} lines")
            place += len(line)

    def _note(self, flaw: str) -> None:
        if len(self.flaws) < MOST_TOLD:
            self.flaws[flaw] = None

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def row(self, id_: str) -> Row:
        """The row of an exchange; raises KeyError where the record has none of this id, UsageError for one that has
        not its form."""
        if id_ not in self._places:
            raise KeyError(f"exchange {id_} is not on record")
        number, place = self._places[id_]
        self._files[number].seek(place)
        try:
            return row(self._files[number].readline(), "exchange")
        except ValueError as error:
            raise self._damaged(number, place, error) from error

    def _damaged(self, number: int, place: int, error: ValueError) -> UsageError:
        file = self._files[number]
        file.seek(0)
        line = 1 + sum(piece.count(b"\n") for piece in _pieces(file, place))
        return UsageError(f"{self._paths[number]}, line {line}: {error}")

    def exchange(self, id_: str, binding: Binding) -> Exchange:
        """An exchange, its contents unpacked; raises ValueError once that is more than any run writes."""
        found = exchange_of(self.row(id_), binding)
        # However short it is, it takes some time.
        self._room -= 2 * SHORT + len(found.request.content)
        self._room -= len(found.reply.content) if found.reply is not None else 0
        if self._room < 0:
            raise ValueError("the exchanges that it names, unpacked, are more than any run writes")
        return found

    def scenario(self, ids: Collection[str], binding: Binding) -> tuple[Exchange, ...]:
        """The exchanges that one scenario made; raises ValueError where they are more than a run can hold at once."""
        found: list[Exchange] = []
        weight = 0
        for id_ in ids:
            found.append(self.exchange(id_, binding))
            reply = found[-1].reply
            weight += 5 * len(found[-1].request.content) + (reply.weight if reply is not None else 0)
            if weight > MOST_HELD:
                raise ValueError("the exchanges of one row are more than a run can hold at once")
        return tuple(found)

    def close(self) -> None:
        self._opened.close()


def exchanges(folder: Path) -> Iterator[Row]:
    """The exchanges of a record, one at a time; a last line that was not written to its end is left out."""
    for path in paths(folder, EXCHANGES):
        with reading.opened(path, below=folder) as file:
            yield from (found for found, _ in _rows_of(path, file))


def _rows_of(path: Path, file: BinaryIO) -> Iterator[tuple[Row, bytes]]:
    """The exchanges of a file with the lines that they are; raises UsageError that names the line of another."""
    for number, line in enumerate(_lines(path, file), 1):
        if line.endswith(b"\n"):
            try:
                yield row(line, "exchange"), line
            except ValueError as error:
                raise UsageError(f"{path}, line {number}: {error}") from error


def in_order(folder: Path) -> Iterator[Row]:
    """The same in the order in which they began, of which only the places are held."""
    files = paths(folder, EXCHANGES)
    places: list[tuple[float, int, int]] = []
    for number, path in enumerate(files):
        with reading.opened(path, below=folder) as file:
            place = 0
            for found, line in _rows_of(path, file):
                places.append((found["started"], number, place))
                place += len(line)
    with ExitStack() as opened:
        handles = [opened.enter_context(reading.opened(path, below=folder)) for path in files]
        for _, number, place in sorted(places):
            handles[number].seek(place)
            yield row(handles[number].readline(), "exchange")


class Course:
    """The rows of how a run went, one at a time; raises UsageError where there are none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = paths(folder, COURSE)
        self._place = f": {file_of(COURSE)} is empty"
        self.chain = Chain()
        self.before = ""
        """The end of the chain before the line that was read last."""
        if not self._files:
            raise UsageError(f"{folder}: there is no {file_of(COURSE)}, so nothing is on record of a run")

    def __iter__(self) -> Iterator[Row]:
        for path in self._files:
            with reading.opened(path, below=self._folder) as file:
                for number, line in enumerate(_lines(path, file), 1):
                    self._place = f" at {path.name}, line {number}, or in the exchanges that it names"
                    self.before = self.chain.end
                    self.chain.add(line)
                    if number > MOST_ROWS:
                        raise ValueError(f"it has more than {MOST_ROWS} lines")
                    if line.endswith(b"\n"):
                        yield row(line)

    def damaged(self, error: Exception) -> UsageError:
        """The error to raise where the row that was read last cannot be followed."""
        why = f": {error.args[0]}" if isinstance(error, ValueError | KeyError) and error.args else ""
        return UsageError(f"{self._folder}: the record is damaged{self._place}{why}")


def _pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    """The beginning of a file, piece by piece."""
    while length > 0 and (piece := file.read(min(length, reading.MB))):
        length -= len(piece)
        yield piece


def _lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    try:
        yield from reading.lines(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
