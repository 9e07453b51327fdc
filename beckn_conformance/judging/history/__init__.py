"""The history of a registration, and what later replies may say after it: pure, fed one exchange at a time."""

from __future__ import annotations

from ...specification.catalogue import Requirement
from .clones import falters
from .form import same_but_for_form, same_bytes
from .histories import Histories

__all__ = ["REQUIREMENTS", "Histories", "covers", "falters", "same_but_for_form", "same_bytes"]

REQUIREMENTS = frozenset(
    {
        "LARGE-KEPT",
        "CLONE-SERVED",
        "CLONE-UPDATED",
        "CLONE-DOCUMENTS",
        "SIGNUP-ID-UNIQUE",
        "SIGNUP-ECHO",
        "SIGNUP-ECHO-EXACT",
        "SIGNUP-LONG-KEPT",
        "SIGNUP-DOCUMENTS-KEPT",
        "GET-ROUND-TRIP",
        "GET-ROUND-TRIP-EXACT",
        "UPDATE-STATUS-SEEN",
        "UPDATE-DOCUMENT-STATUS-KEPT",
        "UPDATE-ECHO",
        "UPDATE-ECHO-EXACT",
        "UPDATE-WHOLE",
        "UPDATE-STAYS",
        "UPDATE-VISIBLE",
        "UPDATE-KEEPS-REST",
        "UPDATE-PARTIAL-KEPT",
        "UPDATE-NACK-UNCHANGED",
        "UPDATE-NACK-STATUS-UNCHANGED",
        "DOCUMENTS-STATUS-SEEN",
        "DOCUMENTS-NEW-STATUS",
        "DOCUMENTS-OLD-STATUS",
        "DOCUMENTS-OLD-STATUS-KEPT",
        "DOCUMENTS-DOCUMENT-ID",
        "DOCUMENTS-DOCUMENT-ID-STABLE",
        "DOCUMENTS-LISTED",
        "DOCUMENTS-ECHO",
        "DOCUMENTS-ECHO-EXACT",
        "DOCUMENTS-KEPT",
        "DOCUMENTS-SAME-NAME",
        "DOCUMENTS-KEEPS-REST",
        "DOCUMENTS-NACK-UNCHANGED",
        "DOCUMENTS-NACK-STATUS-UNCHANGED",
    }
)
"""Requirements that histories are judged under."""


def covers(requirement: Requirement) -> bool:
    """Whether histories are judged under a requirement."""
    return requirement.id in REQUIREMENTS
