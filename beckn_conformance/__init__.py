"""Conformance test kit for the Beckn Gateway Registration API."""

__version__ = "0.1.0"
