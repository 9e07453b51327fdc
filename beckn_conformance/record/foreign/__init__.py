"""Recordings of other programs: HAR files, payload logs, newman exports and VCR cassettes."""
