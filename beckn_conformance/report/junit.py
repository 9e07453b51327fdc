"""Adds verdict, gateway and seed to the JUnit XML of pytest, which knows only about tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .document import verdict_text


def complete(path: Path, report: Mapping[str, Any], mask: Callable[[str], str] = str) -> str:
    """Adds properties to the suite in a file that pytest has written, and masks what the process that ran a test could
    not know to be secret; says what is wrong where that cannot be.

    pytest offers no other way at the end of a run, and none at all where processes share it.
    """
    try:
        tree = ElementTree.parse(path)
        suite = next(tree.iter("testsuite"))
        for element in suite.iter():
            element.text = mask(element.text) if element.text else element.text
            element.attrib.update({name: mask(value) for name, value in element.attrib.items()})
        properties = suite.find("properties")
        if properties is None:
            properties = ElementTree.Element("properties")
            suite.insert(0, properties)
        for name, value in _properties(report).items():
            ElementTree.SubElement(properties, "property", name=name, value=value)
        tree.write(path, encoding="utf-8", xml_declaration=True)
    except (OSError, ElementTree.ParseError, StopIteration) as error:
        return f"{path.name} does not have the verdict: {error}"
    return ""


def place(option: str, folder: Path) -> Path:
    """The path at which pytest writes the file of ``--junitxml``."""
    return folder / os.path.expanduser(os.path.expandvars(option))


def _properties(report: Mapping[str, Any]) -> dict[str, str]:
    return {
        "verdict": verdict_text(report),
        "class": report["class"],
        "gateway": report["gateway"]["url"],
        "seed": str(report["run"]["seed"]),
        "run": report["run"]["id"],
        "kit": report["kit"]["version"],
        "specification": report["specification"]["digest"],
    }
