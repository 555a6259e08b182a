"""What a document may ask for, decided before it is validated and before anything is executed."""

from server.graphql.limits.figures import Exceeded, Limits

__all__ = ["Exceeded", "Limits"]
