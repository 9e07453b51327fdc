from tests.end_to_end.conftest import certificate

__all__ = ["certificate"]
