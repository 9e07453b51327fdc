"""Checks single exchanges: pure functions from an observation to judgements.

A check never asks what the sender meant; it relies on the diagnosis. If one fault keeps the rest of a reply from being
read, only that fault is judged.
"""

from . import acceptance, bodies, field_errors, refusals, replies, robustness
from .observation import Observation
from .observed_reply import (
    blamed,
    failed_status,
    gives_no_reason,
    may_be_too_early,
    may_pass,
    pending_status,
    pending_statuses,
)
from .replies import JSON_MEDIA

__all__ = [
    "JSON_MEDIA",
    "Observation",
    "acceptance",
    "blamed",
    "bodies",
    "failed_status",
    "field_errors",
    "gives_no_reason",
    "may_be_too_early",
    "may_pass",
    "pending_status",
    "pending_statuses",
    "refusals",
    "replies",
    "robustness",
]
