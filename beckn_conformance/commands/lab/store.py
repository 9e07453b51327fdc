"""Keeps gateways and runs in SQLite. What a method has returned from survives kill -9."""

from __future__ import annotations

import datetime
import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ...errors import UsageError
from .refusals import Unavailable

FORMAT = 1
"""Version of the tables."""
UNDER_WAY = ("queued", "running")
"""States of runs that are still to end; the others are ``ended`` and ``cancelled``."""


def new_id() -> str:
    """Makes an id that nobody guesses."""
    return secrets.token_hex(8)


def now() -> str:
    """Returns the time in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that a vendor has entered."""

    id: str
    owner: str
    """Name of the account that entered it."""
    name: str
    url: str
    """In its normal form, or ``reference[:NAME]``."""
    declarations: bytes = b""
    """Encrypted."""
    badge: str = field(default_factory=new_id)
    """The part of its badge's address that nobody guesses."""
    created: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the suite against a gateway, or traffic of it that was judged."""

    id: str
    gateway: str
    """Id of the gateway; empty for judged traffic that belongs to none."""
    owner: str
    url: str
    kind: str = "live"
    """``live`` or ``judged``."""
    state: str = "queued"
    strict: bool = False
    """SQLite makes 0 or 1 of it."""
    depth: int = 25
    """Examples of each property, as ``--fuzz-examples``."""
    seed: int | None = None
    created: str = field(default_factory=now)
    started: str = ""
    ended: str = ""
    attempts: int = 0
    status: int | None = None
    """Exit status; None before its end, and for a run that was killed."""
    verdict: str = ""
    """That of its report; empty without one."""
    waived: int = 0
    """Requirements that would fail the class without waivers."""
    reason: str = ""
    """Why it did not end by itself, or could not be judged."""
    exchanges: int = 0
    failed: int = 0
    warned: int = 0
    certified: str = ""
    """When its certificate was issued; empty without one."""

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def class_(self) -> str:
        return "strict" if self.strict else "core"


Row = TypeVar("Row", Gateway, Run)
TABLES: Mapping[type[Gateway | Run], str] = {Gateway: "gateways", Run: "runs"}
COLUMNS: Mapping[type[Gateway | Run], str] = {kind: ", ".join(one.name for one in fields(kind)) for kind in TABLES}

NEXT = """
SELECT id, attempts FROM runs AS next WHERE state = 'queued' AND url NOT IN ({busy})
AND NOT EXISTS (SELECT 1 FROM runs WHERE state = 'running' AND url = next.url AND url NOT GLOB 'reference*')
ORDER BY (SELECT count(*) FROM runs WHERE state = 'running' AND owner = next.owner),
(SELECT max(started) FROM runs WHERE owner = next.owner), number LIMIT 1
"""
"""The owner with the fewest running is next, then the one who was served the longest ago, then the oldest run. Each of
two runs of one gateway at once would take the changes of the other for the gateway's."""


class Store:
    """Gateways and runs. Any thread may call any method."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the database. Raises UsageError for a file that is none, or of another version."""
        self.lock = threading.RLock()
        """Held while nothing may change between two calls."""
        try:
            # SQLite gives its other files the same permissions.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            if self._database.execute("PRAGMA user_version").fetchone()[0] not in (0, FORMAT):
                raise UsageError(f"{path} was written by another version of the kit")
            for kind, table in TABLES.items():
                columns = f"number INTEGER PRIMARY KEY AUTOINCREMENT, {COLUMNS[kind]}, UNIQUE (id)"
                self._database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
            self._database.execute("CREATE INDEX IF NOT EXISTS runs_of_a_gateway ON runs (gateway)")
            self._database.execute("CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state)")
            self._database.execute(f"PRAGMA user_version = {FORMAT}")
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{path} cannot be used: {error}") from error

    def close(self) -> None:
        with self.lock:
            self._database.close()

    def add(self, row: Gateway | Run) -> None:
        """Adds a row."""
        kind, values = type(row), astuple(row)
        self._execute(f"INSERT INTO {TABLES[kind]} ({COLUMNS[kind]}) VALUES ({_marks(values)})", values)

    def get(self, kind: type[Row], id_: str) -> Row | None:
        """Returns the row with an id; None if there is none."""
        return next(iter(self.all(kind, id=id_)), None)

    def all(self, kind: type[Row], /, limit: int = -1, **where: str | tuple[str, ...]) -> list[Row]:
        """Returns the rows whose columns have these values, newest first. A tuple stands for any of its values."""
        some: dict[str, tuple[str, ...]]
        some = {name: value if isinstance(value, tuple) else (value,) for name, value in where.items()}
        found = " AND ".join(f"{name} IN ({_marks(values)})" for name, values in some.items()) or "1"
        values = [*(value for values in some.values() for value in values), limit]
        select = f"SELECT {COLUMNS[kind]} FROM {TABLES[kind]} WHERE {found} ORDER BY number DESC LIMIT ?"
        return [kind(*row) for row in self._execute(select, values)]

    def change(self, kind: type[Row], id_: str, *, states: Collection[str] = (), **values: Any) -> Row | None:
        """Changes columns of a row, if it is in one of the ``states``; returns the changed row, else None."""
        columns = ", ".join(f"{name} = ?" for name in values)
        with self.lock:
            if not self.all(kind, 1, id=id_, **({"state": tuple(states)} if states else {})):
                return None
            self._execute(f"UPDATE {TABLES[kind]} SET {columns} WHERE id = ?", [*values.values(), id_])
            return self.get(kind, id_)

    def remove(self, row: Gateway | Run) -> None:
        """Removes a row."""
        self._execute(f"DELETE FROM {TABLES[type(row)]} WHERE id = ?", [row.id])

    def take(self, busy: Collection[str] = ()) -> Run | None:
        """Makes the run that is next a running one; None if none can begin now. Gateways at ``busy`` URLs wait."""
        with self.lock:
            for id_, attempts in self._execute(NEXT.format(busy=_marks(busy)), busy):
                return self.change(Run, id_, state="running", started=now(), attempts=attempts + 1)
            return None

    def _execute(self, statement: str, values: Collection[Any]) -> list[Any]:
        with self.lock:
            try:
                return self._database.execute(statement, tuple(values)).fetchall()
            except sqlite3.OperationalError as error:
                raise Unavailable(f"the laboratory cannot use its database now: {error}") from error


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))
