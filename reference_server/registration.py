"""A registration and its documents, as the gateway keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from reference_server.message import Json

PENDING = "PENDING-VERIFICATION"
VERIFIED = "VERIFIED"
REJECTED = "REJECTED"
UPDATE_PENDING = "UPDATE-PENDING"
UPDATE_FAIL = "UPDATE-FAIL"


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

    def judged(self, status: str) -> Registration:
        """Give the registration as an operator leaves it who verified or rejected all of it."""
        documents = tuple(replace(document, status=status) for document in self.documents)
        return replace(self, documents=documents, api_status=status, status=status)

    def with_document_judged(self, number: int, status: str) -> Registration:
        """Give the registration with one document verified or rejected; raises IndexError."""
        documents = list(self.documents)
        documents[number] = replace(documents[number], status=status)
        return replace(self, documents=tuple(documents))

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
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Registration:
        """Read a registration that was written down."""
        row = json.loads(text)
        row["expires"] = datetime.fromisoformat(row["expires"])
        row["documents"] = tuple(Document(*document) for document in row["documents"])
        return cls(**row)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a signup gives the provider for later calls (reading H3, H4)."""

    token: str = field(repr=False)
    expires: datetime


def digest(token: str) -> str:
    """Give the form in which a token is kept and looked up."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
