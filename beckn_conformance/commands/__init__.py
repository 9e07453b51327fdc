"""Subcommands of ``beckn-conformance``, one a module."""
