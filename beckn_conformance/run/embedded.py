"""The reference gateway as a child process, for ``--gateway-url reference[:NAME]``."""

from __future__ import annotations

import dataclasses
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..client.reach import admit
from ..config.gateway import GatewayConfig
from ..config.keys import load_config
from ..config.urls import check_url
from ..errors import KitError, SpecificationError, UsageError, nearest
from ..process import children
from ..specification.specification import Specification

if TYPE_CHECKING:
    from reference_server import Defect

PREFIX = "reference"
PEERS = ".reference"
"""Ending of the hosts of declared peers that run beside the embedded gateway."""
PATIENCE = 20.0
"""Seconds that the child may take until it listens."""


def wanted(url: str) -> bool:
    """Returns True if a value of --gateway-url names the embedded gateway."""
    return url == PREFIX or url.startswith(PREFIX + ":")


def defects_of(specification: Specification) -> Mapping[str, Defect]:
    """The defects that the reference gateway knows, by name; raises SpecificationError for schemas it cannot read."""
    import reference_server

    try:
        return reference_server.of_specification(specification.folder)
    except (OSError, ValueError) as error:
        raise SpecificationError(str(error)) from error


def planted(url: str, specification: Specification) -> tuple[list[str], dict[str, Any]]:
    """The arguments of the reference gateway for ``reference:NAME[,NAME…]``, and what its vendor would declare.

    Raises UsageError for an unknown defect or variation.
    """
    names = [*filter(None, url.partition(":")[2].split(","))]
    arguments: list[str] = []
    configuration: dict[str, Any] = {}
    if not names:
        return arguments, configuration
    import reference_server

    defects = defects_of(specification)
    for name in names:
        if name in defects:
            arguments += ["--defect", name]
            configuration |= defects[name].configuration
        elif name in reference_server.VARIATIONS:
            arguments += ["--variation", name]
            configuration |= reference_server.VARIATIONS[name].configuration
        else:
            known = [*defects, *reference_server.VARIATIONS]
            raise UsageError(
                f"--gateway-url {url}: no defect or variation is named {name!r}{nearest(name, known)} "
                "(python -m reference_server --list prints all)"
            )
    return arguments, configuration


def begin(
    url: str, file: Path | None, specification: Specification, overrides: Mapping[str, Any], *, start: bool = True
) -> tuple[GatewayConfig, Embedded | None]:
    """The configuration for a value of --gateway-url, and the embedded gateway if it names that one.

    That gateway is started unless ``start`` is false, but not waited for: its addresses are not in the configuration.
    Raises UsageError for a bad URL or configuration.
    """
    if not wanted(url):
        return load_config(check_url(url), file, specification, overrides), None
    arguments, configuration = planted(url, specification)
    given = {key: value for key, value in overrides.items() if value is not None}
    config = load_config("http://127.0.0.1", file, specification, {**configuration, **given})
    if not start:
        return config, None
    arguments += ["--spec", str(specification.folder)]
    peers = sum((urlsplit(peer).hostname or "").endswith(PEERS) for peer in config.peers)
    return config, Embedded(arguments, config.binding, peers)


class Embedded:
    """A reference gateway that starts or runs, and peers that it clones to."""

    def __init__(self, arguments: Sequence[str], binding: str, peers: int = 0) -> None:
        command = [
            sys.executable,
            *children.arguments("reference_server"),
            "--port",
            "0",
            "--until-stdin-ends",
            *arguments,
        ]
        if binding == "envelope":
            command += ["--binding", "envelope"]
        if peers:
            command += ["--network", str(1 + peers)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        self._count = 1 + peers

    @cached_property
    def addresses(self) -> list[str]:
        """Where it listens, and its peers; waits until they do. Raises KitError."""
        try:
            urls = self._announced(self._count)
        except BaseException:
            self.stop()
            raise
        for url in urls:
            admit(url)
        return urls

    def _announced(self, count: int) -> list[str]:
        assert self._process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                if not selector.select(left):
                    break
                line = self._process.stdout.readline()
                if not line:
                    break
                if "http://" in line:
                    # The lines of its peers follow at once.
                    lines = [line, *(self._process.stdout.readline() for _ in range(count - 1))]
                    return [line[line.index("http://") :].strip() for line in lines]
        raise KitError("the embedded reference gateway did not start; python -m reference_server says why")

    def configured(self, config: GatewayConfig) -> GatewayConfig:
        """The configuration with the addresses of this server and its peers, and its operator as verification hook."""
        url, *peers = self.addresses
        hook = (config.verification_hook or "{origin}/operator/verify").replace("{origin}", url)
        return dataclasses.replace(
            config, url=url, peers=tuple(peers) or config.peers, proxies={}, verification_hook=hook
        )

    def stop(self) -> None:
        """Ends the child, which keeps nothing. It may be called more than once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stdin):
            if pipe is not None:
                pipe.close()
