"""W5: a second after a right has ended, nothing that it let through is delivered any more."""

import asyncio
import itertools
import os
import secrets
from datetime import timedelta
from time import perf_counter

import pytest
from sqlalchemy import func, update

from server.auth.tokens import Tokens
from storage.tables import sessions
from tests.accounts.operations import CHANGE_PASSWORD
from tests.load.listeners import Listener, connected
from tests.load.shooting import tell
from tests.load.test_crowds import until
from tests.making import make_block, make_like, make_person, make_photo
from tests.profiles.conftest import signed_up
from tests.profiles.operations import PASSWORD
from tests.subscriptions.clients import RECEIVED

__all__ = ["signed_up"]

KINDS = ("expired", "log-out", "ended", "password", "block", "unshare")
RUNS = int(os.environ.get("PICSHARE_TEST_RIGHTS_RUNS", "48"))
BOUND_S = 1.0
AT_ONCE = 4
LOG_OUT = "mutation { logOut { errors { code } } }"
LIKE = "mutation($id: ID!) { likePhoto(id: $id) { errors { code } } }"
ADD = """
mutation($id: ID!, $body: String!) {
  addComment(input: {photoId: $id, body: $body}) { errors { code } }
}
"""
HIDE = """
mutation($id: ID!) {
  updatePhoto(input: {id: $id, visibility: PRIVATE}) { errors { code } }
}
"""


class Run:
    """Somebody who listens, the end of their right, and what would be told to them."""

    def __init__(self, number, kind, owner, listener):
        self.number, self.kind, self.owner, self.viewer = number, kind, owner, listener
        self.ended_at = float("inf")
        self.photo = None
        self.listening = None


async def _begun(run, api, database, settings):
    run.photo = await make_photo(database, run.owner if run.kind == "unshare" else run.viewer)
    token = run.viewer.token
    if run.kind == "expired":
        brief = Tokens(settings.secret_key.get_secret_value(), access_ttl=timedelta(seconds=5))
        token, _ = brief.access(brief.session(token))
        run.ended_at = perf_counter() + 5
    run.listening = await connected(api.port, Listener(run.number, RECEIVED, token))


async def _end(run, database, ask):
    match run.kind:
        case "log-out":
            await ask(LOG_OUT, viewer=run.viewer)
        case "ended":
            mine = sessions.c.user_id == run.viewer.key
            async with database.begin() as tx:
                await tx.execute(update(sessions).where(mine).values(expires_at=func.now()))
        case "password":
            changed = await ask(
                CHANGE_PASSWORD, viewer=run.viewer, password=PASSWORD, new="another horse 9"
            )
            assert changed["changePassword"]["errors"] == []
        case "block":
            await make_block(database, by=run.viewer, of=run.owner)
        case "unshare":
            await ask(HIDE, viewer=run.owner, id=run.photo.id)
    run.ended_at = perf_counter()


async def _happen(run, database, ask):
    """What would have been told."""
    match run.kind:
        case "block":
            answer = await ask(LIKE, viewer=run.owner, id=run.photo.id)
            assert answer["likePhoto"]["errors"] == [{"code": "NOT_FOUND"}]
        case "unshare":
            body = f"Only for me, @{run.viewer.username}"
            answer = await ask(ADD, viewer=run.owner, id=run.photo.id, body=body)
            assert answer["addComment"]["errors"] == []
        case _:
            await make_like(database, by=run.owner, of=run.photo)


@pytest.mark.torture
async def test_nothing_is_told_a_second_after_a_right_has_ended(
    api, settings, database, ask, signed_up
):
    runs = []
    for number, kind in zip(range(RUNS), itertools.cycle(KINDS)):
        owner = await make_person(database, settings, f"own{number}")
        name = f"see{number}"
        viewer = (
            await signed_up(f"{name}_{secrets.token_hex(6)}")
            if kind == "password"
            else await make_person(database, settings, name)
        )
        runs.append(Run(number, kind, owner, viewer))
    for run in runs:
        await _begun(run, api, database, settings)
    await until(lambda: all(run.listening.is_acked for run in runs))

    places = asyncio.Semaphore(AT_ONCE)

    async def played(run):
        if run.kind != "expired":
            async with places:
                await _end(run, database, ask)
        await asyncio.sleep(max(0.0, run.ended_at + BOUND_S - perf_counter()))
        async with places:
            await _happen(run, database, ask)

    await asyncio.gather(*(played(run) for run in runs))
    closing = [run for run in runs if run.kind not in {"block", "unshare"}]
    await until(lambda: all(run.listening.ended for run in closing))
    # Whoever is woken without a word every five seconds has been by now.
    await asyncio.sleep(6)

    late = [
        (run.kind, at - run.ended_at)
        for run in runs
        for at, _ in run.listening.events
        if at > run.ended_at + BOUND_S
    ]
    ends = max(run.listening.ended - run.ended_at for run in closing)
    tell(f"{len(runs)} runs: {len(late)} events too late; closed within {ends:.2f} s")
    for run in runs:
        run.listening.transport.abort()
    assert late == []
    assert {run.listening.code for run in closing} == {4403}
    assert {run.listening.code for run in runs if run not in closing} == {0}
    assert api.complaints() == []
