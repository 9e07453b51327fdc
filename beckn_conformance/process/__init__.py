"""This process: its signals, streams, children and crashes."""
