"""Says in plain words what a key takes, for the rules that ``gateway-config.json`` and ``fleet.json`` use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..untrusted.text import brief

KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "string": "text",
}
"""Types of JSON Schema, as a person calls them."""
RULES: Mapping[str, Callable[[Any], str]] = {
    "enum": lambda words: one_of(list(map(str, words))),
    "exclusiveMinimum": lambda bound: f"more than {bound}",
    "maximum": lambda bound: f"{bound} at most",
    "minItems": lambda fewest: f"at least {fewest}",
    "minLength": lambda _: "text that is not empty",
    "minimum": lambda bound: f"{bound} or more",
    "type": lambda kinds: one_of([KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]),
    "uniqueItems": lambda _: "each value once",
}
"""By keyword, what it lets through."""


class Breach(NamedTuple):
    """A rule of a schema that a declaration breaks."""

    path: tuple[str | int, ...]
    """Names and indices that lead to the value."""
    rule: str
    """The keyword."""
    schema: Mapping[str, Any]
    """The schema that it stands in."""
    value: Any

    @property
    def limit(self) -> Any:
        """The value of the keyword."""
        return self.schema[self.rule]


def of(breach: Breach, *, shown: bool) -> str:
    """Returns what the key takes, and what stands there if that may be ``shown``."""
    found = breach.value
    if isinstance(found, float) and not math.isfinite(found):
        return f"{found} is not a finite number"
    if breach.rule == "required":
        missing = [repr(key) for key in breach.limit if key not in found]
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    rule = RULES.get(breach.rule)
    if rule is not None:
        takes = rule(breach.limit)
    elif "examples" in breach.schema:
        takes = f"a value such as {breach.schema['examples'][0]}"
    else:
        takes = f"what the rule {breach.rule} of its schema allows"
    return f"it takes {takes}" + (f", not {value(found)}" if shown else "")


def one_of(words: Sequence[str]) -> str:
    """Returns "a", "a or b", or "a, b or c"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def value(found: object) -> str:
    """Returns a value of a declaration for a message: a list or keys by what they are, anything else as it is."""
    if found is None or found == [] or found == {} or found == "":
        return "nothing"
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, dict | list):
        return KINDS["object" if isinstance(found, dict) else "array"]
    return brief(repr(found))
