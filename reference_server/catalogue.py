"""The requirements, read from requirements.yaml and operations.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from reference_server.files import folder, read
from reference_server.message import GET, SIGNUP, Json


class Catalogue:
    """What gateways are held to, as far as defects are made from it."""

    def __init__(self, path: Path | None = None) -> None:
        home = path or folder()
        try:
            self._rows = {str(row["id"]): row for row in read(home, "requirements.yaml")}
            self._operations = {str(row["action"]): row for row in read(home, "operations.yaml")}
            self._of_members: dict[tuple[str, ...], list[tuple[str, Mapping[str, Json]]]] = defaultdict(list)
            for identity, row in self._rows.items():
                for what in {"refuses", "accepts"} & row.keys():
                    for key, pointer in product(row["operations"], row[what]["members"]):
                        self._of_members[what, key, pointer, row[what]["strength"]].append((identity, row[what]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{home} holds no catalogue of requirements: {error!r}") from error

    @property
    def failing(self) -> dict[str, str]:
        """By Action, the requirement that a refused change says so in its status; "" for an operation without."""
        return {action: self.of(action, "FAIL-STATUS") or "" for action in self._operations}

    def __contains__(self, requirement: str) -> bool:
        return requirement in self._rows

    def refusing(self, action: str, pointer: str, kind: str, strength: str) -> str | None:
        """Return the requirement that a fault of a member is refused: the one on its kind, or the general one."""
        general = None
        for identity, about in self._about("refuses", action, pointer, strength):
            kinds = about.get("kinds", ())
            if kind in kinds or kind.partition(":")[0] in kinds:
                return identity
            if not kinds:
                general = identity
        return general

    def accepting(self, action: str, pointer: str, strength: str = "must") -> str | None:
        """Return the requirement that valid values of a member are accepted."""
        return next((identity for identity, _ in self._about("accepts", action, pointer, strength)), None)

    def accepting_any(self, action: str) -> list[str]:
        """Return all requirements that valid values are accepted by an operation."""
        key = self._operations[action]["key"]
        return [identity for identity, row in self._rows.items() if "accepts" in row and key in row["operations"]]

    def _about(self, what: str, action: str, pointer: str, strength: str) -> list[tuple[str, Mapping[str, Json]]]:
        return self._of_members.get((what, self._operations[action]["key"], pointer, strength), [])

    def owner(self, action: str, pointer: str) -> str | None:
        """Return the requirement that a member of an ACK is as its schema has it."""
        key = self._operations[action]["key"]
        owners = (
            identity
            for identity, row in self._rows.items()
            if key in row["operations"] and pointer in row.get("owns", ())
        )
        return next(owners, self.of(action, "BODY"))

    def about(self, pointer: str) -> list[str]:
        """Return all requirements that name a member of requests."""
        return [
            identity
            for identity, row in self._rows.items()
            if any(pointer in row.get(what, {}).get("members", ()) for what in ("refuses", "accepts"))
        ]

    def of(self, action: str, ending: str) -> str | None:
        """Return the requirement on an operation whose id ends so, where it has one."""
        identity = f"{self._operations[action]['prefix']}-{ending}"
        return identity if identity in self._rows else None

    def bodies(self) -> list[str]:
        """Return the requirements on the whole body of each operation's ACK."""
        return [identity for action in self._operations if (identity := self.of(action, "BODY")) is not None]

    def echoes(self, action: str, ending: str = "") -> list[tuple[str, str]]:
        """Return the requirements that what an operation was sent comes back, each with the operation that shows it."""
        found = [(self.of(action, f"ECHO{ending}"), action)]
        if action == SIGNUP:
            found.append((f"GET-ROUND-TRIP{ending}", GET))
        return [(identity, shown) for identity, shown in found if identity is not None and identity in self._rows]
