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


class NotFound(Refused):
    """There is no such thing for this account."""

    def __init__(self, what: str) -> None:
        super().__init__(what)


NO_GATEWAY, NO_RUN = "there is no such gateway", "there is no such run"


class Forbidden(Refused):
    """The account may not do that."""


class Conflict(Refused):
    """The operation does not fit the state of its object."""


class Unavailable(Refused):
    """The laboratory cannot do it now."""


class Invalid(Refused):
    """What was entered cannot be used. ``fields`` has an error for each field; "" is the form as a whole."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = dict(fields)
