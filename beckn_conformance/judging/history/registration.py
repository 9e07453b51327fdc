"""What a registration went through, as far as later replies can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...specification.actions import SIGNUP
from ...specification.loading import load
from ...specification.pointer import MISSING


@dataclass(slots=True)
class Document:
    """A document that the gateway acknowledged, or may have taken."""

    name: Any
    data: Any
    added: bool
    """Added after the signup."""
    others: dict[str, Any] = field(default_factory=dict)
    """Members beside name and data."""
    time: float = float("inf")
    """When its acknowledgement had come; until then it may be there or not."""
    exchange: str = ""
    """Id of the exchange that sent it."""
    seen_at: float = float("inf")
    """End of the first Provider/get that showed it."""
    verified: bool = False
    verified_at: float = 0.0
    """When a reply first showed it verified."""
    number: str | None = None
    """Its id in the last reply of documents/add."""
    excused: bool = False
    """A finding on it was made; what follows from that is no other finding."""
    hidden: bool = False
    """A Provider/get lacked it, which is less of a finding than that documents/add does."""
    rivals: bool = False
    """Another document of the same name was added later."""

    @classmethod
    def of(cls, sent: Mapping[str, Any], *, added: bool, time: float = float("inf"), exchange: str = "") -> Document:
        """The document that a member of a list was sent, or shown, as."""
        others = {name: sent[name] for name in load().document_names if name not in ("name", "data") and name in sent}
        return cls(sent.get("name"), sent.get("data"), added, others, time, exchange)

    def member(self, name: str) -> Any:
        """One of its members, by name."""
        return {"name": self.name, "data": self.data, **self.others}[name]

    @property
    def seen(self) -> bool:
        return self.seen_at < float("inf")


@dataclass(slots=True, eq=False)
class Write:
    """A call that set members of ``info`` and was acknowledged, or may have been carried out."""

    exchange: str
    started: float
    sent: dict[str, Any]
    time: float = float("inf")
    """When its acknowledgement had come; until then, and without one, it may have been carried out or not."""
    seen_at: float = float("inf")
    """End of the first Provider/get that showed a value of it."""

    @property
    def seen(self) -> bool:
        return self.seen_at < float("inf")

    @property
    def partial(self) -> bool:
        """Whether it left out members, so that its outcome depends on what was there."""
        return len(self.sent) < len(load().info_names)

    def follows(self, other: Write) -> bool:
        """Whether it was sent when the other had been acknowledged, so that it is surely the later one."""
        return self is not other and self.started >= other.time


@dataclass(slots=True, eq=False)
class Values:
    """Values that ``info`` may have: those of one call, or of several partial ones laid over each other."""

    info: dict[str, Any]
    sources: dict[str, Write]
    """The write that each member's value is of."""
    write: Write
    """The one that was laid over the others."""
    applied: frozenset[str] = frozenset()
    """Exchanges whose writes are in it."""
    first: float = float("inf")
    """End of the first Provider/get that showed it."""
    replaced: bool = False
    """Whether others are surely in force, so that nothing is laid over these any more."""

    @property
    def partial(self) -> frozenset[str]:
        """Members that the write left out."""
        return frozenset(load().info_names) - self.write.sent.keys()

    def lacks(self, write: Write) -> bool:
        """Whether a write is surely not in force where these values are.

        One of its members is of an earlier one, and nothing here was under way at the same time: of parallel updates
        one may be left, with what it took for the old values (X3).
        """
        sources = self.sources.values()
        return any(write.follows(source) for key, source in self.sources.items() if key in write.sent) and all(
            write.follows(source) or source.follows(write) for source in sources
        )


@dataclass(frozen=True, slots=True)
class Read:
    """A Provider/get that showed certain values: they were in force at some time between the two."""

    values: Values
    earliest: float
    latest: float


@dataclass(slots=True)
class History:
    """What a registration went through, as far as later replies can tell."""

    id: str
    owners: dict[int, str] = field(default_factory=dict)
    """By hash of name and data, the registration that a document was sent for; empty where it was several."""
    writes: list[Write] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)
    """What info may be, or has been."""
    reads: list[Read] = field(default_factory=list)
    deferring: bool = False
    """Whether updates have been seen to take longer than ``settle``, or are declared to."""
    clean: bool = True
    """Whether a Provider/get has shown info as it should be since the last acknowledged change."""
    info_certain: bool = True
    unsure: set[str] = field(default_factory=set)
    """Members of info that were in doubt when they were sent."""
    overlong: set[str] = field(default_factory=set)
    """Pointers of texts that the signup sent longer than every reading has a gateway take, and that still hold."""
    documents: list[Document] = field(default_factory=list)
    announced: set[str] = field(default_factory=set)
    """Exchanges whose values are among the candidates already."""
    under_way: set[str] = field(default_factory=set)
    """Changes that were sent before the end of the call that is judged, and were not answered by then."""
    documents_certain: bool = True
    unchanging: dict[str, Any] = field(default_factory=dict)
    """By pointer, what the signup said once and for all."""
    _tolerated: set[tuple[str, str]] = field(default_factory=set)
    refused_info: list[dict[str, Any]] = field(default_factory=list)
    refused_documents: list[tuple[Any, Any]] = field(default_factory=list)
    status_certain: bool = True
    """No answer to a change was lost; such a change may be made at any later time."""
    status: str | None = None
    """The last one that a reply showed."""
    status_shown_by_get: str | None = None
    status_before: str | None = None
    written: str | None = SIGNUP
    """Action of the last acknowledged change; None where nobody can say what it did."""
    written_at: float = 0.0
    refused: str | None = None
    """Action of a change that was surely refused since the last Provider/get."""
    intact: bool = True
    """The last reply showed everything as it should be."""
    unchanging_ok: bool = True
    served_at: float = float("inf")
    """End of the first Provider/get that was acknowledged."""
    shown: Any = MISSING
    """What the last acknowledged Provider/get showed."""
    faltered: dict[str, float] = field(default_factory=dict)
    """By peer, when it last came back from giving no usable answer in time (X1)."""

    def tolerate(self, pointer: str, value: Any) -> None:
        """Takes note that a finding was made for a wrong value of a member, so that it is no other finding later."""
        self._tolerated.add((pointer, value if isinstance(value, str) else repr(value)))

    def tolerates(self, pointer: str, value: Any) -> bool:
        return (pointer, value if isinstance(value, str) else repr(value)) in self._tolerated
