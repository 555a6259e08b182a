"""A1: fifty who log in at once, while somebody else goes on asking."""

import asyncio

import pytest

from tests.accounts.operations import LOG_IN, SIGN_UP, account
from tests.load.conftest import api, victim
from tests.load.shooting import Shooter, quantile, request

__all__ = ["api", "victim"]

AT_ONCE = 50
ROUNDS = 20
MOST_S = 0.25


@pytest.fixture
def plain(settings):
    return settings.model_copy(update={"login_checks_per_address": 10**6})


@pytest.mark.torture
async def test_fifty_log_ins_at_once(api, victim):
    given = account()
    shooter = Shooter(api.url)
    assert (await shooter.ask(request(SIGN_UP, input=given)))[0] == 200
    log_in = request(LOG_IN, login=given["username"], password=given["password"])

    async with victim(api, "A1, 50 log-ins at once", per_s=20) as asking:
        for _ in range(ROUNDS):
            answers = await asyncio.gather(*(shooter.ask(log_in) for _ in range(AT_ONCE)))
            assert {status for status, _ in answers} == {200}
            assert all(b'"errors":[]' in body for _, body in answers)
    shooter.close()

    assert quantile(asking.shots, 0.99) <= MOST_S
    assert api.complaints() == []
