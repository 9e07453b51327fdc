"""``python -m beckn_conformance``, the same as ``beckn-conformance``."""

from .commands.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
