"""What PicShare should be, as plainly as it can be said: sets, and rules over them.

Nothing here is fast or stored. A history is played both here and through the API, and what
people see must be the same.
"""

from dataclasses import dataclass, field

PUBLIC, FOLLOWERS, PRIVATE = "PUBLIC", "FOLLOWERS", "PRIVATE"


@dataclass
class Photo:
    owner: str
    visibility: str
    number: int


@dataclass
class Comment:
    photo: str
    author: str
    parent: str | None
    number: int
    is_deleted: bool = False


@dataclass
class Model:
    """Who did what, and what follows from it."""

    people: list[str]
    private: set[str] = field(default_factory=set)
    follows: set[tuple[str, str]] = field(default_factory=set)
    requests: set[tuple[str, str]] = field(default_factory=set)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    photos: dict[str, Photo] = field(default_factory=dict)
    likes: set[tuple[str, str]] = field(default_factory=set)
    comments: dict[str, Comment] = field(default_factory=dict)
    count: int = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    # What people do; each answers whether it is allowed.

    def follow(self, by: str, of: str) -> bool:
        if by == of or self.apart(by, of):
            return False
        if of in self.private and (by, of) not in self.follows:
            self.requests.add((by, of))
        else:
            self.follows.add((by, of))
        return True

    def unfollow(self, by: str, of: str) -> bool:
        if self.apart(by, of):
            return False
        self.follows.discard((by, of))
        self.requests.discard((by, of))
        return True

    def accept(self, by: str, of: str) -> bool:
        if self.apart(by, of) or not {(of, by)} & (self.requests | self.follows):
            return False
        self.requests.discard((of, by))
        self.follows.add((of, by))
        return True

    def decline(self, by: str, of: str) -> bool:
        if self.apart(by, of) or (of, by) not in self.requests:
            return False
        self.requests.discard((of, by))
        return True

    def block(self, by: str, of: str) -> bool:
        if (by, of) in self.blocks:
            return True
        if by == of or self.apart(by, of):
            return False
        self.blocks.add((by, of))
        pair = {(by, of), (of, by)}
        self.follows -= pair
        self.requests -= pair
        return True

    def unblock(self, by: str, of: str) -> bool:
        had = (by, of) in self.blocks
        self.blocks.discard((by, of))
        return had or not self.apart(by, of)

    def set_private(self, by: str, *, is_private: bool) -> None:
        if is_private:
            self.private.add(by)
            return
        self.private.discard(by)
        waiting = {pair for pair in self.requests if pair[1] == by}
        self.requests -= waiting
        self.follows |= waiting

    def like(self, by: str, photo: str) -> bool:
        if not self.sees(by, photo):
            return False
        self.likes.add((by, photo))
        return True

    def unlike(self, by: str, photo: str) -> bool:
        if not self.sees(by, photo):
            return False
        self.likes.discard((by, photo))
        return True

    def may_comment(self, by: str, photo: str, parent: str | None) -> bool:
        if not self.sees(by, photo):
            return False
        if parent is None:
            return True
        on = self.comments[parent]
        return on.photo == photo and not on.is_deleted and self.meets(by, parent)

    def delete_comment(self, by: str, id: str) -> bool:
        comment = self.comments.get(id)
        if comment is None or comment.is_deleted:
            return False
        if not self.sees(by, comment.photo) or not self.meets(by, id):
            return False
        if by not in {comment.author, self.photos[comment.photo].owner}:
            return False
        comment.is_deleted = True
        self._prune(id)
        return True

    def _prune(self, id: str | None) -> None:
        while id is not None and self.comments[id].is_deleted and not self.children(id):
            id = self.comments.pop(id).parent

    def delete_photo(self, by: str, photo: str) -> bool:
        if self.photos[photo].owner != by:
            return False
        del self.photos[photo]
        self.likes = {like for like in self.likes if like[1] != photo}
        self.comments = {id: each for id, each in self.comments.items() if each.photo != photo}
        return True

    # What people see.

    def apart(self, one: str, other: str) -> bool:
        return bool({(one, other), (other, one)} & self.blocks)

    def sees(self, viewer: str, photo: str) -> bool:
        shown = self.photos[photo]
        if viewer == shown.owner:
            return True
        if self.apart(viewer, shown.owner) or shown.visibility == PRIVATE:
            return False
        follows = (viewer, shown.owner) in self.follows
        return follows or (shown.visibility == PUBLIC and shown.owner not in self.private)

    def meets(self, viewer: str, comment: str | None) -> bool:
        """Whether nobody on the way up from a comment is hidden from the viewer."""
        while comment is not None:
            each = self.comments[comment]
            if self.apart(viewer, each.author):
                return False
            comment = each.parent
        return True

    def children(self, parent: str | None) -> list[str]:
        return [id for id, each in self.comments.items() if each.parent == parent]

    def photos_of(self, owner: str, viewer: str) -> list[str]:
        shown = [id for id, each in self.photos.items() if each.owner == owner]
        return self._newest(id for id in shown if self.sees(viewer, id))

    def feed(self, viewer: str) -> list[str]:
        authors = {of for by, of in self.follows if by == viewer} | {viewer}
        return self._newest(
            id
            for id, each in self.photos.items()
            if each.owner in authors and self.sees(viewer, id)
        )

    def _newest(self, ids) -> list[str]:
        return sorted(ids, key=lambda each: -self.photos[each].number)

    def followers(self, of: str, viewer: str) -> set[str]:
        return {by for by, whom in self.follows if whom == of and not self.apart(viewer, by)}

    def following(self, by: str, viewer: str) -> set[str]:
        return {of for who, of in self.follows if who == by and not self.apart(viewer, of)}

    def likers(self, photo: str, viewer: str) -> set[str]:
        return {by for by, what in self.likes if what == photo and not self.apart(viewer, by)}

    def thread(self, photo: str, viewer: str, parent: str | None = None) -> list[tuple]:
        """(id, author or None for a tombstone, replies), newest first, replies oldest first."""
        ids = [
            id
            for id in self.children(parent)
            if self.comments[id].photo == photo and not self.apart(viewer, self.comments[id].author)
        ]
        ids.sort(key=lambda each: self.comments[each].number, reverse=parent is None)
        return [(id, self.comments[id].is_deleted, self.thread(photo, viewer, id)) for id in ids]
