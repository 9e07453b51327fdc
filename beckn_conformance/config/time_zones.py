"""Looks up time zones by their IANA names."""

from __future__ import annotations

import datetime
import zoneinfo


def zone(name: str) -> datetime.tzinfo:
    """Looks up a zone; UTC needs no data. Raises LookupError, with a sentence, if it is not found."""
    if name == "UTC":
        return datetime.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        if not zoneinfo.available_timezones():
            raise LookupError(
                f"this machine has no time zone data for {name!r}; pip install tzdata brings it"
            ) from error
        raise LookupError(f"{name!r} is not a zone of the IANA database, such as Asia/Kolkata") from error
