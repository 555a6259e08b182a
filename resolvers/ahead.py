"""What a query will ask of photos, users and comments, and what is brought along for that.

An edge asks its loader in any case; here stands only what the loader may know by then.
"""

from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

from storage import follows, likes, users, variants
from storage.along import Brought, Edges, Wanted
from storage.visibility import HIDING

# Documents that differ in this are few; whoever makes up more has them worked out again.
MOST_KNOWN: Final = 200

_HIDING: Final = Brought(HIDING, None)


def _of_person(field: str, by: str) -> dict[str, Brought]:
    """What is asked of a user whose id the entries have in that column."""
    return {
        f"{field}.viewerFollow": Brought(follows.ALONG, by),
        f"{field}.photoCount": Brought(follows.ALONG, by),
        f"{field}.followsViewer": Brought(follows.ALONG_BACK, by),
        f"{field}.followerCount": _HIDING,
        f"{field}.followingCount": _HIDING,
    }


_OF_PHOTOS: Final = {
    "Photo.variants": Brought(variants.ALONG, "id"),
    "Photo.variant": Brought(variants.ALONG, "id"),
    "Photo.viewerHasLiked": Brought(likes.ALONG, "id"),
    "Photo.likeCount": _HIDING,
    "Photo.commentCount": _HIDING,
    "Photo.owner": Brought(users.ALONG, "owner_id"),
    **_of_person("Photo.owner", "owner_id"),
}
_OF_COMMENTS: Final = {
    "Comment.replyCount": _HIDING,
    "Comment.author": Brought(users.ALONG, "author_id"),
    **_of_person("Comment.author", "author_id"),
}
_OF_USERS: Final = _of_person("User", "id")


@lru_cache(MOST_KNOWN)
def wanted(asked: AbstractSet[str]) -> Wanted:
    """What to bring along where *asked* are the fields, as `Type.field` and `Type.field.field`."""
    return Wanted(_edges(_OF_PHOTOS, asked), _edges(_OF_USERS, asked), _edges(_OF_COMMENTS, asked))


@lru_cache(MOST_KNOWN)
def wanted_by_guests(asked: AbstractSet[str]) -> Wanted:
    """The same for a query of nobody who is signed in."""
    return wanted(asked).by_guests()


def _edges(known: dict[str, Brought], asked: AbstractSet[str]) -> Edges:
    # Always in the same order: the text of a statement is kept by it.
    return tuple(dict.fromkeys(brought for name, brought in known.items() if name in asked))
