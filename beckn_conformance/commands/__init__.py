"""Groups of subcommands of ``beckn-conformance``, a module each."""
