"""Reads one reply from the bytes of a connection (RFC 9112)."""

from __future__ import annotations

import functools

import h11

from ..messages.exchange import Reply
from .http import LARGEST_HEAD, LONG_HEAD, BrokenOff, Closed, Content, ReplyTooLarge, one_line, reply_of

MOST_INFORMATIONAL = 100
"""Informational replies (1xx) before the final one."""
SWITCHING = 101
TOO_LARGE = 431
"""Status that h11 suggests for a head that exceeds its limit."""


@functools.cache
def _announced(method: str) -> h11.Request:
    """Tells h11 what it has to know of a request: whether its reply may have a body, and that a 101 is final."""
    fields = [("Host", "any"), ("Connection", "upgrade"), ("Upgrade", "any")]
    return h11.Request(method=method, target="any", headers=fields)


class ReplyReader:
    """Takes the bytes that come after a request with this method, and gives the reply once it is whole."""

    def __init__(self, method: str) -> None:
        self.surplus = False
        """True if bytes followed the compressed content."""
        self.keeps_alive = False
        """True if another request may follow on the connection, once the reply is whole."""
        self._method = method
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._parser.send(_announced(method))
        self._response: h11.Response | h11.InformationalResponse | None = None
        self._content = Content(())
        self._informational = 0
        self._heard = False

    def feed(self, data: bytes) -> Reply | None:
        """Takes more bytes, none at the end of the connection; raises BrokenOff or ReplyTooLarge."""
        if not data and not self._heard:
            raise Closed("closed before a reply came")
        self._heard = True
        try:
            self._parser.receive_data(data)
            while (event := self._parser.next_event()) is not h11.NEED_DATA:
                if self._take(event):
                    return self._whole()
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == TOO_LARGE:
                raise ReplyTooLarge(LONG_HEAD) from error
            what = f"the reply is not HTTP: {one_line(error)}" if data else "the reply breaks off"
            raise BrokenOff(what) from error
        return None

    def break_off(self, why: str) -> BrokenOff:
        """The exception for a connection that breaks before the reply is whole."""
        return BrokenOff("the reply breaks off") if self._heard else Closed(why)

    def _take(self, event: object) -> bool:
        """Takes an event of h11; says whether the reply is whole."""
        if isinstance(event, h11.Data):
            self._content.add(event.data)
        elif isinstance(event, h11.InformationalResponse) and event.status_code != SWITCHING:
            self._informational += 1
            if self._informational > MOST_INFORMATIONAL:
                raise BrokenOff(f"more than {MOST_INFORMATIONAL} informational replies came, and no other")
        elif isinstance(event, h11.Response | h11.InformationalResponse):
            self._response = event
            self._content = Content(v.decode("latin-1") for k, v in event.headers if k == b"content-encoding")
            # After these the connection speaks another protocol.
            return event.status_code == SWITCHING or (self._method == "CONNECT" and event.status_code < 300)
        return isinstance(event, h11.EndOfMessage)

    def _whole(self) -> Reply:
        assert self._response is not None
        content, self.surplus = self._content.whole()
        self.keeps_alive = self._parser.their_state is h11.DONE and not self._parser.trailing_data[0]
        return reply_of(self._response.status_code, self._response.headers.raw_items(), content)
