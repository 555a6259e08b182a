"""What people are told, as plainly as it can be said: entries, each of the people who did it."""

from dataclasses import dataclass, field

About = tuple[str, str | None, str | None]


@dataclass
class Entry:
    """What somebody was told once. *about* is a kind, a photo and a comment."""

    recipient: str
    about: About
    actors: set[str]
    is_read: bool = False


@dataclass
class Inbox:
    """Everything that everybody was told and that was not taken back."""

    entries: list[Entry] = field(default_factory=list)

    def tell(
        self, recipient: str, actor: str, kind: str, photo: str | None = None, on: str | None = None
    ) -> None:
        about = (kind, photo, on)
        same = [each for each in self.of(recipient) if each.about == about]
        if recipient == actor or any(actor in each.actors for each in same):
            return
        gathering = [each for each in same if kind == "LIKE" and not each.is_read]
        if gathering:
            gathering[0].actors.add(actor)
        else:
            self.entries.append(Entry(recipient, about, {actor}))

    def withdraw(self, recipient: str, actor: str, kind: str, photo: str | None = None) -> None:
        for each in self.of(recipient):
            if each.about[:2] == (kind, photo):
                each.actors.discard(actor)
        self.entries = [each for each in self.entries if each.actors]

    def sever(self, one: str, other: str) -> None:
        for recipient, actor in ((one, other), (other, one)):
            for each in self.of(recipient):
                each.actors.discard(actor)
        self.entries = [each for each in self.entries if each.actors]

    def forget_photo(self, photo: str) -> None:
        self.entries = [each for each in self.entries if each.about[1] != photo]

    def forget_comment(self, comment: str) -> None:
        self.entries = [each for each in self.entries if each.about[2] != comment]

    def read(self, recipient: str) -> None:
        for each in self.of(recipient):
            each.is_read = True

    def of(self, recipient: str) -> list[Entry]:
        return [each for each in self.entries if each.recipient == recipient]

    def unread(self, recipient: str) -> int:
        return len([each for each in self.of(recipient) if not each.is_read])
