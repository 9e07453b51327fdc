"""What a test of the shipped suite is: a coroutine that sends, and the requirements it is there to exercise."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from ..config.gateway import GatewayConfig

Play = Callable[..., Awaitable[Any]]
Examples = Callable[["GatewayConfig"], "SearchStrategy[Any]"]


def exercises(*requirements: str) -> pytest.MarkDecorator:
    """Marks a test, or a case of one, with the requirements that it is there to exercise."""
    return pytest.mark.conformance(*requirements)


def scenario(play: Play) -> Callable[..., None]:
    """Makes a coroutine function a test. It only sends; what comes back is judged by everything that applies.

    The test itself is a plain function, so that no other plugin takes the coroutine for its own.
    """

    @functools.wraps(play)
    def test(**arguments: Any) -> None:
        raise AssertionError("a scenario is played by the plugin, under --gateway-url")

    test.play = play  # type: ignore[attr-defined]
    test.settles = False  # type: ignore[attr-defined]
    return test


def settling(play: Play) -> Callable[..., None]:
    """A scenario that waits for the gateway to settle: it is begun before others and judged after them."""
    test = scenario(play)
    test.settles = True  # type: ignore[attr-defined]
    return test


def drawn(examples: Examples, *, share: float = 1.0, settles: bool = False) -> Callable[[Play], Callable[..., None]]:
    """Makes a coroutine function a property: a scenario that is played for many examples.

    ``examples`` makes the Hypothesis strategy of what is handed over as ``example``, under what a vendor declared;
    an example says what to send in plain data, and what must be unique in a run is added in playing. ``share`` is the
    part of --fuzz-examples that is drawn; ``settles`` says that it waits for the gateway to settle.
    """

    def decorate(play: Play) -> Callable[..., None]:
        test = scenario(play)
        test.examples, test.share, test.settles = examples, share, settles  # type: ignore[attr-defined]
        return test

    return decorate


def case(requirements: Iterable[str] | str, *values: Any, id: str) -> Any:
    """A parameter set of a scenario with the requirements it exercises; ids name the requirement first."""
    names = (requirements,) if isinstance(requirements, str) else tuple(requirements)
    plain = "".join(c if c.isalnum() or c in "-_/.:@<>+" else "_" for c in f"{names[0]}:{id}" if c.isascii())
    return pytest.param(*values, marks=exercises(*names), id=plain)
