"""What a query will ask of photos, users and comments, and what is brought along for that.

An edge asks its loader in any case; here stands only what the loader may know by then.
"""

import itertools
from collections.abc import Container, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, Final, TypeAlias

from resolvers.paging import BadArgument, requested
from schema.pages import Listed as Paged
from storage import comments, follows, likes, photos, users, variants
from storage.along import Along, Claim, Edges, Listed, Wanted, brought
from storage.rows import PageRequest
from storage.visibility import HIDING

# The arguments of fields, by `Type.field`.
Given: TypeAlias = Mapping[str, Mapping[str, Any]]

# Documents that differ in this are few; whoever makes up more has them worked out again.
MOST_KNOWN: Final = 200

_HIDING: Final = brought(HIDING, None)


def _of_person(field: str, by: str) -> dict[str, Edges]:
    """What is asked of a user whose id the entries have in that column."""
    return {
        f"{field}.viewerFollow": (brought(follows.ALONG, by),),
        f"{field}.photoCount": (brought(follows.ALONG, by),),
        f"{field}.followsViewer": (brought(follows.ALONG_BACK, by),),
        f"{field}.followerCount": (_HIDING, brought(follows.HIDDEN_FOLLOWERS, by)),
        f"{field}.followingCount": (_HIDING, brought(follows.HIDDEN_FOLLOWING, by)),
    }


_OF_PHOTOS: Final[dict[str, Edges]] = {
    "Photo.variants": (brought(variants.ALONG, "id"),),
    "Photo.variant": (brought(variants.ALONG, "id"),),
    "Photo.viewerHasLiked": (brought(likes.ALONG, "id"),),
    "Photo.likeCount": (_HIDING, brought(likes.HIDDEN, "id")),
    "Photo.commentCount": (_HIDING, brought(comments.HIDDEN, "id")),
    "Photo.owner": (brought(users.ALONG, "owner_id"),),
    **_of_person("Photo.owner", "owner_id"),
}
_OF_COMMENTS: Final[dict[str, Edges]] = {
    "Comment.replyCount": (_HIDING, brought(comments.HIDDEN_REPLIES, "id")),
    "Comment.author": (brought(users.ALONG, "author_id"),),
    **_of_person("Comment.author", "author_id"),
}
_OF_USERS: Final = _of_person("User", "id")


# Lists of which the first page is worth bringing along.
_LISTS: Final[dict[str, tuple[Listed, Paged]]] = {
    "Photo.comments": (comments.ALONG, "comments"),
    "User.photos": (photos.ALONG, "photos"),
}


def along(
    asked: AbstractSet[str], given: Given, *, is_guest: bool, claim: Claim | None = None
) -> Along:
    """What to bring along where *asked* are the fields, as `Type.field` and `Type.field.field`,
    and those of *given* are asked with these arguments and nowhere else; and the word on *claim*.
    """
    sizes = tuple(
        (name, arguments.get("first"))
        for name, arguments in given.items()
        if name in _LISTS and arguments.get("after") is None
    )
    return Along(*_foreseen(asked, sizes, is_guest), claim=claim)


@lru_cache(MOST_KNOWN)
def _foreseen(
    asked: AbstractSet[str],
    sizes: tuple[tuple[str, int | None], ...],
    is_guest: bool,  # noqa: FBT001 - Told apart by it.
) -> tuple[Wanted, dict[str, PageRequest]]:
    pages = {name: page for name, first in sizes if (page := _page(name, first)) is not None}
    of_comments = _edges(_OF_COMMENTS, asked)
    of_photos = _edges(_OF_PHOTOS, asked) + _listed("Photo.comments", pages, of_comments)
    of_users = _edges(_OF_USERS, asked) + _listed("User.photos", pages, of_photos)
    wanted = Wanted(of_photos, of_users, of_comments)
    known = {_LISTS[name][0].known_as: page for name, page in pages.items()}
    return wanted.by_guests() if is_guest else wanted, known


def _page(name: str, first: int | None) -> PageRequest | None:
    try:
        return requested(_LISTS[name][1], first, None)
    except BadArgument:
        # Whoever is asked will say so.
        return None


def _edges(known: dict[str, Edges], asked: AbstractSet[str]) -> Edges:
    # Always in the same order: the text of a statement is kept by it.
    wanted = (edges for name, edges in known.items() if name in asked)
    return tuple(dict.fromkeys(itertools.chain.from_iterable(wanted)))


def _listed(name: str, pages: Container[str], below: Edges) -> Edges:
    return (brought(_LISTS[name][0], "id", *below),) if name in pages else ()
