"""The steps in which a gateway keeps registrations."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from reference_server import validation
from reference_server.message import Json, Reply, Request
from reference_server.registration import Credential, Document, Registration, digest
from reference_server.rendering import Refusing
from reference_server.specification import Specification
from reference_server.storage import Store


class Making(Refusing):
    """Makes the parts of a registration."""

    def content(self, request: Request) -> dict[str, Json]:
        """Take from a body what the specification names."""
        kept: dict[str, Json] = validation.keep(self.specification.requests[request.action], request.body)
        return kept

    def register(self, request: Request, credential: Credential) -> Registration:
        """Make a registration of a signup."""
        content = self.content(request)
        return Registration(
            id=self.new_id(),
            token_digest=digest(credential.token),
            expires=credential.expires,
            info=content.get("info", {}),
            documents=self.new_documents(request),
            api=content.get("api", {}),
            api_status=self.pending,
            status=self.pending,
            others={name: value for name, value in content.items() if name not in ("info", "documents", "api")},
        )

    def new_documents(self, request: Request) -> tuple[Document, ...]:
        """Make documents of those in a request."""
        return tuple(
            Document(self.new_document_id(), members, self.pending)
            for members in self.content(request).get("documents", ())
        )

    def new_id(self) -> str:
        """Make an id for a registration."""
        return f"reg-{secrets.token_hex(8)}"

    def new_document_id(self) -> str:
        """Make an id for a document."""
        return f"doc-{secrets.token_hex(8)}"

    def new_token(self) -> str:
        """Make a token."""
        return secrets.token_urlsafe(32)

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)


class Keeping(Making):
    """Stores registrations, and changes them."""

    def __init__(self, specification: Specification, store: Store) -> None:
        super().__init__(specification)
        self.store = store
        self.validity = timedelta(days=365)

    def find(self, request: Request) -> Registration | None:
        """Find the registration that a request is about."""
        return self.store.find(request.id)

    async def sign_up(self, request: Request) -> Reply:
        """Carry out a signup (§1)."""
        credential = Credential(self.new_token(), self.now() + self.validity)
        registration = self.register(request, credential)
        self.store.add(registration)
        return self.acknowledge(request, registration, credential)

    async def perform(self, request: Request, registration: Registration) -> Registration:
        """Carry out a call about a registration and give what became of it."""
        step = self.step_of(request.action)
        return self.store.change(registration.id, partial(getattr(self, step), request)) if step else registration

    def step_of(self, action: str) -> str:
        """Name the step that carries out a change; "" for an operation that changes nothing."""
        part = self.specification.replaces.get(action) or self.specification.adds_to.get(action)
        known = {"info": "update", "documents": "add", None: ""}
        return known.get(part, "overlay" if action in self.specification.replaces else "append")

    def update(self, request: Request, registration: Registration) -> Registration:
        """Change the info of a registration; what was not sent stays (§3, reading R12, Q14)."""
        info = {**registration.info, **self.content(request).get("info", {})}
        return replace(registration, info=info, status=self.pending_after(request.action))

    def add(self, request: Request, registration: Registration) -> Registration:
        """Add documents to those a registration has (§4, reading R13)."""
        documents = (*registration.documents, *self.new_documents(request))
        return replace(registration, documents=documents, status=self.pending_after(request.action))

    def overlay(self, request: Request, registration: Registration) -> Registration:
        """Change another object that a registration has, as the schemas name it; what was not sent stays."""
        name = self.specification.replaces[request.action]
        part = {**registration.others.get(name, {}), **self.content(request).get(name, {})}
        return _with_other(registration, name, part, self.pending_after(request.action))

    def append(self, request: Request, registration: Registration) -> Registration:
        """Add items to another list that a registration has, as the schemas name it."""
        name = self.specification.adds_to[request.action]
        items = [*registration.others.get(name, ()), *self.content(request).get(name, ())]
        return _with_other(registration, name, items, self.pending_after(request.action))

    def judge(self, identity: str, status: str, number: int | None = None) -> Registration:
        """Verify or reject a registration, or one document of it; raises KeyError or IndexError."""
        if number is None:
            return self.store.change(identity, lambda current: current.judged(status))
        return self.store.change(identity, lambda current: current.with_document_judged(number, status))

    async def clone(self, registration: Registration, peer: str) -> Registration | None:
        """Return what another gateway is told of a registration, None for nothing (reading X1)."""
        return registration

    def take_over(self, clone: Registration) -> None:
        """Keep what another gateway tells of a registration (reading X1)."""
        self.store.merge(clone)


def _with_other(registration: Registration, name: str, value: Json, status: str) -> Registration:
    return replace(registration, others={**registration.others, name: value}, status=status)
