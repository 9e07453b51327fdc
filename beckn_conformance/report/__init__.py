"""What a run leaves behind: report.json and the summary on the terminal."""
