"""A message to send, as one value: the client makes a request of it each time it sends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..config.gateway import SIGNUP_TOKEN, GatewayConfig
from ..messages.binding import Binding
from ..messages.exchange import CONTROL, PLAIN, Message, Request, Stimulus, Trouble


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call of an operation, or hostile input made from one (T14, T16)."""

    action: str
    binding: Binding
    body: Any
    token: str | None = None
    """None for that of a signup."""
    header: Mapping[str, str | None] = field(default_factory=dict)
    """Header members in place of those of a valid call; None leaves one out. A Timestamp is that of each attempt."""
    text: bytes | None = None
    """Content in place of the JSON of ``body``; then it is no message (T14)."""
    change: Callable[[Request], Request] | None = None
    """Makes another request of the valid one; then it is no message, and is sent only once (T16)."""
    purpose: str = ""
    stimulus: Stimulus | None = None
    about: str = ""
    """These three as in the exchange."""
    plain: bool = False
    """True to ask for a reply that is not compressed."""
    start: Callable[[], Awaitable[object]] | None = None
    """Awaited with a place in hand before the first attempt, if the moment of sending matters."""

    may_fail: bool = False
    """True if a server error, no JSON, or lateness is not judged yet, as the test will be played again (T13)."""
    closed: Trouble | None = None
    """The trouble that a refusal without a reason counts as; None if it is an answer to the call (T13)."""

    @property
    def is_control(self) -> bool:
        return self.purpose == CONTROL

    def request(self, config: GatewayConfig, timestamp: str) -> tuple[Message | None, Request]:
        """The message, if it is one, and the request that carries it at a time."""
        token = config.signup_token or SIGNUP_TOKEN if self.token is None else self.token
        members = {"Action": self.action, "Token": token, "Timestamp": timestamp, **self.header}
        message = Message({name: value for name, value in members.items() if value is not None}, self.body)
        if self.text is None:
            fields, content = self.binding.encode(message)
        else:
            fields, content = self.binding.wrap(message.header, self.text)
        if self.plain:
            fields = (*fields, PLAIN)
        names = {name.casefold() for name, _ in fields}
        declared = tuple((name, value) for name, value in config.headers.items() if name.casefold() not in names)
        request = Request(config.method, f"{config.url}/{self.action}", (*fields, *declared), content)
        if self.change is not None:
            return None, self.change(request)
        return message if self.text is None else None, request
