"""Draws histograms of answer times, one per operation and all on the same scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BAR, GAP, HEIGHT = 13.0, 2.0, 72.0


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    count: int
    span: str


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    operation: str
    count: int
    unanswered: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    width: float
    median: str
    most: str
    """The 95th percentile."""
    slowest: str


def histograms(answer_times: Mapping[str, Any], order: Sequence[str]) -> list[Histogram]:
    """Makes a histogram of every operation that was answered, over the buckets that any of them needs."""
    bounds: list[float] = answer_times["bounds"]
    operations: Mapping[str, Any] = answer_times["operations"]
    used = [n for row in operations.values() for n, count in enumerate(row["counts"]) if count]
    if not used:
        return []
    first, last = max(min(used) - 1, 0), min(max(used) + 1, len(bounds))
    names = sorted(operations, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [_histogram(name, operations[name], bounds, first, last) for name in names if operations[name]["count"]]


def _histogram(name: str, row: Mapping[str, Any], bounds: list[float], first: int, last: int) -> Histogram:
    counts: list[int] = row["counts"]
    tallest = max(counts)
    bars = []
    for place, bucket in enumerate(range(first, last + 1)):
        height = round(HEIGHT * counts[bucket] / tallest, 1)
        if counts[bucket]:
            height = max(height, 1.5)
            x = round(place * (BAR + GAP), 1)
            bars.append(Bar(x, round(HEIGHT - height, 1), BAR, height, counts[bucket], _span(bounds, bucket)))
    ticks = tuple(
        Tick(round((bucket - first + 1) * (BAR + GAP) - GAP / 2, 1), spoken(bounds[bucket]))
        for bucket in range(first, min(last, len(bounds) - 1) + 1)
        # Two ticks per decade.
        if f"{bounds[bucket]:e}"[0] in "13" and "1.5" not in f"{bounds[bucket]:e}"
    )
    return Histogram(
        name,
        row["count"],
        row["unanswered"],
        tuple(bars),
        ticks,
        round((last - first + 1) * (BAR + GAP), 1),
        _below(counts, bounds, 0.5),
        _below(counts, bounds, 0.95),
        _span(bounds, max(n for n, count in enumerate(counts) if count)),
    )


def _below(counts: list[int], bounds: list[float], share: float) -> str:
    """The upper end of the bucket in which a share of all answers is reached."""
    reached = 0
    for bucket, count in enumerate(counts):
        reached += count
        if reached >= share * sum(counts):
            return spoken(bounds[bucket]) if bucket < len(bounds) else f"more than {spoken(bounds[-1])}"
    return ""


def _span(bounds: list[float], bucket: int) -> str:
    if bucket >= len(bounds):
        return f"more than {spoken(bounds[-1])}"
    return f"{spoken(bounds[bucket - 1])} to {spoken(bounds[bucket])}" if bucket else f"up to {spoken(bounds[0])}"


def spoken(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
