"""A bug that can be planted in the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reference_server.planting.steps import Install

F = TypeVar("F", bound=Callable[..., Any])

VERIFICATION: Mapping[str, str] = {"verification_hook": "{origin}/operator/registrations/{id}/verify"}
"""What the kit needs to see verified documents."""

NETWORK: Mapping[str, Any] = {"peers": ["http://peer-1.reference", "http://peer-2.reference"], "clone_within": 1}
"""What the kit needs to see clones: the peers of the reference gateway, wherever they listen."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One requirement broken in one way."""

    name: str
    """In kebab case."""
    requirement: str
    """The one of schemas/requirements.yaml that is broken."""
    operation: str
    """Action of the exchange on which a judge reports it."""
    pointer: str
    """JSON Pointer in the body, `*` for any index; of the request for a NACK that should have come or blames
    wrongly, else of the reply; "" is the whole body, `header:action` a member of the header."""
    summary: str
    """The bug in one line, in the words of a vendor."""
    install: Install = field(repr=False)
    consequences: frozenset[str] = frozenset()
    """Other requirements that a fair judge cannot but find broken too."""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """Gateway configuration for the kit; `{origin}` stands for scheme, host and port of the gateway."""
    case: str = ""
    """Kind of fault that a judge has to name, if others of the same place can be planted beside it."""


def defect(
    name: str,
    requirement: str,
    operation: str,
    pointer: str,
    summary: str,
    install: Install,
    *consequences: str,
    configuration: Mapping[str, Any] | None = None,
    case: str = "",
) -> Defect:
    """Make a defect; the short form for tables."""
    others = frozenset(consequences) - {requirement, ""}
    summary = summary[0].upper() + summary[1:]
    return Defect(name, requirement, operation, pointer, summary, install, others, configuration or {}, case)


class Family:
    """The defects of one module that are functions, each with its summary as docstring."""

    def __init__(self) -> None:
        self._planted: list[Defect] = []

    def __call__(self) -> Iterator[Defect]:
        """Yield the defects in the order of declaration."""
        yield from self._planted

    def plants(
        self,
        name: str,
        requirement: str,
        operation: str,
        pointer: str,
        *consequences: str,
        by: Callable[[Any], Install] = lambda install: install,
        configuration: Mapping[str, Any] | None = None,
    ) -> Callable[[F], F]:
        """Decorate a function that plants a defect, or of which ``by`` makes one that does."""

        def add(function: F) -> F:
            summary, install = (function.__doc__ or "").strip().removesuffix("."), by(function)
            row = defect(
                name, requirement, operation, pointer, summary, install, *consequences, configuration=configuration
            )
            self._planted.append(row)
            return function

        return add
