"""What a query will ask of photos, users and comments, and what is brought along for that.

What did not come along, the edge itself asks for (`resolvers/edges.py`).
"""

from collections.abc import Container, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, Final, TypeAlias

from resolvers.paging import BadArgument, requested
from schema.pages import Listed as Paged
from storage import comments, follows, likes, photos, users, variants
from storage.along import Along, Claim
from storage.edges import Brought, Edges, Listed, Wanted, brought
from storage.hiding import Guesses
from storage.rows import PageRequest

# The arguments of fields, by `Type.field`.
Given: TypeAlias = Mapping[str, Mapping[str, Any]]

# Documents that differ in this are few; whoever makes up more has them worked out again.
MOST_KNOWN: Final = 200

_OF_PHOTOS: Final[dict[str, Brought]] = {
    "Photo.variants": brought(variants.ALONG, "id"),
    "Photo.variant": brought(variants.ALONG, "id"),
    "Photo.viewerHasLiked": brought(likes.ALONG, "id"),
    "Photo.likeCount": brought(likes.HIDDEN, "id"),
    "Photo.commentCount": brought(comments.HIDDEN, "id"),
}
_OF_COMMENTS: Final[dict[str, Brought]] = {
    "Comment.replyCount": brought(comments.HIDDEN_REPLIES, "id")
}
OF_USERS: Final[dict[str, Brought]] = {
    "viewerFollow": brought(follows.ALONG, "id"),
    "photoCount": brought(follows.ALONG, "id"),
    "followsViewer": brought(follows.ALONG_BACK, "id"),
    "followerCount": brought(follows.HIDDEN_FOLLOWERS, "id"),
    "followingCount": brought(follows.HIDDEN_FOLLOWING, "id"),
}


# Lists of which the first page is worth bringing along.
_LISTS: Final[dict[str, tuple[Listed, Paged]]] = {
    "Photo.comments": (comments.ALONG, "comments"),
    "User.photos": (photos.ALONG, "photos"),
}


def along(
    asked: AbstractSet[str],
    given: Given,
    claim: Claim | None = None,
    guesses: Guesses | None = None,
) -> Along:
    """What to bring along where *asked* are the fields, as `Type.field` and `Type.field.field`,
    and those of *given* are asked with these arguments and nowhere else; and the word on *claim*.
    """
    sizes = tuple(
        (name, arguments.get("first"))
        for name, arguments in given.items()
        if name in _LISTS and arguments.get("after") is None
    )
    return Along(*_foreseen(asked, sizes), claim=claim, guesses=guesses)


@lru_cache(MOST_KNOWN)
def _foreseen(
    asked: AbstractSet[str], sizes: tuple[tuple[str, int | None], ...]
) -> tuple[Wanted, dict[str, PageRequest]]:
    pages = {name: page for name, first in sizes if (page := _page(name, first)) is not None}
    of_comments = _edges(_OF_COMMENTS, asked) + _person("Comment.author", "author_id", asked)
    of_photos = (
        _edges(_OF_PHOTOS, asked)
        + _person("Photo.owner", "owner_id", asked)
        + _listed("Photo.comments", pages, of_comments)
    )
    of_users = _with_person("User", asked) + _listed("User.photos", pages, of_photos)
    by_edge = {_LISTS[name][0].name: page for name, page in pages.items()}
    return Wanted(of_photos, of_users, of_comments), by_edge


def _page(name: str, first: int | None) -> PageRequest | None:
    try:
        return requested(_LISTS[name][1], first, None)
    except BadArgument:
        # Whoever is asked will say so.
        return None


def _edges(table: dict[str, Brought], asked: AbstractSet[str]) -> Edges:
    # Always in the same order: the text of a statement is kept by it.
    return tuple(dict.fromkeys(edge for name, edge in table.items() if name in asked))


def _person(field: str, by: str, asked: AbstractSet[str]) -> Edges:
    """The user whose id the entries have in that column."""
    return (brought(users.ALONG, by, *_with_person(field, asked)),) if field in asked else ()


def _with_person(field: str, asked: AbstractSet[str]) -> Edges:
    return _edges({f"{field}.{name}": edge for name, edge in OF_USERS.items()}, asked)


def _listed(name: str, pages: Container[str], below: Edges) -> Edges:
    return (brought(_LISTS[name][0], "id", *below),) if name in pages else ()
