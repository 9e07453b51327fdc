"""``beckn-conformance replay``: sends the calls of a finding again."""

from __future__ import annotations

import argparse
import sys

from ..config.paths import path_of
from ..errors import UsageError
from ..untrusted.text import printable
from . import schemas
from .terminal import Commands, show


def add(commands: Commands) -> None:
    replay = commands.add_parser(
        "replay",
        help="send the calls of a finding again, and say whether it still holds",
        description="Sends the calls that FINDING needs again, with fresh registrations, and judges the replies. "
        "Exit status 1 if it still holds, 0 if it does not, 10 if that cannot be told.",
    )
    replay.add_argument("folder", metavar="REPORT", type=path_of, help="report folder of a run")
    replay.add_argument("finding", metavar="FINDING", help="id of a finding, or of its requirement if it has only one")
    replay.add_argument("--gateway-url", metavar="URL", help="gateway (default: that of the run, after asking)")
    replay.add_argument("--gateway-config", metavar="FILE", type=path_of, help="configuration with secrets and peers")
    replay.add_argument("--yes", action="store_true", help="send to the gateway that the report names, without asking")
    replay.add_argument("--json", action="store_true", help="as JSON")
    schemas.add(replay)
    replay.set_defaults(does=_replay)


def _replay(chosen: argparse.Namespace) -> int:
    from ..process.limits import JUDGING, limited
    from .resend import again

    def confirm(url: str) -> None:
        _confirm(url, agreed=chosen.yes)

    url, file = chosen.gateway_url, chosen.gateway_config
    with limited(f"replaying from {chosen.folder}", JUDGING):
        resent = again(chosen.folder, chosen.finding, url, file, schemas.read(chosen), confirm)
    show(resent, as_json=chosen.json)
    return {True: 1, False: 0, None: 10}[resent.holds]


def _confirm(url: str, *, agreed: bool) -> None:
    """Raises UsageError unless the user agrees to send to the gateway named in a report, which may be a stranger's."""
    where = printable(url)
    if agreed:
        print(f"sending to {where}, as the report says", file=sys.stderr)
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"the report names {where}; say --yes to send there, or name a gateway with --gateway-url")
    print(f"The report names {where}. Send requests there? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise UsageError("nothing was sent")
