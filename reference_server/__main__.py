"""The reference gateway as a command: python -m reference_server."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import uvicorn

    from reference_server.network import Region
    from reference_server.planting import Defect, Variation


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; returns the exit status, 2 for a bad option."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.list:
            _list(options.spec)
            return 0
        fault = _unknown_name(options) or _fault(options)
        return _serve(options) if fault is None else _refuse(fault)
    except (OSError, OverflowError, ValueError, sqlite3.Error) as error:
        return _refuse(error)


def _refuse(fault: object) -> int:
    print(f"reference_server: {fault}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference_server", description="Starts a gateway that follows the strictest reading."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (8080); 0 picks a free one")
    where = "where Action, Token and Timestamp are (http)"
    parser.add_argument("--binding", choices=("http", "envelope"), default="http", help=where)
    parser.add_argument("--defect", action="append", default=[], metavar="NAME", help="plant a bug; repeatable")
    parser.add_argument("--variation", action="append", default=[], metavar="NAME", help="take a freedom; repeatable")
    parser.add_argument("--database", type=Path, metavar="FILE", help="keep registrations in this SQLite file")
    parser.add_argument("--spec", type=Path, metavar="DIR", help="a changed copy of schemas/")
    parser.add_argument("--peer", action="append", default=[], metavar="URL", help="clone to this gateway; repeatable")
    parser.add_argument("--network", type=int, default=1, metavar="N", help="serve N gateways that clone to each other")
    parser.add_argument(
        "--clone-within", type=float, default=2.0, metavar="SECONDS", help="until peers have it all (2)"
    )
    parser.add_argument(
        "--clone-secret",
        default=os.environ.get("CLONE_SECRET", ""),
        metavar="TEXT",
        help="secret that all peers know, or CLONE_SECRET; without it only this machine may clone",
    )
    parser.add_argument("--until-stdin-ends", action="store_true", help="end when the parent process does")
    parser.add_argument("--list", action="store_true", help="print all defects and variations")
    return parser


def _list(folder: Path | None) -> None:
    from reference_server import VARIATIONS, of_specification

    try:
        for defect in of_specification(folder).values():
            print(f"defect     {defect.name}: {defect.summary} [{defect.requirement}]")
        for variation in VARIATIONS.values():
            print(f"variation  {variation.name}: {variation.summary} [{variation.reading}]")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has enough; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unknown_name(options: argparse.Namespace) -> str | None:
    if not options.defect and not options.variation:
        return None
    from reference_server import VARIATIONS, of_specification

    defects = of_specification(options.spec)
    return _unknown("defect", options.defect, defects) or _unknown("variation", options.variation, VARIATIONS)


def _unknown(kind: str, names: Sequence[str], known: Mapping[str, Defect] | Mapping[str, Variation]) -> str | None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1, 0.7)
            hint = f"did you mean {close[0]!r}? " if close else ""
            return f"unknown {kind} {name!r}; {hint}--list prints all"
    return None


def _fault(options: argparse.Namespace) -> str | None:
    """Return what is wrong with what is asked of gateways that clone to each other."""
    if options.network < 1:
        return f"--network {options.network}: it takes one gateway at least"
    if options.network > 1 and options.database:
        return "--network is of gateways in memory; start each by itself with its --database and its --peer URLs"
    region = _region(options, options.peer)
    return region.fault() if region is not None else None


def _region(options: argparse.Namespace, peers: Sequence[str]) -> Region | None:
    if not peers:
        return None
    from reference_server.network import Region

    return Region(peers, options.clone_within, options.clone_secret)


def _end_with_stdin(servers: Sequence[uvicorn.Server]) -> None:
    sys.stdin.read()
    for server in servers:
        server.should_exit = server.force_exit = True


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from reference_server.app import create_app

    servers = []
    listeners = [_listener(options.host, 0 if number else options.port) for number in range(options.network)]
    urls = [_url(listener) for listener in listeners]
    for url in urls:
        region = _region(options, [*options.peer, *(other for other in urls if other != url)])
        app = create_app(
            binding=options.binding,
            defects=options.defect,
            variations=options.variation,
            database=options.database,
            specification=options.spec,
            region=region,
        )
        lifespan: Literal["on", "off"] = "on" if region else "off"
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan=lifespan, server_header=False)
        servers.append(uvicorn.Server(config))
    # The sockets listen already: a connection made before the loop turns waits in its backlog.
    print(*(f"listening on {url}" for url in urls), sep="\n", flush=True)
    if options.until_stdin_ends:
        threading.Thread(target=_end_with_stdin, args=(servers,), daemon=True).start()
    try:
        with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
            runner.run(_run(servers, listeners))
    except KeyboardInterrupt:
        return 0
    return 0


def _listener(host: str, port: int) -> socket.socket:
    """Listen at a name or at an address of IPv4 or IPv6; raises OSError where that cannot be."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return socket.create_server((address[0], port), family=family, backlog=2048)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _run(servers: Sequence[uvicorn.Server], listeners: Sequence[socket.socket]) -> None:
    await asyncio.gather(*(server.serve([one]) for server, one in zip(servers, listeners, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
