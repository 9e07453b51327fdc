"""Writes and reads Ed25519 keys: a private one that signs certificates, and its public one."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ...errors import UsageError
from ...untrusted import reading

LARGEST = 64 * 1024
"""Bytes of a key."""


def generate(path: Path) -> Path:
    """Writes a key pair: the private key to ``path`` (PKCS 8, for its owner only), the public one beside it.

    Returns the path of the public key. Raises UsageError where a file is there already or cannot be written.
    """
    public = path.with_name(f"{path.name}.pub")
    for file in (path, public):
        if file.exists() or file.is_symlink():
            raise UsageError(f"{file} exists already, and no key is overwritten; name another file")
    key = Ed25519PrivateKey.generate()
    try:
        _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        _write(public, pem(key.public_key()), 0o644)
    except OSError as error:
        raise UsageError(f"{error.filename or path}: the key cannot be written: {error.strerror}") from error
    return public


def signer(path: Path) -> Ed25519PrivateKey:
    """Reads a private key. Raises UsageError for a file without one."""
    try:
        key = load_pem_private_key(_read(path, other="public"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} holds no usable private key: {_first_line(error)}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} holds another kind of key; an Ed25519 key is needed, as keygen makes it")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Reads a public key. Raises UsageError for a file without one."""
    try:
        key = load_pem_public_key(_read(path, other="private"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} holds no usable public key: {_first_line(error)}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} holds another kind of key; an Ed25519 key is needed, as keygen makes it")
    return key


def pem(key: Ed25519PublicKey) -> bytes:
    """A public key in PEM form."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)


def _read(path: Path, *, other: str) -> bytes:
    """Reads a file with one key of a pair; raises UsageError for one with the ``other`` key."""
    content = reading.content(path, most=LARGEST)
    if content.startswith(f"-----BEGIN {other.upper()} KEY-----".encode()):
        due = "public" if other == "private" else "private"
        raise UsageError(f"{path} holds the {other} key; the {due} key is needed here")
    return content


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it is none"])[0]
