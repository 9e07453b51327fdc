"""``beckn-conformance replay``: sends what a finding rests on once more."""

from __future__ import annotations

import argparse

from ..paths import path_of
from . import schemas
from .terminal import Commands, say, say_json


def add(commands: Commands) -> None:
    """Adds the subcommand."""
    replay = commands.add_parser(
        "replay",
        help="send what a finding rests on once more, and say whether it still holds",
        description="Sends the calls that FINDING needs again, with fresh registrations, and judges the replies. "
        "Exit status 1 where it still holds, 0 where it does not, 10 where that cannot be told.",
    )
    replay.add_argument("folder", metavar="REPORT", type=path_of, help="report folder of a run")
    replay.add_argument("finding", metavar="FINDING", help="id of a finding, or of its requirement if it has but one")
    replay.add_argument("--gateway-url", metavar="URL", help="another gateway than the one of the run")
    replay.add_argument("--gateway-config", metavar="FILE", type=path_of, help="another configuration, or its secrets")
    replay.add_argument("--json", action="store_true", help="as JSON")
    schemas.add(replay)
    replay.set_defaults(does=_replay)


def _replay(chosen: argparse.Namespace) -> int:
    from ..resending import again

    resent = again(chosen.folder, chosen.finding, chosen.gateway_url, chosen.gateway_config, schemas.read(chosen))
    if chosen.json:
        say_json(resent.to_json())
    else:
        say(resent.lines())
    return {True: 1, False: 0, None: 10}[resent.holds]
