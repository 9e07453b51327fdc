"""Content-Encoding: decompresses a reply as it comes, and detects one that is cut short."""

from __future__ import annotations

import zlib
from typing import Any

MOST = 2
"""Codings that are undone. The kit asks for one, and something in front of the gateway may add another."""
GZIP, DEFLATE = ("gzip", "x-gzip"), ("deflate",)
MAGIC = b"\x1f\x8b"
PIECE = 4096
"""Bytes that are decompressed at once. What follows a short member of gzip is copied, for each of thousands."""


class Undecodable(Exception):
    """The content does not have the form that its coding names; says how."""


class Decoding:
    """Undoes the codings that a header field names, chunk by chunk.

    Unknown names are ignored, ``identity`` and words that name no coding among them.
    """

    def __init__(self, field: str) -> None:
        names = [name.strip().casefold() for name in field.split(",")]
        packed = [name for name in reversed(names) if name in GZIP + DEFLATE]
        if len(packed) > MOST:
            packed = []
        self._stages = [_Stage(name, lenient=bool(place)) for place, name in enumerate(packed)]

    def __call__(self, chunk: bytes, limit: int) -> bytes:
        """The decompressed chunk, at most ``limit`` bytes of it; raises Undecodable."""
        for stage in self._stages:
            chunk = stage(chunk, limit)
            if len(chunk) >= limit:
                # It is too large, whatever the next coding makes of it.
                break
        return chunk

    def end(self) -> None:
        """Raises Undecodable if the content is cut short."""
        if not all(stage.whole for stage in self._stages):
            raise Undecodable("its compressed content is cut short")

    @property
    def trailing(self) -> bool:
        """True if surplus bytes followed, which clients ignore."""
        return any(stage.trailing for stage in self._stages)


class _Stage:
    """One coding; a ``lenient`` one passes content on unchanged if it does not begin as the coding requires."""

    def __init__(self, name: str, *, lenient: bool) -> None:
        self._gzip = name in GZIP
        self._lenient = lenient
        self._machine: Any = None
        self._first = b""
        """Bytes that are too few to recognise what begins."""
        self._plain = False
        self.trailing = False

    @property
    def whole(self) -> bool:
        if self._machine is None:
            return not self._first or self._lenient
        return bool(self._machine.eof)

    def __call__(self, chunk: bytes, limit: int) -> bytes:
        out = bytearray()
        for at in range(0, len(chunk), PIECE):
            out += self._unpacked(chunk[at : at + PIECE], limit - len(out))
            if len(out) >= limit:
                break
        return bytes(out)

    def _unpacked(self, chunk: bytes, limit: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < limit and not self.trailing:
            if self._plain:
                return chunk
            if self._machine is None or self._machine.eof:
                self._first += chunk
                if len(self._first) < 2:
                    break
                chunk, self._first = self._first, b""
                self._begin(chunk)
                continue
            try:
                out += self._machine.decompress(chunk, limit - len(out))
            except zlib.error as error:
                raise Undecodable(f"its content cannot be decompressed: {error}") from error
            chunk = self._machine.unused_data if self._machine.eof else b""
        return bytes(out)

    def _begin(self, content: bytes) -> None:
        # By deflate, HTTP means the zlib format; some servers send it bare.
        zlibs = content[0] & 15 == 8 and int.from_bytes(content[:2], "big") % 31 == 0
        fits = content.startswith(MAGIC) if self._gzip else zlibs
        if self._machine is not None and not (self._gzip and fits):
            self.trailing = True
        elif self._lenient and not fits:
            self._plain = True
        elif self._gzip:
            self._machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
        else:
            self._machine = zlib.decompressobj(zlib.MAX_WBITS if zlibs else -zlib.MAX_WBITS)
