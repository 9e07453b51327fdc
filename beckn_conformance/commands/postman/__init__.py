"""``beckn-conformance postman``: the four calls, or the calls of a finding, as a Postman collection."""

from __future__ import annotations

import argparse
import json

from ...config.paths import path_of
from ...config.urls import check_url
from .. import schemas
from ..terminal import Commands, say_json, write

LOCAL = "http://127.0.0.1:8080"


def add(commands: Commands) -> None:
    postman = commands.add_parser(
        "postman",
        help="write a Postman collection",
        description="Writes a Postman collection of the four calls, with valid and faulty examples, or of the calls "
        "that show a finding. A script checks the replies. Postman and newman run it. Secrets of the configuration "
        "become empty variables.",
    )
    postman.add_argument(
        "--gateway-url", metavar="URL", help=f"value of baseUrl (default: {LOCAL}, or that of the run)"
    )
    postman.add_argument("--gateway-config", metavar="FILE", type=path_of, help="what the gateway's vendor declares")
    postman.add_argument("--finding", metavar="ID", help="id of a finding, or of its requirement if it has only one")
    postman.add_argument("--report", metavar="DIR", type=path_of, help="the report folder that has the finding")
    postman.add_argument("-o", "--output", metavar="FILE", type=path_of, help="write to this file, not standard output")
    schemas.add(postman)
    postman.set_defaults(does=_postman)


def _postman(chosen: argparse.Namespace) -> int:
    from ...config.keys import load_config
    from ...errors import UsageError
    from ...process.limits import JUDGING, limited
    from ..finding_steps import steps_of
    from .examples import examples
    from .finding import steps

    specification = schemas.read(chosen)
    if (chosen.finding is None) != (chosen.report is None):
        raise UsageError("--finding and --report go together")
    if chosen.finding is None:
        config = load_config(chosen.gateway_url or LOCAL, chosen.gateway_config, specification, {})
        made = examples(specification, config)
    elif chosen.gateway_config is not None:
        raise UsageError("--gateway-config does not go with --finding; the report says what was declared")
    else:
        url = None if chosen.gateway_url is None else check_url(chosen.gateway_url)
        with limited(f"reading {chosen.report}", JUDGING):
            made = steps(specification, steps_of(chosen.report, chosen.finding, specification), url)
    if chosen.output is None:
        say_json(made)
    else:
        write(chosen.output, json.dumps(made, indent=1) + "\n")
    return 0
