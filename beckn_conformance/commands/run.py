"""``beckn-conformance run``: judges a gateway, isolated from any pytest settings around."""

from __future__ import annotations

import argparse

from .terminal import Commands, until_stdin_ends


def add(commands: Commands) -> None:
    run = commands.add_parser(
        "run",
        help="judge a gateway, whatever pytest settings the current folder has",
        description="Judges a gateway as pytest --gateway-url URL does, but ignores any conftest.py and pytest "
        "configuration in the current folder. Options after URL are those of pytest and of the kit.",
    )
    until_stdin_ends(run, default=argparse.SUPPRESS)
    run.add_argument("url", metavar="URL", help="base URL of the gateway, or reference[:NAME]")
    options = run.add_argument("options", nargs=argparse.REMAINDER, help="options of pytest and the kit, such as -k x")
    options.required = False
    run.set_defaults(does=_run)


def _run(chosen: argparse.Namespace) -> int:
    import pytest

    from ..plugin.isolation import OPTIONS, load_plugin

    options = ["--noconftest", "--gateway-url", chosen.url, *load_plugin(), *chosen.options]
    return int(pytest.main([*OPTIONS, *options]))
