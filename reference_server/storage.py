"""Where registrations are kept: in memory, or in a SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from reference_server.registration import Registration


class Store(Protocol):
    """Registrations by their id and by the digest of their token."""

    def find(self, identity: str) -> Registration | None:
        """Return a registration, None when there is none of that id."""

    def owner(self, token_digest: str) -> Registration | None:
        """Return the registration that a token belongs to."""

    def add(self, registration: Registration) -> None:
        """Keep a new registration."""

    def change(self, identity: str, change: Callable[[Registration], Registration]) -> Registration:
        """Replace a registration by the result of a change, atomically; raises KeyError."""

    def merge(self, clone: Registration) -> None:
        """Merge what is later in a clone, atomically; an unknown registration is kept whole."""

    def ids(self) -> list[str]:
        """Return the ids of all registrations."""


class MemoryStore:
    """Registrations that end with the process."""

    def __init__(self) -> None:
        self._registrations: dict[str, Registration] = {}
        self._owners: dict[str, str] = {}

    def find(self, identity: str) -> Registration | None:
        return self._registrations.get(identity)

    def owner(self, token_digest: str) -> Registration | None:
        return self._registrations.get(self._owners.get(token_digest, ""))

    def add(self, registration: Registration) -> None:
        self._registrations[registration.id] = registration
        self._owners[registration.token_digest] = registration.id

    def change(self, identity: str, change: Callable[[Registration], Registration]) -> Registration:
        changed = change(self._registrations[identity])
        self._registrations[identity] = changed
        return changed

    def merge(self, clone: Registration) -> None:
        known = self.find(clone.id)
        self.add(known.merged(clone) if known else clone)

    def ids(self) -> list[str]:
        return [*self._registrations]


class SqliteStore:
    """Registrations in a file; what was acknowledged is there after a kill, and other processes see it."""

    def __init__(self, path: Path) -> None:
        # The embedded server makes its app in one thread and serves it in another.
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        # An app has no end of its own when no server runs it.
        weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS registration (id TEXT PRIMARY KEY, token_digest TEXT UNIQUE, content TEXT)"
        )

    def find(self, identity: str) -> Registration | None:
        return self._one("SELECT content FROM registration WHERE id = ?", identity)

    def owner(self, token_digest: str) -> Registration | None:
        return self._one("SELECT content FROM registration WHERE token_digest = ?", token_digest)

    def add(self, registration: Registration) -> None:
        self._connection.execute(
            "INSERT INTO registration VALUES (?, ?, ?)",
            (registration.id, registration.token_digest, registration.to_json()),
        )

    def change(self, identity: str, change: Callable[[Registration], Registration]) -> Registration:
        with self._stroke():
            registration = self.find(identity)
            if registration is None:
                raise KeyError(identity)
            changed = change(registration)
            self._connection.execute("UPDATE registration SET content = ? WHERE id = ?", (changed.to_json(), identity))
        return changed

    def merge(self, clone: Registration) -> None:
        with self._stroke():
            known = self.find(clone.id)
            content = (known.merged(clone) if known else clone).to_json()
            self._connection.execute(
                "INSERT OR REPLACE INTO registration VALUES (?, ?, ?)", (clone.id, clone.token_digest, content)
            )

    def ids(self) -> list[str]:
        return [identity for (identity,) in self._connection.execute("SELECT id FROM registration")]

    @contextlib.contextmanager
    def _stroke(self) -> Iterator[None]:
        """Hold a transaction that is rolled back on an error."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _one(self, query: str, value: str) -> Registration | None:
        row = self._connection.execute(query, (value,)).fetchone()
        return Registration.from_json(row[0]) if row else None


def open_store(path: Path | None) -> Store:
    """Open the file, or memory without one; raises sqlite3.Error when the file is no database."""
    return MemoryStore() if path is None else SqliteStore(path)
