"""The fault of one key of a configuration."""

from __future__ import annotations

from ..errors import UsageError


class KeyFault(UsageError):
    """A key that cannot be used. Whoever knows the file of the configuration adds its name and the line."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text.strip()}")
        self.key = key
        """Its name, such as ``tls.ca``."""
