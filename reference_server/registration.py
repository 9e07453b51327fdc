"""A registration and its documents, as the gateway keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias

from reference_server.message import Json

PENDING = "PENDING-VERIFICATION"
VERIFIED = "VERIFIED"
REJECTED = "REJECTED"
UPDATE_PENDING = "UPDATE-PENDING"
UPDATE_FAIL = "UPDATE-FAIL"


Stamp: TypeAlias = tuple[int, str]
"""When a part of a registration was last changed, in changes rather than seconds, and by which gateway: of two changes
the one with the greater stamp is later, and every gateway says so."""

_NEVER: Stamp = (0, "")


@dataclass(frozen=True, slots=True)
class Document:
    """A document for verification."""

    id: str
    members: Mapping[str, Json]
    """Name and data, as sent."""
    status: str = PENDING


@dataclass(frozen=True, slots=True)
class Registration:
    """A provider's registration; a change makes a new one, so nobody ever sees half of it."""

    id: str
    token_digest: str
    """The token itself is known to the provider alone."""
    expires: datetime
    info: Mapping[str, Json]
    documents: tuple[Document, ...]
    api: Mapping[str, Json]
    api_status: str = PENDING
    status: str = PENDING
    others: Mapping[str, Json] = field(default_factory=dict)
    """What else a signup may hold, by the schemas."""
    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    """Of the parts that were changed since the signup, for the clones at other gateways (reading X1)."""

    def judged(self, status: str) -> Registration:
        """Return the registration after an operator verified or rejected all of it."""
        documents = tuple(replace(document, status=status) for document in self.documents)
        return replace(self, documents=documents, api_status=status, status=status)

    def with_document_judged(self, number: int, status: str) -> Registration:
        """Return the registration with one document verified or rejected; raises IndexError."""
        documents = list(self.documents)
        documents[number] = replace(documents[number], status=status)
        return replace(self, documents=tuple(documents))

    def stamped(self, before: Registration, gateway: str) -> Registration:
        """Return the registration with what differs from before marked as changed by a gateway, after all else."""
        version = 1 + max((version for version, _ in self.stamps.values()), default=0)
        old = before._parts()
        changed = {part: (version, gateway) for part, value in self._parts().items() if old.get(part) != value}
        return replace(self, stamps={**self.stamps, **changed})

    def merged(self, clone: Registration) -> Registration:
        """Return the registration with what a clone has that is later; in any order, any number of times, all the same.

        A document is there once, by its id. Of updates that were made at the same time one is left, whole (reading X3).
        """
        later = {part for part, stamp in clone.stamps.items() if stamp > self.stamps.get(part, _NEVER)}
        theirs = {document.id: document for document in clone.documents}
        mine = [theirs.pop(one.id) if f"documents/{one.id}" in later else one for one in self.documents]
        known = {document.id for document in mine}
        return replace(
            self,
            info=clone.info if "info" in later else self.info,
            documents=(*mine, *(document for document in theirs.values() if document.id not in known)),
            api_status=clone.api_status if "api_status" in later else self.api_status,
            status=clone.status if "status" in later else self.status,
            others={**self.others, **{name: clone.others[name] for name in clone.others if f"others/{name}" in later}},
            stamps={**self.stamps, **{part: clone.stamps[part] for part in later}},
        )

    def _parts(self) -> dict[str, Json]:
        """Return what can change, each part by a name of its own."""
        statuses = {f"documents/{document.id}": document.status for document in self.documents}
        others = {f"others/{name}": value for name, value in self.others.items()}
        return {"info": self.info, "api_status": self.api_status, "status": self.status, **statuses, **others}

    def to_json(self) -> str:
        """Write the registration down."""
        return json.dumps(
            {
                "id": self.id,
                "token_digest": self.token_digest,
                "expires": self.expires.isoformat(),
                "info": self.info,
                "documents": [[document.id, document.members, document.status] for document in self.documents],
                "api": self.api,
                "api_status": self.api_status,
                "status": self.status,
                "others": self.others,
                "stamps": self.stamps,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Registration:
        """Read a registration that was written down."""
        row = json.loads(text)
        row["expires"] = datetime.fromisoformat(row["expires"])
        row["documents"] = tuple(Document(*document) for document in row["documents"])
        row["stamps"] = {part: (version, gateway) for part, (version, gateway) in row.get("stamps", {}).items()}
        return cls(**row)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a signup gives the provider for later calls (reading H3, H4)."""

    token: str = field(repr=False)
    expires: datetime


def digest(token: str) -> str:
    """Return the form in which a token is kept and looked up."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
