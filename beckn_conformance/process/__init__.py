"""Signals, streams, child processes and crashes of this process."""
