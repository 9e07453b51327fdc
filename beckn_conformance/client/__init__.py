"""Talks to a gateway within its limits."""

from .reach import guard

guard()
