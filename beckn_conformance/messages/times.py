"""Times as replies write them, and the zones of those that are sent."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime


def read_time(text: str) -> datetime.datetime | None:
    """The latest moment that a text can mean as a time, or None where it is none (H4)."""
    text = text.strip()
    if re.fullmatch(r"\d{9,16}(\.\d+)?", text, re.ASCII):
        number = float(text)
        if number < 10**9:
            return None
        number = number / 1000 if number >= 10**11 else number
        try:
            return datetime.datetime.fromtimestamp(number, datetime.UTC)
        except (OverflowError, OSError, ValueError):
            return None
    if not re.match(r"\d{4}-?\d\d-?\d\d", text, re.ASCII):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return moment
    # A day without a time ends with the day; a time without a zone may be anywhere on earth.
    whole_day = re.fullmatch(r"\d{4}-?\d\d-?\d\d", text, re.ASCII) is not None
    try:
        return moment.replace(tzinfo=datetime.UTC) + datetime.timedelta(hours=38 if whole_day else 14)
    except OverflowError:
        return datetime.datetime.max.replace(tzinfo=datetime.UTC)


def read_date(text: str | None) -> float | None:
    """Seconds since the epoch of an HTTP date; None for anything else."""
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
