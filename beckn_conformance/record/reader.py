"""Reads a record. Each row is bounded and has the form of ``schemas/record.json`` before it is used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ..errors import UsageError
from ..messages.binding import Binding, HttpBinding
from ..messages.exchange import Exchange
from ..specification.actions import SIGNUP
from ..specification.loading import misfit
from ..specification.specification import Specification
from ..untrusted import reading
from .chain import Chain
from .events import Probe, Step, step_of
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
"""Estimated bytes of memory for the exchanges of one scenario; a run holds half of it at once."""
TIMES_READ = 3
"""How often an exchange is read when a record is judged."""
KINDS = ("run", "begun", "judged", "tested", "closed", "ended")
_BEGINNING = re.compile(rb'\{"id":"([A-Za-z0-9._-]{1,80})"')


def row(line: bytes, kind: str = "") -> Row:
    """Parses a line as a row of a kind, by default the one that it names. Raises ValueError if it does not fit."""
    found = reading.json_value(line, values=MOST_VALUES)
    if not isinstance(found, dict):
        raise ValueError("a row is no JSON object")
    kind = kind or str(found.get("kind"))
    if kind != "exchange" and kind not in KINDS:
        raise ValueError(f"a row is of the unknown kind {kind[:80]!a}")
    if kind == "run" and found.get("format") != FORMAT:
        # Run.from_json says that another version of the kit wrote it, which explains more than the first misfit.
        return found
    if amiss := misfit(found, f"record.json#/$defs/{kind}"):
        raise ValueError(amiss)
    return found


def paths(folder: Path, kind: str, worker: str | None = None) -> list[Path]:
    """The files of a record of one kind: that of the run, then those that the workers of a killed run left behind.

    With ``worker``, only the file of that process; an empty name stands for the run.
    """
    workers = re.compile(file_of(kind, WORKER))
    try:
        there = {path.name for path in folder.iterdir()}
    except OSError:
        return []
    names = [name for name in (file_of(kind, worker or ""),) if name in there]
    if worker is None:
        names += sorted(filter(workers.fullmatch, there))
    return [folder / name for name in names]


class _File:
    """The lines of a file that may still grow. Reading continues where it stopped."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.opened = reading.opened(path, below=folder)
        self.count = 0
        """Number of the line that was read last."""
        self._place = 0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Complete lines with their places; the last line may be incomplete."""
        self.opened.seek(self._place)
        for line in _lines(self.path, self.opened):
            if self.count == MOST_ROWS:
                raise UsageError(f"{self.path}: it has more than {MOST_ROWS} lines")
            self.count += 1
            place = self._place
            if line.endswith(b"\n"):
                self._place += len(line)
            yield place, line


class Exchanges:
    """The exchanges of a record by id. Only their places are held in memory, of all or of ``some``.

    Raises UsageError for files that cannot be read, or hold more than any run writes.
    """

    def __init__(self, folder: Path, some: Collection[str] | None = None, worker: str | None = None) -> None:
        self._some = some
        self._files: list[_File] = []
        self._places: dict[str, tuple[int, int]] = {}
        self.flaws: dict[str, None] = {}
        """Why some lines cannot be found by an id of their own; the first few."""
        self.chain = Chain()
        self._unpacked = 0
        """Bytes of the exchanges that were read, however often."""
        with ExitStack() as opened:
            for path in paths(folder, EXCHANGES, worker):
                self._files.append(_File(path, folder))
                opened.enter_context(self._files[-1].opened)
            self.catch_up()
            self._opened = opened.pop_all()

    def catch_up(self) -> None:
        """Finds the exchanges that were written since the last time."""
        for number, file in enumerate(self._files):
            for place, line in file.lines():
                self.chain.add(line)
                beginning = _BEGINNING.match(line) if line.endswith(b"\n") else None
                if beginning is None:
                    self._note(f"{file.path.name} has a line that is no exchange")
                elif (id_ := beginning[1].decode()) in self._places:
                    self._note(f"exchange {id_} is more than once on record")
                elif self._some is None or id_ in self._some:
                    self._places[id_] = (number, place)

    def _note(self, flaw: str) -> None:
        if len(self.flaws) < MOST_TOLD:
            self.flaws[flaw] = None

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def row(self, id_: str) -> Row:
        """The row of an exchange. Raises KeyError if there is none, UsageError if it does not have the right form."""
        if id_ not in self._places:
            raise KeyError(f"exchange {id_} is not on record")
        number, place = self._places[id_]
        file = self._files[number]
        file.opened.seek(place)
        try:
            return row(file.opened.readline(), "exchange")
        except ValueError as error:
            file.opened.seek(0)
            line = 1 + sum(piece.count(b"\n") for piece in _pieces(file.opened, place))
            raise UsageError(f"{file.path}, line {line}: {error}") from error

    def exchange(self, id_: str, binding: Binding) -> Exchange:
        """An exchange with its contents unpacked. Raises ValueError once that is more than any run writes."""
        found = exchange_of(self.row(id_), binding)
        # Even a short one takes some time.
        self._unpacked += 2 * SHORT + len(found.request.content)
        self._unpacked += len(found.reply.content) if found.reply is not None else 0
        if self._unpacked > TIMES_READ * (LARGEST_RECORD + 4 * SHORT * len(self._places)):
            raise ValueError("the exchanges that it names, unpacked, are more than any run writes")
        return found

    def scenario(self, ids: Collection[str], binding: Binding) -> tuple[Exchange, ...]:
        """The exchanges of one scenario. Raises ValueError if they are more than a run can hold at once."""
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


class Course:
    """The rows of the course of a run, one at a time; reading continues where it stopped."""

    def __init__(self, folder: Path, worker: str | None = None) -> None:
        self._folder = folder
        self._place = f": {file_of(COURSE)} is empty"
        self.chain = Chain()
        self.before = ""
        """The end of the chain before the line that was read last."""
        found = paths(folder, COURSE, worker)
        if not found:
            raise UsageError(f"{folder}: there is no {file_of(COURSE)}, so nothing is on record of a run")
        self._files: list[_File] = []
        with ExitStack() as opened:
            for path in found:
                self._files.append(_File(path, folder))
                opened.enter_context(self._files[-1].opened)
            self._opened = opened.pop_all()

    def __iter__(self) -> Iterator[Row]:
        for file in self._files:
            for _, line in file.lines():
                self._place = f" at {file.path.name}, line {file.count}, or in the exchanges that it names"
                self.before = self.chain.end
                self.chain.add(line)
                if line.endswith(b"\n"):
                    yield row(line)

    def damaged(self, error: Exception) -> UsageError:
        """The error to raise if the row that was read last makes no sense."""
        why = f": {error.args[0]}" if isinstance(error, ValueError | KeyError) and error.args else ""
        return UsageError(f"{self._folder}: the record is damaged{self._place}{why}")

    def close(self) -> None:
        self._opened.close()


class Record:
    """The record of a run, to be used as a context: there, whatever no run writes ends in UsageError.

    ``some`` are the ids of the exchanges that will be asked for, by default all. With ``worker``, it is the part that
    this process has written; an empty name stands for the run.
    """

    def __init__(
        self,
        folder: Path,
        specification: Specification,
        *,
        some: Collection[str] | None = None,
        worker: str | None = None,
    ) -> None:
        self._folder = folder
        self._specification = specification
        self._some = some
        self._worker = worker
        self._binding: Binding = HttpBinding()
        self.course = Course(folder, worker)

    @cached_property
    def exchanges(self) -> Exchanges:
        return Exchanges(self._folder, self._some, self._worker)

    def close(self) -> None:
        self.course.close()
        if "exchanges" in self.__dict__:
            self.exchanges.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError | IndexError):
            raise self.course.damaged(error) from error

    def steps(self, showing: Collection[str] | None = None) -> Iterator[Step]:
        """The steps of the run since the last time, the start first; ``showing`` leaves out the scenarios that made
        none of these exchanges."""
        if "exchanges" in self.__dict__:
            self.exchanges.catch_up()
        for row in self.course:
            if row["kind"] == "judged" and not (showing is None or any(id_ in showing for id_ in row["exchanges"])):
                continue
            step = step_of(row, self._specification, lambda ids: self.exchanges.scenario(ids, self._binding))
            if isinstance(step, Probe):
                self._binding = step.binding
            yield step

    def signups(self) -> Iterator[Exchange]:
        """All signups, judged or not. The steps have to be read before, for they name the binding."""
        for id_ in self.exchanges:
            if self.exchanges.row(id_)["operation"] == SIGNUP:
                yield self.exchanges.exchange(id_, self._binding)

    def until(self) -> float:
        """The time at which the last exchange ended, in seconds since the epoch."""
        rows = map(self.exchanges.row, self.exchanges)
        return max((row["started"] + row["seconds"] for row in rows), default=0.0)


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
