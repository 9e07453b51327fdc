"""Talks to a gateway within its limits."""
