"""Checks single exchanges: pure functions from an observation to judgements.

A check never asks what the sender meant; it relies on the diagnosis. If one fault keeps the rest of a reply from being
read, only that fault is judged.
"""

from . import acceptance, bodies, field_errors, refusals, replies, robustness
from .observation import Observation
from .reading import blamed, looks_unsettled
from .replies import JSON_MEDIA

__all__ = [
    "JSON_MEDIA",
    "Observation",
    "acceptance",
    "blamed",
    "bodies",
    "field_errors",
    "looks_unsettled",
    "refusals",
    "replies",
    "robustness",
]
