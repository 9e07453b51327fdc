"""Writes the results of a run: one module for each output format."""
