"""The implementation conformance statement (ICS): what a vendor declares about a gateway."""
