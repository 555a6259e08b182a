"""What hostile clients are answered, and what is logged meanwhile."""

from tests.http.conftest import logged

__all__ = ["logged"]
