"""What PicShare should be, as plainly as it can be said: sets, and rules over them.

Nothing here is fast or stored. A history is played both here and through the API, and what
people see must be the same.
"""

from dataclasses import dataclass, field

from tests.histories.inbox import Inbox

PUBLIC, FOLLOWERS, PRIVATE = "PUBLIC", "FOLLOWERS", "PRIVATE"
PROCESSING, READY, FAILED = "PROCESSING", "READY", "FAILED"


@dataclass
class Photo:
    owner: str
    visibility: str
    number: int
    status: str = PROCESSING
    is_retryable: bool = True


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
    inbox: Inbox = field(default_factory=Inbox)
    count: int = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    # What people do; each answers whether it is allowed.

    def follow(self, by: str, of: str) -> bool:
        if by == of or self.apart(by, of):
            return False
        if (by, of) in self.follows | self.requests:
            return True
        if of in self.private:
            self.requests.add((by, of))
            self.inbox.tell(of, by, "FOLLOW_REQUEST")
        else:
            self.follows.add((by, of))
            self.inbox.tell(of, by, "FOLLOW")
        return True

    def unfollow(self, by: str, of: str) -> bool:
        if self.apart(by, of):
            return False
        self._end(by, of)
        return True

    def remove_follower(self, by: str, of: str) -> bool:
        if self.apart(by, of):
            return False
        self._end(of, by)
        return True

    def _end(self, by: str, of: str) -> None:
        if (by, of) in self.requests:
            self.requests.discard((by, of))
            self.inbox.withdraw(of, by, "FOLLOW_REQUEST")
        if (by, of) in self.follows:
            self.follows.discard((by, of))
            self.inbox.withdraw(of, by, "FOLLOW")
            self.inbox.withdraw(by, of, "FOLLOW_ACCEPTED")

    def accept(self, by: str, of: str) -> bool:
        if self.apart(by, of) or not {(of, by)} & (self.requests | self.follows):
            return False
        if (of, by) in self.requests:
            self._let_in(of, by)
        return True

    def _let_in(self, by: str, of: str) -> None:
        self.requests.discard((by, of))
        self.follows.add((by, of))
        self.inbox.withdraw(of, by, "FOLLOW_REQUEST")
        self.inbox.tell(by, of, "FOLLOW_ACCEPTED")

    def decline(self, by: str, of: str) -> bool:
        if self.apart(by, of) or (of, by) not in self.requests:
            return False
        self.requests.discard((of, by))
        self.inbox.withdraw(by, of, "FOLLOW_REQUEST")
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
        self.inbox.sever(by, of)
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
        for follower, _ in [pair for pair in self.requests if pair[1] == by]:
            self._let_in(follower, by)

    def retry(self, by: str, photo: str) -> bool:
        tried = self.photos[photo]
        if tried.owner != by or (tried.status == FAILED and not tried.is_retryable):
            return False
        if tried.status == FAILED:
            tried.status = PROCESSING
        return True

    def like(self, by: str, photo: str) -> bool:
        if not self.may_respond(by, photo):
            return False
        if (by, photo) not in self.likes:
            self.likes.add((by, photo))
            self.inbox.tell(self.photos[photo].owner, by, "LIKE", photo)
        return True

    def unlike(self, by: str, photo: str) -> bool:
        if not self.may_respond(by, photo):
            return False
        if (by, photo) in self.likes:
            self.likes.discard((by, photo))
            self.inbox.withdraw(self.photos[photo].owner, by, "LIKE", photo)
        return True

    def may_respond(self, by: str, photo: str) -> bool:
        return self.sees(by, photo) and self.photos[photo].status == READY

    def comment(self, id: str, comment: Comment) -> None:
        self.comments[id] = comment
        owner = self.photos[comment.photo].owner
        kinds = {owner: "COMMENT"}
        if comment.parent is not None:
            kinds[self.comments[comment.parent].author] = "REPLY"
        for recipient, kind in kinds.items():
            if self.sees(recipient, comment.photo) and self.meets(recipient, id):
                self.inbox.tell(recipient, comment.author, kind, comment.photo, id)

    def may_comment(self, by: str, photo: str, parent: str | None) -> bool:
        if not self.may_respond(by, photo):
            return False
        if parent is None:
            return True
        on = self.comments[parent]
        return on.photo == photo and not on.is_deleted and self.meets(by, parent)

    def delete_comment(self, by: str, id: str) -> bool:
        comment = self.comments.get(id)
        if comment is None or comment.is_deleted:
            return False
        is_owner = by == self.photos[comment.photo].owner
        if not self.sees(by, comment.photo) or not (is_owner or self.meets(by, id)):
            return False
        if not is_owner and by != comment.author:
            return False
        comment.is_deleted = True
        self.inbox.forget_comment(id)
        self._prune(id)
        return True

    def _prune(self, id: str | None) -> None:
        while id is not None and self.comments[id].is_deleted and not self.children(id):
            id = self.comments.pop(id).parent

    def delete_photo(self, by: str, photo: str) -> bool:
        if self.photos[photo].owner != by:
            return False
        del self.photos[photo]
        self.inbox.forget_photo(photo)
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
        if shown.status != READY or shown.visibility == PRIVATE:
            return False
        if self.apart(viewer, shown.owner):
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

    def children_of(self, photo: str) -> list[str]:
        return [id for id, each in self.comments.items() if each.photo == photo]

    def photos_of(self, owner: str, viewer: str) -> list[str]:
        shown = [id for id, each in self.photos.items() if each.owner == owner]
        return self._newest(id for id in shown if self.sees(viewer, id))

    def feed(self, viewer: str) -> list[str]:
        authors = {of for by, of in self.follows if by == viewer} | {viewer}
        return self._newest(
            id
            for id, each in self.photos.items()
            if each.owner in authors and each.status == READY and self.sees(viewer, id)
        )

    def public(self, viewer: str) -> list[str]:
        return self._newest(
            id
            for id, each in self.photos.items()
            if each.visibility == PUBLIC and each.status == READY and self.sees(viewer, id)
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


def flat(thread):
    """(id, is deleted) of everything in a thread."""
    for id, is_deleted, replies in thread:
        yield id, is_deleted
        yield from flat(replies)
