"""Queries compiled once to straight Python, over the same types and resolvers.

A document is planned once: its fragments are merged and its fields sorted into what is read
from an attribute, what one call answers for all parents at once, and what is asked of each
parent. From the plan comes Python source. What may lie in the objects already is written straight,
object by object; where it does not, breadth first, one batch for each edge of a level. Only
success is compiled: whatever goes wrong, and whatever is not covered, is executed again, or at
all, by graphql-core, whose answer counts. A query changes nothing, so asking twice is safe.
"""

from server.graphql.compiled.queries import MOST_PLANS, Abandoned, Query, compiled

__all__ = ["MOST_PLANS", "Abandoned", "Query", "compiled"]
