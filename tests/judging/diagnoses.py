"""Diagnoses of valid requests with changes."""

from tests.exchanges import changed, diagnose, valid_bodies, verdict

BODIES = valid_bodies()


def of(action, *changes, **how):
    """Whether a request with these changes is valid, unclear, or which faults it has."""
    return verdict(diagnose(action, changed(BODIES[action], *changes), **how))
