"""The reference gateway as a command: python -m reference_server."""

from __future__ import annotations

import argparse
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

    from reference_server.defects import Defect
    from reference_server.network import Region
    from reference_server.variations import Variation


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; gives the exit status, 2 for a bad option."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        _list()
        return 0
    if options.defect or options.variation:
        from reference_server import DEFECTS, VARIATIONS

        fault = _unknown("defect", options.defect, DEFECTS) or _unknown("variation", options.variation, VARIATIONS)
        if fault is not None:
            print(f"reference_server: {fault}", file=sys.stderr)
            return 2
    region = _region(options)
    fault = region.fault() if region is not None else None
    if fault is not None:
        print(f"reference_server: {fault}", file=sys.stderr)
        return 2
    return _serve(options, region)


def _region(options: argparse.Namespace) -> Region | None:
    if not options.peer:
        return None
    from reference_server.network import Region

    return Region(options.peer, options.clone_within, options.clone_secret)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one")
    parser.add_argument("--binding", choices=("http", "envelope"), default="http")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME", help="plant a bug; repeatable")
    parser.add_argument("--variation", action="append", default=[], metavar="NAME", help="read the page in another way")
    parser.add_argument("--database", type=Path, metavar="FILE", help="keep registrations in this SQLite file")
    parser.add_argument("--peer", action="append", default=[], metavar="URL", help="clone to this gateway; repeatable")
    parser.add_argument("--clone-within", type=float, default=2.0, metavar="SECONDS", help="in which peers have it all")
    parser.add_argument(
        "--clone-secret",
        default=os.environ.get("CLONE_SECRET", ""),
        metavar="TEXT",
        help="what all peers know, also as CLONE_SECRET; without it only this machine may clone",
    )
    parser.add_argument("--until-stdin-ends", action="store_true", help="end when whoever started it does")
    parser.add_argument("--list", action="store_true", help="print all defects and variations")
    return parser


def _list() -> None:
    from reference_server import DEFECTS, VARIATIONS

    for defect in DEFECTS.values():
        print(f"defect     {defect.name}: {defect.summary} [{defect.requirement}]")
    for variation in VARIATIONS.values():
        print(f"variation  {variation.name}: {variation.summary} [{variation.reading}]")


def _unknown(kind: str, names: Sequence[str], known: Mapping[str, Defect] | Mapping[str, Variation]) -> str | None:
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, 1, 0)
            return f"unknown {kind} {name!r}, the nearest is {nearest[0]!r}"
    return None


def _end_with_stdin(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = server.force_exit = True


def _serve(options: argparse.Namespace, region: Region | None) -> int:
    import uvicorn

    from reference_server.app import create_app

    try:
        app = create_app(
            binding=options.binding,
            defects=options.defect,
            variations=options.variation,
            database=options.database,
            region=region,
        )
        listener = socket.create_server((options.host, options.port), backlog=2048)
    except (OSError, OverflowError, sqlite3.Error) as fault:
        print(f"reference_server: {fault}", file=sys.stderr)
        return 2
    host, port = listener.getsockname()[:2]
    # The socket listens already: a connection made before the loop turns waits in its backlog.
    print(f"listening on http://{host}:{port}", flush=True)
    lifespan: Literal["on", "off"] = "on" if region else "off"
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan=lifespan, server_header=False)
    server = uvicorn.Server(config)
    if options.until_stdin_ends:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
