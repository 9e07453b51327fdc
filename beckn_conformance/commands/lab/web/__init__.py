"""Serves the pages and the HTTP API of a laboratory."""
