"""Proves that every value that one schema accepts is accepted by another one, as far as keywords tell.

jsonschema-rs compares schemas, but does not look into patterns. What ``languages`` knows of patterns is added to a
schema before it is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from jsonschema_rs.canonical import Containment

from .languages import Texts, beyond
from .normal import Schema, canonical, inner, judged


def within(one: Schema, other: Schema) -> bool:
    """Proves that one normal form accepts nothing that the other refuses; False if that is not certain."""
    try:
        if _covers(other, one):
            return True
        asked = _texts(judged(other)) - _texts(judged(one))
        return bool(asked) and _covers(other, _spelt_out(one, asked))
    except ValueError:
        return False


def _covers(other: Schema, one: Schema) -> bool:
    return canonical(other).covers(canonical(one)) == Containment.YES


def _texts(schema: Schema) -> set[Texts]:
    """Returns what a normal form and the forms within it say of texts."""
    found = {texts_of([schema])} - {Texts()}
    for key, value in schema.items():
        inner(key, value, lambda child: found.update(_texts(child)))
    return found


def _spelt_out(schema: Schema, asked: set[Texts]) -> Schema:
    """Adds to a schema, and to each part of it, those sets of texts that contain every text that it allows."""
    ours = texts_of([schema, *schema.get("allOf", ())])
    implied = [_schema(texts) for texts in asked if ours != Texts() and _beyond(ours, texts) is False]
    made = {key: inner(key, value, lambda child: _spelt_out(child, asked)) for key, value in schema.items()}
    return {**made, "allOf": [*made.get("allOf", ()), *implied]} if implied else made


def _schema(texts: Texts) -> Schema:
    (pattern,) = texts.patterns or ("",)
    return {"pattern": pattern, "minLength": texts.least} | ({} if texts.most is None else {"maxLength": texts.most})


def child_of(schema: Schema, name: str) -> Schema:
    """Returns what a normal form surely says of a member, or of the items of a list for ``*``."""
    if name == "*" and "items" in schema:
        return dict(schema["items"])
    if name in schema.get("properties", {}):
        return dict(schema["properties"][name])
    return {} if "patternProperties" in schema else dict(schema.get("additionalProperties", {}))


def texts_of(parts: Sequence[Schema]) -> Texts:
    """Returns the texts that several schemas together allow, leaving formats aside."""
    patterns = dict.fromkeys(part["pattern"] for part in parts if "pattern" in part)
    least = max((part.get("minLength", 0) for part in parts), default=0)
    most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    return Texts(tuple(patterns), least, most)


@lru_cache(maxsize=256)
def _beyond(one: Texts, other: Texts) -> str | bool | None:
    return beyond(one, other)


def beyond_texts(one: Sequence[Schema], other: Sequence[Schema]) -> str | None:
    """Returns a text that the first schemas allow and the others do not; None if none is known."""
    found = _beyond(texts_of(one), texts_of(other))
    return found if isinstance(found, str) else None
