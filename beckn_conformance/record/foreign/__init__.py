"""What other programs have recorded, read for what it holds: HAR files, their contents, times and repetitions."""
