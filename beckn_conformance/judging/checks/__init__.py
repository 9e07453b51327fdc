"""Checks of single exchanges: pure functions from what was seen to judgements, each under its requirements.

A check never asks what the sender meant; it goes by the diagnosis. Where one fault of a gateway keeps the rest
of a reply from being read, only that fault is judged.
"""

from . import acceptance, bodies, field_errors, refusals, replies, robustness
from .observation import Observation, blamed, looks_unsettled
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
