"""TLS: the certificates that are trusted, and the one that the kit shows."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import certifi

from ..errors import UsageError
from .paths import path_of


class _Encrypted(Exception):
    """A private key needs a pass phrase."""


def tls_context(declared: Mapping[str, Any]) -> ssl.SSLContext:
    """What verifies a server, and names the kit to it, under a declared ``tls``.

    Never asks for a pass phrase. Raises UsageError for files that cannot be used, which begins with the key at fault.
    """
    key, file = "tls.ca", declared.get("ca")
    try:
        made = ssl.create_default_context(cafile=file and path_of(file))
        if file is None:
            # What the machine trusts, and what browsers do.
            made.load_verify_locations(certifi.where())
        if declared.get("verify") is False:
            made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        if "client_cert" in declared:
            key, file = "tls.client_cert", declared["client_cert"]
            made.load_cert_chain(path_of(file), password=_no_pass_phrase)
    except _Encrypted as error:
        raise UsageError(
            f"{key}: the private key in {str(file)!r} is encrypted; openssl pkey -in FILE -out FILE writes it without "
            "a pass phrase, for a file that only you can read"
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise UsageError(f"{key}: {str(file)!r} cannot be used: {error}") from error
    return made


def _no_pass_phrase() -> str:
    """Called for an encrypted key, where OpenSSL would ask on the terminal and wait."""
    raise _Encrypted
