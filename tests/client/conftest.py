"""Gateways on loopback for the tests of the client."""

from tests.end_to_end.conftest import certificate, gateway, tls

__all__ = ["certificate", "gateway", "tls"]
