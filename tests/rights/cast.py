"""The roles of the page, played by real accounts around one photo."""

from dataclasses import dataclass

from storage.rows import PhotoFailureCode, PhotoStatus, Visibility
from storage.tables import follow_requests, photos
from tests.making import (
    Person,
    Shared,
    make_block,
    make_follow,
    make_person,
    make_photo,
    make_private,
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody around one owner; the guest is None."""

    owner: Person
    people: dict[str, Person | None]


async def make_cast(database, settings, *, is_private: bool) -> Cast:
    owner = await make_person(database, settings, "owner")
    people = {
        role: await make_person(database, settings, role)
        for role in ("follower", "requested", "stranger", "blocked", "blocking")
    }
    await make_follow(database, by=people["follower"], of=owner)
    async with database.begin() as tx:
        asking = {"follower_id": people["requested"].key, "followee_id": owner.key}
        await tx.execute(follow_requests.insert().values(asking))
    await make_block(database, by=owner, of=people["blocked"])
    await make_block(database, by=people["blocking"], of=owner)
    if is_private:
        await make_private(database, owner)
    return Cast(owner, {"owner": owner, "guest": None, **people})


async def make_state(database, owner: Person, visibility: str, status: str) -> Shared:
    shown = Visibility(visibility)
    photo = await make_photo(database, owner, visibility=shown, is_ready=status == "READY")
    if status == "FAILED":
        failed = {
            "status": PhotoStatus.FAILED,
            "failure_code": PhotoFailureCode.PROCESSING_ERROR,
            "failure_message": "it went wrong",
        }
        async with database.begin() as tx:
            await tx.execute(photos.update().where(photos.c.id == photo.key).values(failed))
    return photo
