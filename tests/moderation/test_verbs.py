"""What the operator does: `picshare moderators`, `held`, `decisions`, and the settings."""

import asyncio
import base64

import pytest
import typer
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from server.cli import decisions, held, moderators
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage import moderation
from storage.tables import moderation_log
from tests.making import make_person

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ACCOUNT = "{ account { isModerator } }"


@pytest.fixture
def verb(settings):
    """Runs a verb in a thread, as it has a loop of its own; what it prints."""

    async def verb(module, capsys, **arguments):
        capsys.readouterr()
        await asyncio.to_thread(module.run, settings, **arguments)
        return capsys.readouterr().out

    return verb


async def test_somebody_becomes_a_moderator_and_ceases_to_be_one(
    ask, database, settings, verb, capsys
):
    person = await make_person(database, settings, "eve")
    name = person.username
    change = {"username": name.upper()}

    assert await verb(moderators, capsys, action="add", **change) == f"{name} is a moderator now\n"
    assert await ask(ACCOUNT, viewer=person) == {"account": {"isModerator": True}}
    again = await verb(moderators, capsys, action="add", **change)
    assert again == f"{name} is a moderator already\n"
    assert name in await verb(moderators, capsys, action="list", username="")
    await verb(moderators, capsys, action="remove", **change)
    assert await ask(ACCOUNT, viewer=person) == {"account": {"isModerator": False}}
    assert name not in await verb(moderators, capsys, action="list", username="")

    async with database.connect() as connection:
        about = moderation_log.c.subject_id == person.key
        entries = select(moderation_log.c.action).where(about).order_by(moderation_log.c.id)
        made = (await connection.execute(entries)).scalars().all()
    assert made == ["MODERATOR_ADDED", "MODERATOR_REMOVED"]
    printed = await verb(decisions, capsys, most=1)
    assert printed.split()[2:] == ["OPERATOR", "-", "MODERATOR_REMOVED", person.id]


async def test_nobody_of_that_name_is_a_clear_line(verb, capsys):
    with pytest.raises(CannotStart, match="there is no user nobody_here"):
        await verb(moderators, capsys, action="add", username="nobody_here")
    with pytest.raises(CannotStart, match="USERNAME"):
        await verb(moderators, capsys, action="add", username="")


async def test_held_photos_are_listed(database, hold, ann, verb, capsys):
    photo = await hold(ann)
    async with database.begin() as tx:
        await moderation.begin_asking(tx, photo.key)
        await moderation.asked_in_vain(tx, photo.key, "the status was 410", None)

    with pytest.raises(typer.Exit) as ended:
        await verb(held, capsys, ask_again=False)
    assert ended.value.exit_code == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if photo.id in line]
    assert len(lines) == 1
    assert "asked 1 times  given up  the status was 410" in lines[0]

    lines = (await verb(held, capsys, ask_again=True)).splitlines()
    assert lines[0].startswith("asking again about")
    assert any(photo.id in line and "asked 0 times  waits" in line for line in lines)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"moderation_url": "http://example.com/", "moderation_secrets": SECRET}, "https://"),
        ({"moderation_url": "https://10.0.0.1/", "moderation_secrets": SECRET}, "public internet"),
        ({"moderation_url": "http://localhost/", "moderation_secrets": SECRET}, "public internet"),
        ({"moderation_url": "https://example.com/"}, "PICSHARE_MODERATION_SECRETS: is needed"),
        ({"moderation_secrets": "whsec_short"}, "24 to 64 bytes"),
    ],
)
def test_settings_that_cannot_work_are_refused(given, message):
    if "moderation_secrets" in given:
        given = given | {"moderation_secrets": SecretStr(given["moderation_secrets"])}
    with pytest.raises(ValidationError, match=message) as caught:
        Settings(**given)
    assert SECRET not in str(caught.value)


def test_settings_of_a_laptop_hold_nothing():
    assert Settings().holds_photos is False
    asked = {"moderation_url": "https://example.com/", "moderation_secrets": SecretStr(SECRET)}
    assert Settings(**asked).holds_photos is True
    assert Settings(moderation_hold=True).holds_photos is True
