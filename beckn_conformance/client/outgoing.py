"""What is to be sent, as one value: the client makes a request of it each time it sends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.gateway import GatewayConfig
from ..messages.binding import Binding
from ..messages.exchange import CONTROL, Message, Request, Stimulus


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call of an operation, or hostile input made from one (T14, T16)."""

    action: str
    binding: Binding
    header: Mapping[str, str]
    """Header members, without a Timestamp unless it is ``dated``."""
    body: Any = None
    text: bytes | None = None
    """Content in place of the JSON of ``body``; then it is no message (T14)."""
    change: Callable[[Request], Request] | None = None
    """Makes another request of the valid one; then it is no message, and is sent only once (T16)."""
    dated: bool = False
    """Whether ``header`` has the Timestamp to send, or none is sent; otherwise it is that of each attempt."""
    purpose: str = ""
    stimulus: Stimulus | None = None
    about: str = ""
    """These three as in the exchange."""
    start: Callable[[], Awaitable[object]] | None = None
    """Awaited with a place in hand before the first attempt, if the moment of sending matters."""

    @property
    def is_control(self) -> bool:
        return self.purpose == CONTROL

    def request(self, config: GatewayConfig, timestamp: str) -> tuple[Message | None, Request]:
        """The message, if it is one, and the request that carries it at a time."""
        header = dict(self.header) if self.dated else {**self.header, "Timestamp": timestamp}
        if self.text is None:
            fields, content = self.binding.encode(Message(header, self.body))
        else:
            fields, content = self.binding.wrap(header, self.text)
        names = {name.casefold() for name, _ in fields}
        declared = tuple((name, value) for name, value in config.headers.items() if name.casefold() not in names)
        request = Request(config.method, f"{config.url}/{self.action}", (*fields, *declared), content)
        if self.change is not None:
            return None, self.change(request)
        return Message(header, self.body) if self.text is None else None, request
