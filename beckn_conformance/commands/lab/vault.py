"""Encrypts the declarations of a laboratory where they are stored, with a key in a file of its own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...errors import UsageError
from ...untrusted import reading
from ...untrusted.writing import replaced, written
from .refusals import Conflict

NONCE: Final = 12
ANEW: Final = "anew"
"""Follows a key that was made after another one was lost: it need not open what there was."""


class Vault:
    """Encrypts with AES-256-GCM. What was sealed for one gateway cannot be opened for another."""

    def __init__(self, path: Path, sealed: Mapping[str, bytes] = {}) -> None:
        """Reads the key, or makes one if there is no such file. ``sealed`` is declared about gateways, by their ids.

        Raises UsageError for a file that is no key or the wrong one, or that others can read.
        """
        if not os.path.lexists(path):
            mark = f" {ANEW}" if sealed else ""
            with written(path), replaced(path, mode=0o600) as file:
                file.write(f"{base64.b64encode(AESGCM.generate_key(256)).decode()}{mark}\n")
        with reading.opened(path) as found:
            mode = os.fstat(found.fileno()).st_mode
            text, _, mark = found.read(1024).decode("latin-1").strip().partition(" ")
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise UsageError(f"{path} can be read by others, and it opens what vendors keep secret; chmod 600 {path}")
        try:
            self._cipher = AESGCM(base64.b64decode(text, validate=True))
        except ValueError as error:
            raise UsageError(f"{path} holds no key of the laboratory") from error
        for gateway, declared in sealed.items():
            with contextlib.suppress(Conflict):
                self.open(declared, gateway)
                break
        else:
            if sealed and mark != ANEW:
                raise UsageError(
                    f"{path} is not the key of this laboratory: it opens nothing of what is declared; put the right "
                    "one back, or remove it and have everything declared again"
                )

    def seal(self, declaration: Mapping[str, Any], gateway: str) -> bytes:
        """Encrypts what is declared of a gateway."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, json.dumps(declaration).encode(), gateway.encode())

    def open(self, sealed: bytes, gateway: str) -> dict[str, Any]:
        """Decrypts what ``seal`` made. Raises Conflict for anything else, and under another key."""
        try:
            text = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], gateway.encode())
        except (InvalidTag, ValueError) as error:
            raise Conflict("what is declared about it cannot be read with this key; declare it again") from error
        declaration: dict[str, Any] = json.loads(text)
        return declaration
