"""The specification as data, loaded from schemas/."""
