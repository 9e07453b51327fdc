"""Valid values, realistic and unique in a run, that satisfy every reading at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..config.gateway import GatewayConfig
from ..errors import UsageError
from ..specification.actions import SIGNUP
from ..specification.pointer import below, parts_of
from ..specification.specification import Specification
from ..untrusted.patterns import Pattern
from .realistic import Realistic
from .samples import Samples, fits
from .tokens import SERIES

SIZES: Mapping[str, int] = {
    "just under 4 KB": 4092,
    "just over 4 KB": 4100,
    "just under 8 KB": 8188,
    "just over 8 KB": 8196,
    "just under 16 KB": 16_380,
    "just over 16 KB": 16_388,
    "32 KB": 32_768,
}
"""Sizes of a document's data, in characters, that every reading has a gateway accept (Q10)."""
LIKE_OTHERS = "0iloILO"
"""Letters and digits that are never made up, as they look like others."""

MOST_TRIES = 100
"""Realistic values to try before drawing from the schemas alone."""


class Values:
    """Draws valid values, each unique in the run. A seed repeats a run except for its nonce.

    Members and kinds that ``realistic`` does not know are drawn from the schemas.
    """

    def __init__(
        self, specification: Specification, config: GatewayConfig, *, seed: int = 0, nonce: int | None = None
    ) -> None:
        self.specification = specification
        self.config = config
        self._random = random.Random(seed)
        nonce = random.SystemRandom().getrandbits(44) if nonce is None else nonce
        self.realistic = Realistic(self._random, seed, nonce)
        self._declared = {
            pointer: _matching(text, random.Random(f"{seed}/{nonce}")) for pointer, text in config.values.items()
        }
        self._samples = Samples(self._random, self.realistic.word)
        self._by_pointer: Mapping[str, Callable[..., str]] = {
            "/info/name": self.realistic.name,
            "/info/phone": self.realistic.phone,
            "/info/email": self.realistic.email,
            "/info/company_id": self.realistic.company_id,
            "/api/endpoint_url": self.realistic.endpoint_url,
        }

    def value(self, pointer: str, variant: str = "", *, action: str = SIGNUP) -> Any:
        """Returns a value of a member of an operation's request body, of a kind that the schemas name, or of any kind.

        ``pointer`` has ``*`` for any index. Raises SpecificationError if the schemas allow no value.
        """
        member = next(member for member in self.specification.members(action) if member.pointer == pointer)
        if pointer == "/info":
            return self.info()
        if pointer == "/documents/*":
            return self.document()
        if member.type == "object":
            return {
                child.name: self.value(child.pointer, action=action)
                for child in self.specification.children(action, pointer)
            }
        if member.type == "array":
            return [self.value(f"{pointer}/*", action=action)]
        if pointer in self._declared:
            return self._of_declared(pointer)
        if (draw := self._by_pointer.get(pointer)) is not None:
            for _ in range(MOST_TRIES):
                value = draw(variant) if variant else draw()
                if fits(member, variant, value):
                    return value
        return self._samples.draw(member, variant)

    def _of_declared(self, pointer: str) -> str:
        """Returns a match of a declared pattern (Q5)."""
        try:
            return next(self._declared[pointer])
        except StopIteration as error:
            name = parts_of(pointer)[-1]
            raise UsageError(
                f"values.{name}: {self.config.values[pointer]!r} gives too few different values for a run"
            ) from error

    def parts(self, action: str, documents: int = 1) -> dict[str, Any]:
        """Returns the members of a valid request body except ``registration``."""
        return {
            member.name: [self.document() for _ in range(documents)]
            if member.pointer == "/documents"
            else self.value(member.pointer, action=action)
            for member in self.specification.children(action, "")
            if member.name != "registration"
        }

    def documents(self, count: int, size: int = 0) -> list[dict[str, str]]:
        """Returns the documents of one call; the last has ``size`` characters of data, the others are small (Q10)."""
        return [self.document(size=size if number == count - 1 else 0) for number in range(count)]

    def document(self, variant: str = "no padding", name: str | None = None, size: int = 0) -> dict[str, str]:
        """Returns a document with a unique name and content, of a variant of its name or data.

        ``size`` is the length of the data in characters, a multiple of four; 0 means as small as possible.
        """
        given, data = self.realistic.document(variant, size)
        known = {"name": name or given, "data": data}
        others = [other for other in self.specification.names("/documents/*") if other not in known]
        return known | {other: self.value(f"/documents/*/{other}") for other in others}

    def info(self, **values: Any) -> dict[str, Any]:
        """Returns valid company information; ``values`` replaces members."""
        return {
            name: values[name] if name in values else self.value(below("/info", name))
            for name in self.specification.names("/info")
        }

    def signup(self, documents: int = 1, **info: Any) -> dict[str, Any]:
        """Returns the body of a valid Provider/signup; ``info`` replaces members of ``info``."""
        body = self.parts(SIGNUP, documents)
        return {**body, "info": {**body["info"], **info}} if info else body

    def unknown_id(self, like: str, known: Iterable[str]) -> str:
        """Returns a registration id that no signup gave, in the same shape as a given one (R16)."""
        known = set(known)
        shape = like if len(like) >= 6 else like + "0" * (8 - len(like))
        while True:
            text = _alike(self._random, shape)
            if text not in known and text != like:
                return text

    def unknown_token(self, like: str) -> str:
        """Returns a token that no signup gave, in the same shape as a given one (H3)."""
        while (text := _alike(self._random, like)) == like:
            like += "x"
        return text


def _alike(rng: random.Random, text: str) -> str:
    """Replaces each letter and digit by one of its kind."""
    kinds = {c: [other for other in kind if other not in LIKE_OTHERS] for kind in SERIES for c in kind}
    return "".join(rng.choice(kinds[c]) if c in kinds else c for c in text)


def _matching(pattern: str, rng: random.Random) -> Iterator[str]:
    """Yields texts that a regular expression matches as a whole, distinct even without regard to case, until it finds
    no new one."""
    compiled = Pattern(pattern)
    # Their hashes, as a deep run draws many.
    used: set[int] = set()
    idle = 0
    while idle < 2000:
        text = compiled.draw(rng)
        key = hash(text.casefold())
        if compiled.fullmatch(text) and text == text.strip() and text.isprintable() and key not in used:
            idle = 0
            used.add(key)
            yield text
        else:
            idle += 1
