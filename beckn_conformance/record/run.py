"""The facts of a run: which gateway was tested, how, when and for how long."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import __version__
from ..config.gateway import GatewayConfig
from ..errors import UsageError
from ..specification.specification import Specification
from ..untrusted.text import brief
from .masking import Masker

FORMAT = "beckn-conformance-record/2"
KEPT_REGISTRATIONS = 100_000


@dataclass
class Run:
    """One run against one gateway; times in seconds."""

    specification: Specification
    config: GatewayConfig
    id: str
    seed: int
    started: datetime.datetime
    strict: bool = False
    examples: int = 0
    """Examples of each property (``--fuzz-examples``)."""
    recorded: bool = False
    """True if other programs made the exchanges, so that more may have happened than was recorded."""
    payload: bool = False
    """Only headers and bodies of messages are on record, without the HTTP around them."""
    kit: str = __version__
    """Version of the kit that made the run."""
    seconds: float = 0.0
    binding: str = ""
    """Name of the binding that the probe found."""
    exchanges: int = 0
    unreachable: str = ""
    narrowed: bool = False
    """True if a part of the suite was left out."""
    registrations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def can_verify(self) -> bool:
        """True if registrations can be verified on demand."""
        return self.config.verification_hook is not None

    def register(self, id_: str) -> None:
        """Keeps the id of a registration that the run made, so that it can be removed from the gateway."""
        if len(self.registrations) < KEPT_REGISTRATIONS:
            self.registrations.append(id_)

    def to_json(self, masker: Masker) -> dict[str, Any]:
        """The first row of the record."""
        return {
            "format": FORMAT,
            "id": self.id,
            "version": self.kit,
            "specification": self.specification.digest,
            "seed": self.seed,
            "started": self.started.isoformat(),
            "strict": self.strict,
            "examples": self.examples,
            "recorded": self.recorded,
            **({"payload": True} if self.payload else {}),
            "config": self.config.to_json(masker.mask),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any], specification: Specification) -> Run:
        """Reads what ``to_json`` wrote. Raises UsageError for the record of another version of the kit, and KeyError,
        TypeError or ValueError for anything else."""
        if row["format"] != FORMAT:
            raise UsageError(
                f"the record has the format {brief(str(row['format']))} and this kit reads {FORMAT}: read it with the "
                "version of the kit that wrote it, or run again"
            )
        return cls(
            specification,
            GatewayConfig.from_json(row["config"]),
            id=row["id"],
            seed=row["seed"],
            started=_moment(row["started"]),
            strict=row["strict"],
            examples=row["examples"],
            recorded=row["recorded"],
            payload=row.get("payload", False),
            kit=row["version"],
        )


def _moment(text: str) -> datetime.datetime:
    """A moment of a record. Raises ValueError near the first and the last year, whose times can be neither added to nor
    compared."""
    moment = datetime.datetime.fromisoformat(text)
    if not 1970 <= moment.year < 9000:
        raise ValueError(f"{text} is out of range")
    return moment.astimezone(datetime.UTC)
