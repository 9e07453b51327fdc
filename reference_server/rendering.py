"""The steps in which a gateway shows a registration, or what is wrong with a request."""

from __future__ import annotations

from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Reply, Request
from reference_server.registration import PENDING, UPDATE_FAIL, UPDATE_PENDING, Credential, Document, Registration
from reference_server.specification import Specification


class Acknowledging:
    """Makes ACKs (§1-§4 Responses, Success)."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        # The words of a status are data of the schemas, the ones of the page where these name none.
        self.pending = specification.word(specification.acks, SIGNUP, "/documents/*/status", PENDING)
        self.update_pending = specification.word(specification.acks, UPDATE, "/registration/status", UPDATE_PENDING)
        self.update_fail = specification.word(specification.nacks, UPDATE, "/registration/status", UPDATE_FAIL)

    def pending_after(self, action: str) -> str:
        """Return the status of a registration after a change."""
        return self.specification.word(self.specification.acks, action, "/registration/status", self.update_pending)

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
        }.get(request.action, "request carried out")

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


class Refusing(Acknowledging):
    """Makes NACKs (§1-§4 Responses, Failure)."""

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
        shape = self.specification.nacks[request.action]
        if shape.at("/registration") is None:
            # The page has no slot for the registration of documents/add.
            body.pop("registration", None)
        elif shape.at("/registration/status") is not None:
            body["registration"] = self.fail_registration(request, faults)
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

    def fail_registration(self, request: Request, faults: Faults) -> dict[str, Json]:
        """Show the registration of a refused update (reading R6)."""
        messages = [message for place, message in faults.items() if place[0] == "registration"]
        status = self.specification.word(
            self.specification.nacks, request.action, "/registration/status", self.update_fail
        )
        return {**({"id": messages[0]} if messages else {}), "status": status}
