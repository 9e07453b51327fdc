"""Reads a record. Each row is bounded and has the form of ``schemas/record.json`` before it is used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ..errors import UsageError
from ..messages.binding import Binding, HttpBinding
from ..messages.exchange import Exchange
from ..specification.actions import SIGNUP
from ..specification.loading import misfit
from ..specification.specification import Specification
from ..untrusted import reading
from .chain import Chain
from .events import KINDS, Probe, RunStart, Step, step_of
from .integrity import MOST_TOLD
from .journal import COURSE, EXCHANGES, LARGEST_RECORD, SHORT, WORKER, file_of
from .rows import Row, exchange_of
from .run import FORMAT

MOST_ROWS = 1_000_000
"""Rows of a file of a record."""
MOST_VALUES = 200_000
"""JSON values in a row."""
MOST_HELD = 384 * reading.MB
"""Estimated bytes of memory for the exchanges of one scenario; a run holds half of it at once."""
TIMES_READ = 3
"""How often an exchange is read when a record is judged."""
_BEGINNING = re.compile(rb'\{"id":"([A-Za-z0-9._-]{1,80})"')


def row(line: bytes, kind: str = "") -> Row:
    """Parses a line as a row of a kind, by default the one that it names. Raises ValueError if it does not fit."""
    found = reading.json_value(line, values=MOST_VALUES)
    if not isinstance(found, dict):
        raise ValueError("a row is not a JSON object")
    kind = kind or str(found.get("kind"))
    if kind not in ("exchange", *KINDS):
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


class Lines:
    """The lines of all files of one kind. The files may still grow; reading continues where it stopped."""

    def __init__(self, folder: Path, kind: str, worker: str | None = None) -> None:
        self.paths = paths(folder, kind, worker)
        self.chain = Chain()
        self.before = ""
        """The end of the chain before the line that was read last."""
        self.last = f"{file_of(kind)} is empty"
        """Where the line stands that was read last."""
        self._files: list[BinaryIO] = []
        self._read = [(0, 0) for _ in self.paths]
        """Of each file, the bytes and the lines read so far."""
        with ExitStack() as opened:
            for path in self.paths:
                self._files.append(opened.enter_context(reading.opened(path, below=folder)))
            self._opened = opened.pop_all()

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """Lines with the number of their file and their place in it. The last line of a file may lack its end."""
        for number, (path, file) in enumerate(zip(self.paths, self._files, strict=True)):
            place, count = self._read[number]
            file.seek(place)
            for line in _lines(path, file):
                if count == MOST_ROWS:
                    raise UsageError(f"{path}: it has more than {MOST_ROWS} lines")
                count += 1
                self.last = f"{path.name}, line {count}"
                self.before = self.chain.end
                self.chain.add(line)
                if line.endswith(b"\n"):
                    self._read[number] = place + len(line), count
                yield number, place, line
                place += len(line)

    def at(self, number: int, place: int) -> bytes:
        """The line at a place that was read before."""
        self._files[number].seek(place)
        return self._files[number].readline()

    def where(self, number: int, place: int) -> str:
        """File and line of a place, for an error."""
        file = self._files[number]
        file.seek(0)
        before = 0
        while place > 0 and (piece := file.read(min(place, reading.MB))):
            place -= len(piece)
            before += piece.count(b"\n")
        return f"{self.paths[number]}, line {before + 1}"

    def close(self) -> None:
        self._opened.close()


class Exchanges:
    """The exchanges of a record by id. Only their places are held in memory, of all or of ``some``.

    Raises UsageError for files that cannot be read, or hold more than any run writes.
    """

    def __init__(self, folder: Path, some: Collection[str] | None = None, worker: str | None = None) -> None:
        self._some = some
        self._lines = Lines(folder, EXCHANGES, worker)
        self._places: dict[str, tuple[int, int]] = {}
        self.flaws: dict[str, None] = {}
        """Why some lines cannot be found by an id of their own; the first few."""
        self._unpacked = 0
        """Bytes of the exchanges that were read, however often."""
        try:
            self.catch_up()
        except UsageError:
            self.close()
            raise

    @property
    def chain(self) -> Chain:
        return self._lines.chain

    def catch_up(self) -> None:
        """Finds the exchanges that were written since the last time."""
        for number, place, line in self._lines:
            beginning = _BEGINNING.match(line) if line.endswith(b"\n") else None
            if beginning is None:
                self._note(f"{self._lines.paths[number].name} has a line that is not an exchange")
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
        try:
            return row(self._lines.at(*self._places[id_]), "exchange")
        except ValueError as error:
            raise UsageError(f"{self._lines.where(*self._places[id_])}: {error}") from error

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
        self._lines.close()


def in_order(folder: Path) -> Iterator[Row]:
    """The exchanges of a record in the order in which they began, one at a time."""
    exchanges = Exchanges(folder)
    try:
        started = {id_: exchanges.row(id_)["started"] for id_ in exchanges}
        yield from map(exchanges.row, sorted(started, key=started.__getitem__))
    finally:
        exchanges.close()


class Record:
    """The record of a run, used as a context, in which anything that no run writes ends in a UsageError.

    With ``worker``, it is the part that this process has written; an empty name stands for the run.
    """

    def __init__(self, folder: Path, specification: Specification, *, worker: str | None = None) -> None:
        self._folder = folder
        self._specification = specification
        self._worker = worker
        self._binding: Binding = HttpBinding()
        self.course = Lines(folder, COURSE, worker)
        if not self.course.paths:
            raise UsageError(f"{folder} is no report folder: it has no {file_of(COURSE)}")

    @cached_property
    def exchanges(self) -> Exchanges:
        return Exchanges(self._folder, worker=self._worker)

    def close(self) -> None:
        self.course.close()
        if "exchanges" in self.__dict__:
            self.exchanges.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError | IndexError):
            why = f": {error.args[0]}" if isinstance(error, ValueError | KeyError) and error.args else ""
            where = f"at {self.course.last}, or in the exchanges that it names"
            raise UsageError(f"{self._folder}: the record is damaged {where}{why}") from error

    def steps(self, showing: Collection[str] | None = None) -> Iterator[Step]:
        """The steps of the run since the last time, its start first. With ``showing``, scenarios that made none of
        these exchanges are left out."""
        if "exchanges" in self.__dict__:
            self.exchanges.catch_up()
        for _, _, line in self.course:
            if not line.endswith(b"\n"):
                continue
            found = row(line)
            if found["kind"] == "judged" and showing is not None and not any(e in showing for e in found["exchanges"]):
                continue
            step = step_of(found, self._specification, lambda ids: self.exchanges.scenario(ids, self._binding))
            if isinstance(step, Probe):
                self._binding = step.binding
            yield step

    def start(self) -> RunStart:
        """The first step of the run, if nothing was read before. Raises ValueError for anything else."""
        step = next(self.steps(), None)
        if not isinstance(step, RunStart):
            raise ValueError("it does not begin with a run")
        return step

    def signups(self) -> Iterator[Exchange]:
        """All signups, judged or not. The steps, which name the binding, have to be read first."""
        for id_ in self.exchanges:
            if self.exchanges.row(id_)["operation"] == SIGNUP:
                yield self.exchanges.exchange(id_, self._binding)

    def until(self) -> float:
        """The time at which the last exchange ended, in seconds since the epoch."""
        rows = map(self.exchanges.row, self.exchanges)
        return max((row["started"] + row["seconds"] for row in rows), default=0.0)


def _lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    try:
        yield from reading.lines(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
