"""Plays scenarios and judges them, live or from a record."""
