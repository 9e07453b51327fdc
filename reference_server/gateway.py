"""The gateway: how a request is judged, carried out and answered, in steps that can be replaced."""

from __future__ import annotations

from reference_server import formats, validation
from reference_server.binding import Binding
from reference_server.keeping import Keeping
from reference_server.message import SIGNUP, Answer, Call, Faults, Reply, Request
from reference_server.registration import Registration, digest
from reference_server.specification import Specification
from reference_server.storage import Store


class Judging(Keeping):
    """Judges requests."""

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

    def authorise(self, request: Request, registration: Registration | None) -> Reply | None:
        """Refuse a token that nobody has, or that is another registration's (reading H3, R16)."""
        owner = self.store.owner(digest(request.token))
        if owner is None or owner.expires <= self.now():
            return self.refuse(request, "token", "the token is unknown")
        if registration is not None and owner.id != registration.id:
            return self.refuse(request, "foreign", "the token is another registration's")
        return None


class Gateway(Judging):
    """A gateway that follows the strictest reading of the page.

    Every method is a step. A defect or a variation replaces a step of one instance; no step knows of any.
    """

    def __init__(self, specification: Specification, store: Store, binding: Binding) -> None:
        super().__init__(specification, store)
        self.binding = binding
        self.method = "POST"

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

    def finish(self, request: Request, reply: Reply) -> Reply:
        """Return the reply as it is to be written."""
        return reply

    def write(self, request: Request, reply: Reply) -> Answer:
        """Write a reply into its binding."""
        return self.binding.write(reply)
