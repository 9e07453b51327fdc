"""Exchanges in, findings and a verdict out; no I/O."""
