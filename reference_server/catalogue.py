"""The requirements, read from requirements.yaml and operations.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from reference_server.message import GET, SIGNUP
from reference_server.specification import folder


class Catalogue:
    """What gateways are held to, as far as defects are made from it."""

    def __init__(self, path: Path | None = None) -> None:
        home = path or folder()
        self._rows = yaml.safe_load((home / "requirements.yaml").read_text(encoding="utf-8"))
        self._operations = yaml.safe_load((home / "operations.yaml").read_text(encoding="utf-8"))

    def _key(self, action: str) -> str:
        return str(next(row["key"] for row in self._operations if row["action"] == action))

    def refusing(self, action: str, pointer: str, strength: str) -> list[str]:
        """Give the requirements that faults of a member are refused."""
        return self._about("refuses", action, pointer, strength)

    def accepting(self, action: str, pointer: str) -> list[str]:
        """Give the requirements that valid values of a member are accepted."""
        return self._about("accepts", action, pointer, "must")

    def _about(self, what: str, action: str, pointer: str, strength: str) -> list[str]:
        key = self._key(action)
        return [
            row["id"]
            for row in self._rows
            if key in row["operations"]
            and pointer in row.get(what, {}).get("members", ())
            and row[what]["strength"] == strength
        ]

    def kinds(self, requirement: str) -> list[str]:
        """Give the kinds of faults that a requirement is about, none for all."""
        row = next(row for row in self._rows if row["id"] == requirement)
        kinds: list[str] = row.get("refuses", {}).get("kinds", [])
        return kinds

    def about(self, pointer: str) -> list[str]:
        """Give all requirements that name a member."""
        return [
            row["id"]
            for row in self._rows
            if any(pointer in row.get(what, {}).get("members", ()) for what in ("refuses", "accepts"))
        ]

    def bodies(self) -> Mapping[str, str]:
        """Give the requirement on the whole body of each operation's ACK."""
        return self._ids("BODY")

    def of_operation(self, action: str, ending: str) -> str | None:
        """Give the requirement on an operation whose id ends so, where it has one."""
        return self._ids(ending).get(action)

    def echoes(self, action: str) -> list[tuple[str, str]]:
        """Give the requirements that what an operation was sent comes back, each with the operation that shows it."""
        found = [(id_, operation) for operation, id_ in self._ids("ECHO").items() if operation == action]
        return found + ([("GET-ROUND-TRIP", GET)] if action == SIGNUP else [])

    def _ids(self, ending: str) -> dict[str, str]:
        known = {row["id"] for row in self._rows}
        return {
            row["action"]: f"{row['prefix']}-{ending}"
            for row in self._operations
            if f"{row['prefix']}-{ending}" in known
        }
