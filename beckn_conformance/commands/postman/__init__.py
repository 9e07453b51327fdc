"""``beckn-conformance postman``: the four calls as a Postman collection."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...config.paths import path_of
from .. import schemas
from ..terminal import Commands, say_json


def add(commands: Commands) -> None:
    """Adds the subcommand."""
    postman = commands.add_parser(
        "postman",
        help="write a Postman collection",
        description="Writes a Postman collection of the four calls, with valid and faulty examples and scripts that "
        "check the replies. Postman and newman run it. Secrets of the configuration become empty variables.",
    )
    postman.add_argument("--gateway-url", metavar="URL", default="http://127.0.0.1:8080", help="value of baseUrl")
    postman.add_argument("--gateway-config", metavar="FILE", type=path_of, help="what the gateway's vendor declares")
    postman.add_argument("-o", "--output", metavar="FILE", type=path_of, help="write to this file, not standard output")
    schemas.add(postman)
    postman.set_defaults(does=_postman)


def _postman(chosen: argparse.Namespace) -> int:
    from ...config.keys import load_config
    from . import collection

    specification = schemas.read(chosen)
    config = load_config(chosen.gateway_url, chosen.gateway_config, specification, {})
    made = collection.collection("Beckn Gateway Registration API", config, collection.examples(specification, config))
    _write(made, chosen.output)
    return 0


def _write(made: object, path: Path | None) -> None:
    import json

    from ...untrusted.writing import replaced

    if path is None:
        say_json(made)
        return
    with replaced(path) as file:
        file.write(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
