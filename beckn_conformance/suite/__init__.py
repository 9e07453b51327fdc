"""The conformance tests: one file a section of the specification, others for what belongs to no section alone."""
