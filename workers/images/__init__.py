"""Pictures as clients upload them, made into pictures that are safe and quick to serve.

`Studio` decodes in child processes that can harm nobody; `ladder.render` is the same work without
the walls. Nothing here knows of photos, rows or buckets: bytes go in, a result comes out. Whoever
imports this loads no decoder.
"""

from workers.images.results import (
    Crashed,
    Limits,
    Picture,
    Rejected,
    Rendered,
    Shot,
    Square,
    Squares,
)
from workers.images.studio import Studio

__all__ = [
    "Crashed",
    "Limits",
    "Picture",
    "Rejected",
    "Rendered",
    "Shot",
    "Square",
    "Squares",
    "Studio",
]
