"""Reads the times that replies contain."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime


def read_time(text: str) -> datetime.datetime | None:
    """Returns the latest moment that a text can mean, or None if it is not a time (H4)."""
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
    # A date lasts until its day ends; a time without an offset may be in any time zone.
    whole_day = re.fullmatch(r"\d{4}-?\d\d-?\d\d", text, re.ASCII) is not None
    try:
        return moment.replace(tzinfo=datetime.UTC) + datetime.timedelta(hours=38 if whole_day else 14)
    except OverflowError:
        return datetime.datetime.max.replace(tzinfo=datetime.UTC)


def read_date(text: str | None) -> float | None:
    """Returns an HTTP date in seconds since the epoch; None for anything else."""
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
