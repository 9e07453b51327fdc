"""Reasons for which the laboratory refuses an operation. Pages and API translate them.

Refused
├── NotFound     there is no such thing, or it belongs to another vendor (404)
├── Forbidden    this account may not do that (403)
├── Invalid      what was entered cannot be used; says so at each field (422)
├── Conflict     not in the present state, such as cancelling a run that has ended (409)
└── Unavailable  the laboratory itself cannot do it now, such as on a full disk (503)
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import KitError


class Refused(KitError):
    """An operation that was not done; its text is one sentence for people."""

    status = 400
    """In HTTP."""
    headers: Mapping[str, str] = {}
    """In HTTP, beside the usual ones."""
    fields: Mapping[str, str] = {}
    """An error for each field of a form; "" is the form as a whole."""

    def __init__(self, text: str, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status or self.status
        self.headers = headers or self.headers


class NotFound(Refused):
    status = 404


class Forbidden(Refused):
    status = 403


class Conflict(Refused):
    status = 409


class Unavailable(Refused):
    status = 503


class Invalid(Refused):
    """Fields were filled in wrongly. ``fields`` says why, by name."""

    status = 422

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = dict(fields)
