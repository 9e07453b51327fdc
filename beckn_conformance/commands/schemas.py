"""The option that names a changed copy of the specification's data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.paths import path_of

if TYPE_CHECKING:
    from ..specification.specification import Specification


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the option."""
    parser.add_argument("--conformance-spec", metavar="DIR", type=path_of, help="a changed copy of schemas/")


def read(chosen: argparse.Namespace) -> Specification:
    """Returns the chosen specification; raises UsageError for a folder without one."""
    from ..errors import UsageError
    from ..specification.loading import load

    folder: Path | None = chosen.conformance_spec
    if folder is not None and not (folder / "requirements.yaml").is_file():
        raise UsageError(f"--conformance-spec {folder}: there is no requirements.yaml")
    return load(folder)
