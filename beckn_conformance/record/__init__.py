"""Writes the record of a run, and reads it back."""
