"""The fault of one key of a declaration."""

from __future__ import annotations

from ..errors import UsageError


class KeyFault(UsageError):
    """A key that cannot be used. Whoever knows the file adds its name and the line."""

    def __init__(self, path: tuple[str | int, ...], text: str, *, named: bool = True) -> None:
        """``named`` says that the message needs the name of the key in front of ``text``."""
        self.path = path
        """Names and indices that lead to the key, such as ``("tls", "ca")``; empty for the declaration as a whole."""
        self.text = text.strip()
        """What is wrong, for a reader who sees the key."""
        super().__init__(f"{'.'.join(map(str, path)) or 'configuration'}: {self.text}" if named else self.text)
