"""For each mutation one that is allowed, and a table that it writes."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from storage.database import Database
from tests.making import (
    Person,
    make_block,
    make_comment,
    make_follow,
    make_like,
    make_photo,
    make_private,
)
from tests.profiles.operations import LEAVE, LOG_IN, PASSWORD, REFRESH, RENAME, SIGN_UP

ADD = 'mutation($id: ID!) { addComment(input: {photoId: $id, body: "Hm"}) { errors { code } } }'
PUBLISH = "mutation($id: ID!) { publishPhoto(input: {uploadId: $id}) { errors { code } } }"
READ = "mutation { markNotificationsRead { unreadCount errors { code } } }"
EXPORT = "mutation { requestExport { errors { code } } }"
LOG_OUT = "mutation { logOut { errors { code } } }"


@dataclass(frozen=True, slots=True)
class Scene:
    """Whom and what a case can use."""

    database: Database
    ask: Callable[..., Awaitable[Any]]
    arrived: Callable[..., Awaitable[Any]]
    signed_up: Callable[[str], Awaitable[Person]]
    ann: Person
    bob: Person
    # Nobody's yet.
    username: str


@dataclass(frozen=True, slots=True)
class Case:
    table: str
    document: str
    viewer: Person | None = None
    variables: dict[str, Any] = field(default_factory=dict)


def by_id(name: str) -> str:
    return f"mutation($id: ID!) {{ {name}(id: $id) {{ errors {{ code }} }} }}"


def by_input(name: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    return f"mutation($input: {kind}) {{ {name}(input: $input) {{ errors {{ code }} }} }}"


async def like(scene):
    photo = await make_photo(scene.database, scene.ann)
    return Case("likes", by_id("likePhoto"), scene.bob, {"id": photo.id})


async def unlike(scene):
    photo = await make_photo(scene.database, scene.ann)
    await make_like(scene.database, by=scene.bob, of=photo)
    return Case("likes", by_id("unlikePhoto"), scene.bob, {"id": photo.id})


async def add_comment(scene):
    photo = await make_photo(scene.database, scene.ann)
    return Case("comments", ADD, scene.bob, {"id": photo.id})


async def delete_comment(scene):
    photo = await make_photo(scene.database, scene.ann)
    comment = await make_comment(scene.database, by=scene.bob, of=photo)
    return Case("comments", by_id("deleteComment"), scene.bob, {"id": comment.id})


async def update_photo(scene):
    photo = await make_photo(scene.database, scene.ann)
    edit = {"id": photo.id, "visibility": "PRIVATE"}
    return Case("photos", by_input("updatePhoto"), scene.ann, {"input": edit})


async def delete_photo(scene):
    photo = await make_photo(scene.database, scene.ann)
    return Case("photos", by_id("deletePhoto"), scene.ann, {"id": photo.id})


async def follow(scene):
    return Case("follows", by_id("followUser"), scene.bob, {"id": scene.ann.id})


async def unfollow(scene):
    await make_follow(scene.database, by=scene.bob, of=scene.ann)
    return Case("follows", by_id("unfollowUser"), scene.bob, {"id": scene.ann.id})


async def remove_follower(scene):
    await make_follow(scene.database, by=scene.bob, of=scene.ann)
    return Case("follows", by_id("removeFollower"), scene.ann, {"id": scene.bob.id})


async def accept(scene):
    await make_private(scene.database, scene.ann)
    await make_follow(scene.database, by=scene.bob, of=scene.ann)
    return Case("follow_requests", by_id("acceptFollow"), scene.ann, {"id": scene.bob.id})


async def decline(scene):
    await make_private(scene.database, scene.ann)
    await make_follow(scene.database, by=scene.bob, of=scene.ann)
    return Case("follow_requests", by_id("declineFollow"), scene.ann, {"id": scene.bob.id})


async def block(scene):
    return Case("blocks", by_id("blockUser"), scene.bob, {"id": scene.ann.id})


async def unblock(scene):
    await make_block(scene.database, by=scene.bob, of=scene.ann)
    return Case("blocks", by_id("unblockUser"), scene.bob, {"id": scene.ann.id})


async def read(scene):
    photo = await make_photo(scene.database, scene.ann)
    await make_like(scene.database, by=scene.bob, of=photo)
    return Case("notifications", READ, scene.ann)


async def create_upload(scene):
    digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    promise = {"contentType": "image/jpeg", "byteSize": 1, "checksumSha256": digest}
    return Case("uploads", by_input("createUpload"), scene.ann, {"input": promise})


async def publish(scene):
    upload = await scene.arrived(scene.ann)
    return Case("photos", PUBLISH, scene.ann, {"id": upload.id})


async def update_profile(scene):
    upload = await scene.arrived(scene.ann)
    change = {"bio": "New", "avatarUploadId": upload.id}
    return Case("avatars", by_input("updateProfile"), scene.ann, {"input": change})


async def change_username(scene):
    return Case("former_usernames", RENAME, scene.ann, {"username": scene.username})


async def request_export(scene):
    return Case("exports", EXPORT, scene.ann)


async def delete_account(scene):
    person = await scene.signed_up(scene.username)
    return Case("departures", LEAVE, person, {"password": PASSWORD})


async def sign_up(scene):
    return Case("users", SIGN_UP, variables={"input": _account(scene)})


async def log_in(scene):
    await scene.signed_up(scene.username)
    given = {"login": scene.username, "password": PASSWORD}
    return Case("sessions", LOG_IN, variables=given)


async def refresh_session(scene):
    made = await scene.ask(SIGN_UP, input=_account(scene))
    token = made["signUp"]["session"]["refreshToken"]
    return Case("sessions", REFRESH, variables={"token": token})


async def log_out(scene):
    return Case("sessions", LOG_OUT, scene.ann)


def _account(scene):
    address = f"{scene.username}@example.org"
    return {"username": scene.username, "email": address, "password": PASSWORD}


CASES: Final = {
    "likePhoto": like,
    "unlikePhoto": unlike,
    "addComment": add_comment,
    "deleteComment": delete_comment,
    "updatePhoto": update_photo,
    "deletePhoto": delete_photo,
    "followUser": follow,
    "unfollowUser": unfollow,
    "removeFollower": remove_follower,
    "acceptFollow": accept,
    "declineFollow": decline,
    "blockUser": block,
    "unblockUser": unblock,
    "markNotificationsRead": read,
    "createUpload": create_upload,
    "publishPhoto": publish,
    "updateProfile": update_profile,
    "changeUsername": change_username,
    "requestExport": request_export,
    "deleteAccount": delete_account,
    "signUp": sign_up,
    "logIn": log_in,
    "refreshSession": refresh_session,
    "logOut": log_out,
}
