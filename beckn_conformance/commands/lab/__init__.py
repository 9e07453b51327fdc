"""``beckn-conformance lab``: a web page and an API where vendors test their gateways themselves."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...config.paths import path_of
from ...errors import UsageError
from ..terminal import Commands, check_bounds


def add(commands: Commands) -> None:
    """Adds the subcommand."""
    lab = commands.add_parser(
        "lab",
        help="serve a laboratory: gateways are tested, compared and certified on web pages",
        description="Serves web pages and an API on which vendors test their gateways, and officers judge and certify "
        "them. On loopback everybody may do everything; --host other than loopback needs --accounts.",
    )
    lab.add_argument("--data", metavar="DIR", type=path_of, default=Path("lab"), help="data folder (lab/)")
    lab.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    lab.add_argument("--port", metavar="N", type=int, default=8090, help="port to listen on (8090)")
    lab.add_argument("--workers", metavar="N", type=int, help="runs at a time (2, or one for each thread of a cluster)")
    lab.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler whose workers play the runs")
    lab.add_argument("--limit", metavar="SECONDS", type=float, default=600.0, help="limit of one run (600)")
    lab.add_argument("--key", metavar="FILE", type=path_of, help="private key with which officers certify")
    lab.add_argument("--accounts", metavar="FILE", type=path_of, help="who may log in, written by lab adduser")
    lab.add_argument(
        "--allow",
        metavar="HOST-PATTERN",
        action="append",
        help="host or network that runs may connect to besides public addresses; may be repeated",
    )
    lab.set_defaults(does=_serve)
    actions = lab.add_subparsers(metavar="ACTION")
    adduser = actions.add_parser("adduser", help="add an account, and print its token once")
    adduser.add_argument("name", metavar="NAME", help="name of the account")
    adduser.add_argument("--role", choices=("vendor", "officer"), required=True, help="what it may see and do")
    adduser.add_argument("--accounts", metavar="FILE", type=path_of, required=True, help="file of the accounts")
    adduser.set_defaults(does=_adduser)


def _serve(chosen: argparse.Namespace) -> int:
    # Without it, forms cannot be read.
    import python_multipart  # noqa: F401

    from .laboratory import Settings
    from .web.server import serve
    from .web.shield import is_loopback

    check_bounds(chosen.workers, chosen.limit)
    if not is_loopback(chosen.host) and chosen.accounts is None:
        raise UsageError(
            f"--host {chosen.host}: beyond loopback everybody has to log in; name --accounts FILE, and add officers "
            "to it with beckn-conformance lab adduser"
        )
    settings = Settings(
        chosen.data,
        workers=chosen.workers,
        scheduler=chosen.scheduler,
        limit=chosen.limit,
        key=chosen.key,
        allow=None if chosen.accounts is None and chosen.allow is None else tuple(chosen.allow or ()),
    )
    try:
        return serve(settings, chosen.host, chosen.port, chosen.accounts)
    except KeyboardInterrupt:
        # It serves until then, so nothing was interrupted.
        return 2


def _adduser(chosen: argparse.Namespace) -> int:
    from .accounts import Accounts

    token = Accounts(chosen.accounts).add(chosen.name, chosen.role)
    print(f"token of {chosen.name}, which is shown only now: {token}")
    return 0
