"""Recognises the marks that recorders and privacy filters write in the place of values."""

from __future__ import annotations

import re
from typing import Final

WORD: Final = r"(?:redacted|filtered|masked|scrubbed|saniti[sz]ed|obfuscated|hidden|removed)"
WHOLE: Final = rf"[^A-Za-z0-9\"]*{WORD}[^A-Za-z0-9\"]*|x{{3,}}|[\[<{{$%]{{1,3}}[a-z][a-z_ -]*[\]>}}%]{{1,3}}"
"""Marks that stand for a whole value: ``[redacted]``, ``xxx``, ``<EMAIL>``, ``{{token}}``."""
PART: Final = rf"\*{{3}}|(?:•){{3}}|[\[<{{(][a-z_ ]*{WORD}|(?-i:\[[A-Z_]{{4,}}\]|<[A-Z_]{{4,}}>)"
"""Marks that may stand for a part of one: ``+91-80****12``, ``+91-[NUMBER]``, ``[email redacted]``."""
MARK: Final = re.compile(rf"[^A-Za-z0-9]+|{WHOLE}|.*(?:{PART}).*|.+(?:\.\.\.|…)", re.IGNORECASE | re.DOTALL)
MASKED: Final = re.compile(r"([*•#Xx])\1{3}")
"""What is left of a value of which a filter replaced each sign: ``+91-80XXXXXX12``."""
SAID: Final = r'"(?!(?:data|token|exp)")[a-z_]+"\s*:\s*"'
"""A member of a body. A gateway may keep the data of documents to itself (R10), and marked tokens are no evidence."""
MARKED: Final = re.compile(
    rf'{SAID}(?:(?:{WHOLE})"|[^"]*(?:{PART}))|"id"\s*:\s*"[^"]*(?:\.\.\."|…"|<[a-z]+>|\[[a-z]+\])'.encode(),
    re.IGNORECASE,
)
STUB: Final = re.compile(rf"\s*\{{[^{{[]*(?:{WORD}|truncated|omitted|elided)[^{{[]*\}}\s*".encode(), re.IGNORECASE)
"""What stands for a whole body: ``{"truncated": true}``. No body of the page is without an object or a list in it."""
LONGEST: Final = 400
"""Characters at the beginning of a value that are searched for a mark, and bytes of what stands for a body."""


def is_mark(value: str) -> bool:
    """Reports if a header member looks like the replacement for one."""
    return MARK.fullmatch(value if len(value) <= LONGEST else value[:LONGEST] + value[-3:]) is not None


def is_masked(value: str) -> bool:
    """Reports if a value seems to be masked sign by sign, so that it has its length still."""
    return MASKED.search(value[:LONGEST]) is not None


def has_marks(body: bytes) -> bool:
    """Reports if a JSON body has a mark in the place of a value that is judged, or is one."""
    return MARKED.search(body) is not None or (len(body) <= LONGEST and STUB.fullmatch(body) is not None)
