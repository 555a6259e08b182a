"""People who judge, and photos that await it."""

import subprocess
from dataclasses import replace

import pytest
import pytest_asyncio

from storage import moderation, roles, variants
from tests.making import made, make_person, make_photo


@pytest_asyncio.fixture
async def judge(database, settings):
    """A moderator."""
    person = await make_person(database, settings, "judge")
    async with database.begin() as tx:
        await roles.add(tx, person.key)
    return person


@pytest.fixture
def hold(database):
    """Makes a held photo, as a worker does."""

    async def hold(owner, *, is_asked=False, **about):
        photo = await make_photo(database, owner, is_ready=False, **about)
        async with database.begin() as tx:
            attempt = await variants.begin_attempt(tx, photo.key)
            assert attempt is not None
            attempt = replace(attempt, is_public=False)
            assert await moderation.hold(
                tx,
                attempt,
                made(attempt),
                width=4000,
                height=3000,
                blurhash="L6PZfSi_.AyE_3t7t7R**0o#DgR4",
                dominant_color="#a0c4ff",
                is_asked=is_asked,
            )
        return photo

    return hold


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """The paths of a certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    paths = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", paths[0], "-keyout", paths[1]),
        ],
        check=True,
        capture_output=True,
    )
    return paths
