"""Who may use the laboratory: accounts in a JSON file, each with the hash of its token."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ...errors import UsageError
from ...untrusted import reading
from ...untrusted.writing import replaced, written

try:
    import fcntl
except ImportError:  # Windows has no such locks; one process at a time changes accounts there.
    fcntl = None  # type: ignore[assignment]

Role = Literal["vendor", "officer"]
ROLES: tuple[Role, ...] = get_args(Role)
RULE = "a name has 1 to 64 letters, digits and . _ @ -, and begins and ends with a letter or digit"
"""Names stand in pages, files and reports."""
VALUES = {
    "name": re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?"),
    "role": re.compile("|".join(ROLES)),
    "token": re.compile(r"[0-9a-f]{64}"),
}
"""Members of an account in the file, each with its form."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who uses the laboratory."""

    name: str
    role: Role
    proof: str = ""
    """SHA-256 of the token, in hex. A session ends when it changes."""

    @property
    def officer(self) -> bool:
        """True for somebody who sees every gateway, certifies, and manages accounts."""
        return self.role == "officer"


LOCAL = Account("local", "officer")
"""Everybody, in a laboratory on loopback without accounts."""


class Accounts:
    """The accounts of a file, which is read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[object, Mapping[str, Account]] = (None, {})

    def present(self) -> Mapping[str, Account]:
        """Returns the accounts by their names, in order. Raises UsageError if the file cannot be read."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise reading.unreadable(self._path, error) from error
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._read[0] != stamp:
            self._read = (stamp, _read(self._path)[0])
        return self._read[1]

    def with_token(self, token: str) -> Account | None:
        """Returns the account that this token belongs to."""
        proof = digest(token)
        # The hashes of random tokens can be compared in any time: no guess comes nearer to another.
        return next((account for account in self.present().values() if account.proof == proof), None)

    def add(self, name: str, role: Role) -> str:
        """Adds an account and returns its token, which is stored nowhere. Raises UsageError."""
        if not VALUES["name"].fullmatch(name):
            raise UsageError(f"{name[:80]!a} is not a name for an account: {RULE}")
        with self._changed() as (accounts, removed):
            if name.casefold() in map(str.casefold, accounts):
                raise UsageError(f"there is an account {name} already")
            # Gateways belong to names.
            if name.casefold() in map(str.casefold, removed):
                raise UsageError(f"there was an account {name}, and its gateways are still here; choose another name")
            return _with_new_token(accounts, name, role)

    def renew(self, name: str) -> str:
        """Gives an account another token and returns it. Raises UsageError if there is no such account."""
        with self._changed() as (accounts, _):
            return _with_new_token(accounts, name, _existing(accounts, name).role)

    def remove(self, name: str) -> None:
        """Removes an account, whose name is never used again.

        Raises UsageError for the last officer, and if there is no such account.
        """
        with self._changed() as (accounts, removed):
            if _existing(accounts, name).officer and sum(other.officer for other in accounts.values()) == 1:
                raise UsageError(f"{name} is the last officer; add another first")
            del accounts[name]
            removed.append(name)

    @contextlib.contextmanager
    def _changed(self) -> Iterator[tuple[dict[str, Account], list[str]]]:
        """Yields the accounts and the names of removed ones to change, and writes them. Other processes wait."""
        lock = self._path.with_name(f".{self._path.name}.lock")
        with written(self._path), os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)) as held:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX)
            accounts, removed = _read(self._path) if self._path.exists() else ({}, [])
            yield accounts, removed
            rows = [{"name": one.name, "role": one.role, "token": one.proof} for one in accounts.values()]
            with replaced(self._path, mode=0o600) as file:
                file.write(json.dumps({"accounts": rows, "removed": removed}, indent=1) + "\n")


def _read(path: Path) -> tuple[dict[str, Account], list[str]]:
    """Reads the accounts by name, and the names of those that were removed."""
    value = reading.json_file(path)
    rows, removed = (value.get("accounts"), value.get("removed", [])) if isinstance(value, dict) else (None, None)
    if not (isinstance(rows, list) and all(map(_valid, rows)) and isinstance(removed, list)):
        raise UsageError(f"{path} is not a file of accounts; beckn-conformance lab adduser makes one")
    rows.sort(key=lambda row: row["name"].casefold())
    return {row["name"]: Account(row["name"], row["role"], row["token"]) for row in rows}, [*map(str, removed)]


def _valid(row: Any) -> bool:
    return (isinstance(row, dict) and row.keys() == VALUES.keys()) and all(
        isinstance(row[key], str) and rule.fullmatch(row[key]) for key, rule in VALUES.items()
    )


def _existing(accounts: Mapping[str, Account], name: str) -> Account:
    if name not in accounts:
        raise UsageError(f"there is no account {name[:80]!a}")
    return accounts[name]


def _with_new_token(accounts: dict[str, Account], name: str, role: Role) -> str:
    token = secrets.token_urlsafe(32)
    accounts[name] = Account(name, role, digest(token))
    return token


def digest(token: str) -> str:
    """Returns the form in which a secret of a person is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
