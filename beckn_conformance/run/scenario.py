"""A test of the shipped suite: a coroutine that sends, and the requirements that it is there to exercise."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from ..config.gateway import GatewayConfig

Play = Callable[..., Awaitable[Any]]
Examples = Callable[["GatewayConfig"], "SearchStrategy[Any]"]
Test = Callable[..., None]
_UNSAFE = re.compile(r"[^A-Za-z0-9_/.:@<>+-]")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as the suite writes it down; a property is one that is played for many examples."""

    play: Play
    """Sends, as the provider that it is given. What comes back is judged by everything that applies."""
    settles: bool = False
    """True if it waits for the gateway to settle: it is begun before others and judged after them."""
    examples: Examples | None = None
    """Of a property: makes the Hypothesis strategy of its examples."""
    share: float = 1.0
    """Of a property: the part of --fuzz-examples that is drawn."""
    instructs: bool = False
    """True if others are judged by what it shows, so that it is judged before them although it settles."""

    def count(self, most: int) -> int:
        """The number of examples of a property, where --fuzz-examples is ``most``."""
        return max(1, round(most * self.share))


def scenario_of(test: object) -> Scenario | None:
    """The scenario that a test function was made of; None for any other object."""
    found = getattr(test, "scenario", None)
    return found if isinstance(found, Scenario) else None


def exercises(*requirements: str) -> pytest.MarkDecorator:
    """Marks a test, or a case of one, with the requirements that it is there to exercise."""
    return pytest.mark.conformance(*requirements)


def _test(scenario: Scenario) -> Test:
    """A plain function that pytest collects, so that no other plugin takes the coroutine for its own."""

    @functools.wraps(scenario.play)
    def test(**arguments: Any) -> None:
        raise AssertionError("a scenario is played by the plugin, under --gateway-url")

    # The plugin passes the provider, so it is no fixture, which pytest would make for each test.
    signature = inspect.signature(scenario.play)
    parameters = [parameter for name, parameter in signature.parameters.items() if name != "actor"]
    test.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    test.scenario = scenario  # type: ignore[attr-defined]
    return test


def scenario(play: Play) -> Test:
    """Makes a coroutine function a test."""
    return _test(Scenario(play))


def settling(play: Play) -> Test:
    """Makes a coroutine function a test that waits for the gateway to settle."""
    return _test(Scenario(play, settles=True))


def instructing(play: Play) -> Test:
    """Makes a coroutine function a test that waits for the gateway to settle, and by which others are judged."""
    return _test(Scenario(play, settles=True, instructs=True))


def drawn(examples: Examples, *, share: float = 1.0, settles: bool = False) -> Callable[[Play], Test]:
    """Makes a coroutine function a property.

    ``examples`` makes the Hypothesis strategy of the argument ``example``, under what a vendor declared. An example
    says what to send in plain data; the scenario adds what must be unique in a run.
    """
    return lambda play: _test(Scenario(play, settles, examples, share))


def case(requirements: Iterable[str] | str, *values: Any, id: str) -> Any:
    """A parameter set of a scenario with the requirements it exercises; ids name the requirement first."""
    names = (requirements,) if isinstance(requirements, str) else tuple(requirements)
    plain = f"{names[0]}:{id}".encode("ascii", "ignore").decode()
    return pytest.param(*values, marks=exercises(*names), id=_UNSAFE.sub("_", plain))
