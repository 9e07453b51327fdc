"""The gateway: how a request is judged, carried out and answered, in steps that can be replaced."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reference_server import formats, validation
from reference_server.binding import Binding
from reference_server.message import (
    ADD,
    GET,
    SIGNUP,
    UPDATE,
    Answer,
    Call,
    Faults,
    Json,
    Reply,
    Request,
)
from reference_server.registration import (
    PENDING,
    UPDATE_FAIL,
    UPDATE_PENDING,
    Credential,
    Document,
    Registration,
    digest,
)
from reference_server.specification import Specification
from reference_server.storage import Store

_VALIDITY = timedelta(days=365)


class Gateway:
    """A gateway that follows the strictest reading of the page.

    Every method is a step. A defect or a variation replaces a step of one instance; no step knows of any.
    """

    def __init__(self, specification: Specification, store: Store, binding: Binding) -> None:
        self.specification = specification
        self.store = store
        self.binding = binding
        self.method = "POST"
        # The words of a status are data of the schemas, the ones of the page where these name none.
        self.pending = specification.word(specification.acks, SIGNUP, "/documents/*/status", PENDING)
        self.update_pending = specification.word(specification.acks, UPDATE, "/registration/status", UPDATE_PENDING)
        self.update_fail = specification.word(specification.nacks, UPDATE, "/registration/status", UPDATE_FAIL)

    def operation(self, path: str) -> str | None:
        """Return the Action that a path serves, under any prefix (reading T2)."""
        return next((action for action in self.specification.keys if path.endswith(f"/{action}")), None)

    def turn_away(self, action: str | None, method: str) -> Answer:
        """Answer what is no call: another path, for which there is no action, or another method."""
        kind = (("content-type", "text/plain; charset=utf-8"),)
        if action is None:
            return Answer(404, kind, b"Not Found")
        return Answer(405, (*kind, ("allow", self.method)), b"Method Not Allowed")

    async def answer(self, call: Call) -> Answer:
        """Answer a call."""
        request = self.read(call)
        reply = await self.reply(request)
        return self.write(request, self.finish(request, reply))

    def read(self, call: Call) -> Request:
        """Read the request in a call."""
        return self.binding.read(call)

    async def reply(self, request: Request) -> Reply:
        """Judge a request, first header, then body, then its right to the registration, and carry it out."""
        refusal = self.check_header(request)
        if refusal is not None:
            return refusal
        faults = self.check_body(request)
        if faults:
            return self.refuse(request, "body", "the request has faults", faults)
        if request.action == SIGNUP:
            return await self.sign_up(request)
        registration = self.find(request)
        refusal = self.authorise(request, registration)
        if refusal is not None:
            return refusal
        if registration is None:
            faults = {("registration", "id"): "is not the id of a registration"}
            return self.refuse(request, "unknown", "the registration is unknown", faults)
        return self.acknowledge(request, await self.perform(request, registration))

    def check_header(self, request: Request) -> Reply | None:
        """Refuse a request that cannot be read, or whose header is faulty."""
        if request.malformed is not None:
            return self.refuse(request, "malformed", request.malformed)
        for reason, check in (
            ("action", self.check_action),
            ("timestamp", self.check_timestamp),
            ("token", self.check_token),
        ):
            message = check(request)
            if message is not None:
                return self.refuse(request, reason, message)
        return None

    def check_action(self, request: Request) -> str | None:
        """Return what is wrong with the Action (reading T5)."""
        return None if request.header.get("Action") == request.action else f"Action must be {request.action}"

    def check_timestamp(self, request: Request) -> str | None:
        """Return what is wrong with the Timestamp (reading H1)."""
        timestamp = request.header.get("Timestamp")
        fault = formats.timestamp(timestamp) if isinstance(timestamp, str) else "is required"
        return None if fault is None else f"Timestamp {fault}"

    def check_token(self, request: Request) -> str | None:
        """Return what is wrong with the Token by itself; a signup needs none (reading H2)."""
        return None if request.action == SIGNUP or request.token else "Token is required"

    def check_body(self, request: Request) -> Faults:
        """Find what is wrong with the body."""
        return dict(validation.examine(self.specification.requests[request.action], request.body))

    def find(self, request: Request) -> Registration | None:
        """Find the registration that a request is about."""
        return self.store.find(request.id)

    def authorise(self, request: Request, registration: Registration | None) -> Reply | None:
        """Refuse a token that nobody has, or that is another registration's (reading H3, R16)."""
        owner = self.store.owner(digest(request.token))
        if owner is None or owner.expires <= self.now():
            return self.refuse(request, "token", "the token is unknown")
        if registration is not None and owner.id != registration.id:
            return self.refuse(request, "foreign", "the token is another registration's")
        return None

    def content(self, request: Request) -> dict[str, Json]:
        """Take from a body what the specification names."""
        kept: dict[str, Json] = validation.keep(self.specification.requests[request.action], request.body)
        return kept

    async def sign_up(self, request: Request) -> Reply:
        """Carry out a signup (§1)."""
        credential = Credential(self.new_token(), self.now() + _VALIDITY)
        registration = self.register(request, credential)
        self.store.add(registration)
        return self.acknowledge(request, registration, credential)

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

    async def perform(self, request: Request, registration: Registration) -> Registration:
        """Carry out a call about a registration and give what became of it."""
        if request.action == UPDATE:
            return self.store.change(registration.id, lambda current: self.update(request, current))
        if request.action == ADD:
            return self.store.change(registration.id, lambda current: self.add(request, current))
        return registration

    def update(self, request: Request, registration: Registration) -> Registration:
        """Change the info of a registration; what was not sent stays (§3, reading R12, Q14)."""
        info = {**registration.info, **self.content(request).get("info", {})}
        return replace(registration, info=info, status=self.update_pending)

    def add(self, request: Request, registration: Registration) -> Registration:
        """Add documents to those a registration has (§4, reading R13)."""
        documents = (*registration.documents, *self.new_documents(request))
        return replace(registration, documents=documents, status=self.update_pending)

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

    def acknowledge(self, request: Request, registration: Registration, credential: Credential | None = None) -> Reply:
        """Make an ACK."""
        return Reply("ACK", self.message(request), self.render(request, registration, credential), 200)

    def message(self, request: Request) -> str:
        """Return what an ACK acknowledges."""
        return {
            SIGNUP: "registration received, verification follows",
            GET: "registration found",
            UPDATE: "update received, verification follows",
            ADD: "documents received, verification follows",
        }.get(request.action, "registration found")

    def render(self, request: Request, registration: Registration, credential: Credential | None) -> dict[str, Json]:
        """Make the body of an ACK (§1-§4 Responses, Success)."""
        body: dict[str, Json] = {"registration": self.render_registration(request, registration)}
        if credential is not None:
            body["auth"] = self.render_auth(credential)
        body["info"] = self.render_info(request, registration)
        body["documents"] = self.render_documents(request, registration)
        body["api"] = self.render_api(request, registration)
        body.update(registration.others)
        return body

    def render_registration(self, request: Request, registration: Registration) -> Json:
        """Show id and status of a registration."""
        return {"id": registration.id, "status": registration.status}

    def render_auth(self, credential: Credential) -> Json:
        """Show a credential."""
        return {"token": credential.token, "exp": credential.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def render_info(self, request: Request, registration: Registration) -> Json:
        """Show the info of a registration."""
        return dict(registration.info)

    def render_documents(self, request: Request, registration: Registration) -> Json:
        """Show the documents of a registration."""
        return [self.render_document(request, document) for document in registration.documents]

    def render_document(self, request: Request, document: Document) -> Json:
        """Show a document; its id in the reply to documents/add only (reading R8)."""
        shown = {**document.members, "status": document.status}
        return {"id": document.id, **shown} if request.action == ADD else shown

    def render_api(self, request: Request, registration: Registration) -> Json:
        """Show the provider's API."""
        return {**registration.api, "status": registration.api_status}

    def refuse(self, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        """Make a NACK."""
        return Reply("NACK", message, self.render_faults(request, faults or {}), 400, reason)

    def render_faults(self, request: Request, faults: Faults) -> Json:
        """Make the body of a NACK (§1-§4 Responses, Failure; reading R14, R15)."""
        body: dict[str, Json] = {}
        for section in self.specification.requests[request.action].members:
            found = {place[1:]: message for place, message in faults.items() if place[0] == section}
            if found:
                body[section] = self.render_section(request, section, found)
        if request.action == UPDATE:
            body["registration"] = self.fail_registration(faults)
        if request.action == ADD:
            # The page has no slot for the registration there.
            body.pop("registration", None)
        return body

    def render_section(self, request: Request, section: str, faults: Faults) -> Json:
        """Show what is wrong with one member of the body: a text where the whole of it is."""
        if () in faults:
            return faults[()]
        shape = self.specification.requests[request.action].members[section]
        if isinstance(request.body.get(section), list) and shape.items is not None:
            count = len(request.body[section])
            return [self.render_item({p[1:]: m for p, m in faults.items() if p[0] == n}) for n in range(count)]
        return self.render_item(faults)

    def render_item(self, faults: Faults) -> Json:
        """Show what is wrong with an object; nothing where it is sound."""
        if () in faults:
            return faults[()]
        return {place[0]: message for place, message in faults.items()} or None

    def fail_registration(self, faults: Faults) -> dict[str, Json]:
        """Show the registration of a refused update (reading R6)."""
        messages = [message for place, message in faults.items() if place[0] == "registration"]
        return {**({"id": messages[0]} if messages else {}), "status": self.update_fail}

    def finish(self, request: Request, reply: Reply) -> Reply:
        """Return the reply as it is to be written."""
        return reply

    def write(self, request: Request, reply: Reply) -> Answer:
        """Write a reply into its binding."""
        return self.binding.write(reply)

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
