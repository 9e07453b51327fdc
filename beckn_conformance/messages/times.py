"""Reads the times that replies contain."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime

WIDEST_ZONE = datetime.timedelta(hours=14)
"""Most by which the local time of any zone differs from UTC."""


def read_time(text: str, *, earliest: bool = False) -> datetime.datetime | None:
    """Returns the latest moment that a text can mean, or the earliest; None if it is not a time (H4)."""
    text = text.strip()
    if re.fullmatch(r"\d{9,16}(\.\d+)?", text, re.ASCII):
        number = float(text)
        # A smaller number may be the milliseconds that are left, two weeks for one. Since 1970, those of 12 digits were
        # over in 2001: they are the digits of a date, hour and minute.
        if number < 1_500_000_000 or 10**11 <= number < 10**12:
            return None
        number = number / 1000 if number >= 10**12 else number
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
    # A date lasts until its day ends; a time without an offset may be in any time zone.
    whole_day = re.fullmatch(r"\d{4}-?\d\d-?\d\d", text, re.ASCII) is not None
    grace = -WIDEST_ZONE if earliest else WIDEST_ZONE + datetime.timedelta(days=whole_day)
    try:
        return moment.replace(tzinfo=datetime.UTC) + grace
    except OverflowError:
        return (datetime.datetime.min if earliest else datetime.datetime.max).replace(tzinfo=datetime.UTC)


def read_date(text: str | None) -> float | None:
    """Returns an HTTP date in seconds since the epoch; None for anything else."""
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
