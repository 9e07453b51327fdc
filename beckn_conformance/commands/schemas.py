"""The option that names a changed copy of the specification's data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.paths import path_of
from ..errors import UsageError

if TYPE_CHECKING:
    from ..specification.specification import Specification


def add(parser: argparse.ArgumentParser, option: str = "--conformance-spec") -> None:
    parser.add_argument(option, dest="schemas", metavar="DIR", type=path_of, help="use this changed copy of schemas/")


def read(chosen: argparse.Namespace) -> Specification:
    """Returns the chosen specification; raises UsageError for a folder without one."""
    from ..specification.loading import load

    return load(folder(chosen))


def folder(chosen: argparse.Namespace) -> Path | None:
    """Returns the folder that was named, if one was; raises UsageError for one without a specification."""
    named: Path | None = chosen.schemas
    if named is not None and not (named / "requirements.yaml").is_file():
        raise UsageError(f"{named}: there is no requirements.yaml")
    return named
