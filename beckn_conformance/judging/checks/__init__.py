"""Checks of single exchanges: pure functions from what was seen to judgements, each under its requirements.

A check never asks what the sender meant; it goes by the diagnosis. Where one fault of a gateway keeps the rest
of a reply from being read, only that fault is judged.
"""

from . import bodies, refusals, replies, robustness
from .observation import VERIFICATION, Observation, blamed, looks_unsettled
from .replies import JSON_MEDIA

__all__ = [
    "JSON_MEDIA",
    "VERIFICATION",
    "Observation",
    "blamed",
    "bodies",
    "looks_unsettled",
    "refusals",
    "replies",
    "robustness",
]
