"""Says in plain words what a key takes, for the rules that ``gateway-config.json`` and ``fleet.json`` use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ..untrusted.text import brief

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

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


def of(error: ValidationError, *, shown: bool) -> str:
    """Returns what the key takes, and what stands there if that may be ``shown``."""
    if error.validator == "required":
        keys, found = cast("Any", error.validator_value), cast("Any", error.instance)
        missing = [repr(key) for key in keys if key not in found]
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    schema = error.schema if isinstance(error.schema, dict) else {}
    rule = RULES.get(str(error.validator))
    if rule is not None:
        takes = rule(error.validator_value)
    elif "examples" in schema:
        takes = f"a value such as {schema['examples'][0]}"
    else:
        takes = f"what the rule {error.validator} of its schema allows"
    return f"it takes {takes}" + (f", not {value(error.instance)}" if shown else "")


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
