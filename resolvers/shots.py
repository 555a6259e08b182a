"""What a camera wrote beside the pixels: for the owner, and for others as far as that shares it."""

from collections.abc import Sequence
from datetime import datetime

from resolvers.batches import batched
from resolvers.context import Info
from schema.photos import Photo
from schema.shots import Camera
from storage.shots import ShotRow


@batched
async def taken_at(photos: Sequence[Photo], info: Info) -> list[datetime | None]:
    """When it was taken, as its file says; null unless the photo is yours or the owner shares it.

    Where the camera wrote no zone, its clock is read as UTC. Null until READY.
    """
    return [shot.taken_at if shot else None for shot in await _shown(photos, info)]


@batched
async def camera(photos: Sequence[Photo], info: Info) -> list[Camera | None]:
    """What it was taken with; null unless the photo is yours or the owner shares it."""
    return [Camera.of(shot.camera) if shot else None for shot in await _shown(photos, info)]


@batched
async def shares_taken_at(photos: Sequence[Photo], info: Info) -> list[bool | None]:
    """Whether you show others `takenAt`; null unless the photo is yours."""
    shots = await _shown(photos, info)
    shared = [shot is not None and shot.shares_taken_at for shot in shots]
    return _own(photos, info, shared)


@batched
async def shares_camera(photos: Sequence[Photo], info: Info) -> list[bool | None]:
    """Whether you show others `camera`; null unless the photo is yours."""
    shots = await _shown(photos, info)
    return _own(photos, info, [shot is not None and shot.shares_camera for shot in shots])


async def _shown(photos: Sequence[Photo], info: Info) -> list[ShotRow | None]:
    return await info.context.loaders.shots.many([photo.key for photo in photos])


def _own(photos: Sequence[Photo], info: Info, said: Sequence[bool]) -> list[bool | None]:
    viewer = info.context.viewer_id
    return [
        each if photo.row.owner_id == viewer else None
        for photo, each in zip(photos, said, strict=True)
    ]
