"""Measures runs: of the kit, of a bare client, and of Schemathesis' own command."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from beckn_conformance.client.limiter import USUAL
from beckn_conformance.config.gateway import SIGNUP_TOKEN
from beckn_conformance.config.keys import from_mapping
from beckn_conformance.messages.values import Values
from beckn_conformance.specification.loading import load

from .gateways import ROOT


@dataclass(frozen=True)
class Run:
    """A run of the kit against a gateway."""

    seconds: float
    """From the start of the process to its end."""
    processor: float
    """Seconds of processor time, that of its worker processes included."""
    peak: int
    """Kilobytes that the largest of its processes held at most."""
    report: Mapping[str, Any]
    span: float
    """Seconds from the first request to the last reply."""
    distinct: int
    """Requests that differ in more than their Timestamp."""

    @property
    def exchanges(self):
        return int(self.report["run"]["exchanges"])

    @property
    def rate(self):
        """Judged exchanges a second, as the run itself reports them."""
        return float(self.exchanges / self.report["run"]["seconds"])

    @property
    def said(self):
        """The verdict, and the status of every requirement."""
        return {"verdict": self.report["verdict"], **{r["id"]: r["status"] for r in self.report["requirements"]}}


def kit(url, *options):
    """Runs the suite against a gateway, in a process of its own; raises where that leaves no report."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "beckn_conformance", "run", url, "--conformance-report", folder, *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        seconds = time.perf_counter() - began
        report = Path(folder) / "report.json"
        if process.returncode not in (0, 1, 10) or not report.exists():
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output[-2000:]}")
        span, distinct = read_journals(Path(folder).glob("exchanges*.jsonl"))
        return Run(
            seconds,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss,
            json.loads(report.read_text(encoding="utf-8")),
            span,
            distinct,
        )


def read_journals(files):
    """Seconds from the first request to the last reply, and how many requests differ but for their Timestamp."""
    first, last = float("inf"), 0.0
    messages = set()
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                first, last = min(first, row["started"]), max(last, row["started"] + row["seconds"])
                request = row["request"]
                headers = tuple((name, value) for name, value in request["headers"] if name != "Timestamp")
                messages.add(hash((row["operation"], headers, request["content"])))
    return max(last - first, 0.0), len(messages)


def bare_client(url, signups=1000):
    """Valid signups a second that a client brings through which sends one after another and judges nothing.

    This is the fastest way to use httpx. Its asynchronous client takes several times as long for a request.
    """
    calls = _signups(url, signups)
    with httpx.Client(base_url=url) as client:
        began = time.perf_counter()
        for call in calls:
            _check(client.post(**call))
        return signups / (time.perf_counter() - began)


def bare_client_abreast(url, signups=1000):
    """The same with as many requests in flight as the kit has."""

    async def send(client, calls):
        for call in calls:
            _check(await client.post(**call))

    async def work():
        calls = iter(_signups(url, signups))
        async with httpx.AsyncClient(base_url=url) as client:
            began = time.perf_counter()
            await asyncio.gather(*(send(client, calls) for _ in range(USUAL)))
            return signups / (time.perf_counter() - began)

    return asyncio.run(work())


def _signups(url, number):
    """The arguments of ``post`` for so many valid signups."""
    values = Values(load(), from_mapping(url, {}, load()))
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    header = {"Action": "Provider/signup", "Token": SIGNUP_TOKEN, "Timestamp": now}
    return [{"url": "/Provider/signup", "json": values.signup(), "headers": header} for _ in range(number)]


def _check(reply):
    if reply.headers["action"] != "ACK" or "registration" not in reply.json():
        raise RuntimeError(f"a valid signup was answered with {reply.text}")


def schemathesis(url, examples=100):
    """Test cases a second of ``st run`` with our OpenAPI document."""
    with tempfile.TemporaryDirectory() as folder:
        description = ROOT / "schemas" / "bundle" / "openapi.json"
        command = [str(Path(sys.executable).with_name("st")), "run", str(description)]
        command += ["--url", url, "--max-examples", str(examples), "--seed", "1", "--no-color"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return read_summary(done.stdout)


def read_summary(output):
    """Test cases a second, from what ``st run`` prints last."""
    cases = re.search(r"([\d,]+) generated", output)
    seconds = re.findall(r" in ([\d.]+)s", output)
    if cases is None or not seconds:
        raise RuntimeError(f"st run printed no summary:\n{output[-2000:]}")
    return int(cases[1].replace(",", "")) / float(seconds[-1])


@dataclass(frozen=True)
class Aim:
    """The least or the most that the median of a figure should be."""

    least: float = -math.inf
    most: float = math.inf

    def met(self, values):
        return self.least <= statistics.median(values) <= self.most

    def __str__(self):
        return f"{self.most:g} at most" if self.most < math.inf else f"{self.least:g} at least"


def table(found, aims):
    """Yields the lines of a Markdown table: each figure with its median, its range, its aim and whether that is met."""
    yield "| Figure | Median | Range | Aim | |"
    yield "|---|---|---|---|---|"
    for name, values in found.items():
        aim = aims.get(name)
        said = (str(aim), "met" if aim.met(values) else "not met") if aim is not None else ("", "")
        middle, least, most = (f"{value:.4g}" for value in (statistics.median(values), min(values), max(values)))
        yield f"| {name} | {middle} | {least} to {most} | {said[0]} | {said[1]} |"


def machine():
    """Yields what the figures depend on: commit, machine, Python, and how busy the machine was before."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    yield f"- Commit: {commit.stdout.strip() or 'unknown'}"
    yield f"- Machine: {_processor()}, {os.cpu_count()} cores, {platform.system()}"
    yield f"- Python {platform.python_version()}"
    if hasattr(os, "getloadavg"):
        yield f"- Load average before: {os.getloadavg()[0]:.1f}"


def _processor():
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.machine()
