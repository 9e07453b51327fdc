"""Names of the four operations, as the specification page writes them."""

from __future__ import annotations

from typing import Final

SIGNUP: Final = "Provider/signup"
GET: Final = "Provider/get"
UPDATE: Final = "Provider/info/update"
ADD: Final = "Provider/documents/add"
