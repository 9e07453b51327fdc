"""Reads and writes files and texts of strangers, within bounds."""
