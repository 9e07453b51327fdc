"""The option that names a changed copy of the specification's data."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..config.paths import path_of

if TYPE_CHECKING:
    from ..specification.specification import Specification


def add(parser: argparse.ArgumentParser, option: str = "--conformance-spec") -> None:
    parser.add_argument(option, dest="schemas", metavar="DIR", type=path_of, help="use this changed copy of schemas/")


def read(chosen: argparse.Namespace) -> Specification:
    """Returns the chosen specification; raises SpecificationError for a folder without one."""
    from ..specification.loading import load

    return load(chosen.schemas)
