"""Makes TLS contexts: which certificates are trusted, and which one the kit shows."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import certifi

from .faults import KeyFault
from .paths import path_of


class _Encrypted(Exception):
    """A private key has a pass phrase."""


def tls_context(declared: Mapping[str, Any]) -> ssl.SSLContext:
    """Makes the context for a declared ``tls``. It never asks for a pass phrase.

    Raises KeyFault, which is a UsageError, for a file that cannot be used.
    """
    key, file = "ca", declared.get("ca")
    try:
        made = ssl.create_default_context(cafile=file and path_of(file))
        if file is None:
            # Both the store of the machine and the certificates that browsers trust.
            made.load_verify_locations(certifi.where())
        if declared.get("verify") is False:
            made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        if "client_cert" in declared:
            key, file = "client_cert", declared["client_cert"]
            made.load_cert_chain(path_of(file), password=_no_pass_phrase)
    except _Encrypted as error:
        raise KeyFault(
            ("tls", key),
            f"the private key in {str(file)!r} is encrypted; openssl pkey -in FILE -out FILE writes it without "
            "a pass phrase, for a file that only you can read",
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise KeyFault(("tls", key), f"{str(file)!r} cannot be used: {error}") from error
    return made


def _no_pass_phrase() -> str:
    """Called for an encrypted key, for which OpenSSL would ask on the terminal."""
    raise _Encrypted
