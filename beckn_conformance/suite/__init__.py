"""The conformance tests: one file a section of the specification, one for headers and one for what is no message."""
