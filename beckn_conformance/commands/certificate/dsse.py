"""Seals and opens DSSE envelopes with one Ed25519 signature (https://github.com/secure-systems-lab/dsse, version 1)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sealed(payload: bytes, kind: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Makes the envelope of a payload; ``kind`` is its media type."""
    return _envelope(payload, kind, key_id(key.public_key()), key.sign(_signed(payload, kind)))


def opened(envelope: Mapping[str, Any], kind: str) -> bytes:
    """Returns the payload of an envelope without verifying the signature.

    Raises KeyError, TypeError or ValueError for anything else than an envelope of one signature in the one form in
    which ``sealed`` writes it: base64 has several for the same bytes.
    """
    (signature,) = envelope["signatures"]
    payload, sig = (base64.b64decode(text, validate=True) for text in (envelope["payload"], signature["sig"]))
    if envelope != _envelope(payload, kind, signature["keyid"], sig):
        raise ValueError("its envelope is not as it was written")
    return payload


def is_signed_by(key: Ed25519PublicKey, envelope: Mapping[str, Any]) -> bool:
    """True if an envelope that could be opened is signed with a key."""
    (signature,) = envelope["signatures"]
    try:
        key.verify(
            base64.b64decode(signature["sig"]), _signed(base64.b64decode(envelope["payload"]), envelope["payloadType"])
        )
    except InvalidSignature:
        return False
    return bool(signature["keyid"] == key_id(key))


def key_id(key: Ed25519PublicKey) -> str:
    """The id by which people tell keys apart: the SHA-256 of the key in DER."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _envelope(payload: bytes, kind: str, keyid: str, sig: bytes) -> dict[str, Any]:
    encoded, signature = (base64.b64encode(content).decode() for content in (payload, sig))
    return {"payload": encoded, "payloadType": kind, "signatures": [{"keyid": keyid, "sig": signature}]}


def _signed(payload: bytes, kind: str) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
