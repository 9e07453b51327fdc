"""The conformance tests: one file for each section of the specification, and a few that concern all of them."""
