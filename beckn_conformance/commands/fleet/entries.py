"""Reads from YAML which gateways a fleet has, and how each is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...config import declared
from ...config.keys import from_mapping
from ...config.paths import path_of
from ...config.urls import check_url
from ...errors import UsageError
from ...run import embedded
from ...specification.loading import shipped
from ...specification.specification import Specification
from ...untrusted.yaml_text import Node

RESERVED = ("index.html", "fleet.json", "history.jsonl")
"""Files beside the folders of the gateways. No gateway can have such a name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One gateway of a fleet."""

    name: str
    url: str
    config: Mapping[str, Any]
    """The configuration as declared. env:NAME is looked up on the worker."""
    strict: bool
    seed: int | None
    limit: float
    """Seconds that its run may take."""
    options: Mapping[str, Any]

    @property
    def arguments(self) -> tuple[str, ...]:
        """Options of its run, other than the files that it reads and writes."""
        return (
            "--conformance-class",
            "strict" if self.strict else "core",
            *(("--hypothesis-seed", str(self.seed)) if self.seed is not None else ()),
            *(("--fuzz-examples", str(self.options["fuzz-examples"])) if "fuzz-examples" in self.options else ()),
            *((f"-k{self.options['k']}",) if "k" in self.options else ()),
        )


def read(file: Path, specification: Specification, *, limit: float, here: bool = True) -> tuple[Entry, ...]:
    """Reads the gateways of a file. ``limit``, in seconds, is the default of its limits.

    ``here`` says that they are judged on this machine, so that its environment and its files are those that count.
    Raises UsageError in one line: file, line and key, and the nearest known key.
    """
    node = declared.read(file)
    raw = declared.checked(node.value, node, shipped().files["fleet.json"], str(file))
    defaults = raw.get("defaults", {})
    common = _config(defaults, node.at(("defaults",)), file, specification, here)
    entries: list[Entry] = []
    names: dict[str, str] = {}
    urls: dict[str, str] = {}
    for number, row in enumerate(raw["gateways"]):
        place = node.at(("gateways", number))
        where = f"{file}, line {place.line}"
        name = row["name"]
        if name.casefold() in RESERVED:
            raise UsageError(f"{where}: {name} is a file of the fleet's own; no gateway can have that name")
        if name.casefold() in names:
            raise UsageError(f"{where}: a gateway is named {names[name.casefold()]} already")
        names[name.casefold()] = name
        url = _url(row["url"], where, specification)
        # Each of two runs at once would take the changes of the other for the gateway's.
        if url in urls and not embedded.wanted(url):
            raise UsageError(f"{where}: {url} is judged as {urls[url]} already")
        urls[url] = name
        said = {**defaults, **row}
        config = {**common, **_config(row, place, file, specification, here)}
        entries.append(
            Entry(
                name,
                url,
                {**config, "gateway": {"name": name, **config.get("gateway", {})}},
                said.get("class") == "strict",
                said.get("seed"),
                said.get("limit", limit),
                {**defaults.get("options", {}), **row.get("options", {})},
            )
        )
    return tuple(entries)


def _url(url: str, where: str, specification: Specification) -> str:
    try:
        if embedded.wanted(url):
            embedded.planted(url, specification)
            return url
        return check_url(url, "url")
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _config(
    row: Mapping[str, Any], place: Node, file: Path, specification: Specification, here: bool
) -> dict[str, Any]:
    """Reads and checks what is declared under ``config``, inline or in a file."""
    given = row.get("config", {})
    if isinstance(given, str):
        where = file.parent / path_of(given)
        node = declared.read(where)
        raw = node.value
    else:
        where, raw, node = file, given, place.at(("config",))
    raw = declared.checked(raw, node, shipped().files["gateway-config.json"], str(where))
    from_mapping("http://fleet.invalid", raw, specification, where=str(where), node=node, here=here)
    return raw
