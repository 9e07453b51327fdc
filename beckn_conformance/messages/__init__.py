"""Requests and replies as plain values; nothing in this package does I/O."""
