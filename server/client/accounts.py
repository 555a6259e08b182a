"""Signing up, logging in, and staying in for as long as it takes."""

import asyncio
from typing import Any, Self

from server.client.api import Api, Refused, done

SESSION = "session { accessToken refreshToken user { id username } } errors { code message }"
SIGN_UP = f"mutation SignUp($input: SignUpInput!) {{ signUp(input: $input) {{ {SESSION} }} }}"
LOG_IN = f"mutation LogIn($input: LogInInput!) {{ logIn(input: $input) {{ {SESSION} }} }}"
REFRESH = f"""mutation Refresh($input: RefreshSessionInput!) {{
  refreshSession(input: $input) {{ {SESSION} }}
}}"""


class Account:
    """Someone who is logged in, and stays so when the access token runs out."""

    def __init__(self, api: Api, session: dict[str, Any], password: str) -> None:
        self.api = api
        self.id: str = session["user"]["id"]
        self.username: str = session["user"]["username"]
        self._password = password
        self._access_token: str = session["accessToken"]
        self._refresh_token: str = session["refreshToken"]
        self._renewing = asyncio.Lock()

    @classmethod
    async def signed_up(
        cls, api: Api, *, username: str, email: str, password: str, display_name: str | None = None
    ) -> Self:
        """A new account. Raises Refused with TAKEN when the name or the address has one."""
        wanted = {
            "username": username,
            "email": email,
            "password": password,
            "displayName": display_name,
        }
        answer = await api.ask(SIGN_UP, input=wanted)
        return cls(api, done(answer["signUp"])["session"], password)

    @classmethod
    async def logged_in(cls, api: Api, login: str, password: str) -> Self:
        """A new session of an account. Raises Refused with WRONG_CREDENTIALS."""
        answer = await api.ask(LOG_IN, input={"login": login, "password": password})
        return cls(api, done(answer["logIn"])["session"], password)

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of the answer to this user. Raises Refused or Transient."""
        token = self._access_token
        try:
            return await self.api.ask(document, token, **variables)
        except Refused as refusal:
            if refusal.code != "UNAUTHENTICATED":
                raise
        await self._renew(token)
        return await self.api.ask(document, self._access_token, **variables)

    async def _renew(self, token: str) -> None:
        """Get another token than *token*, unless someone who also waited has it already."""
        async with self._renewing:
            if self._access_token != token:
                return
            session = await self._next_session()
            self._access_token = session["accessToken"]
            self._refresh_token = session["refreshToken"]

    async def _next_session(self) -> dict[str, Any]:
        try:
            answer = await self.api.ask(REFRESH, input={"refreshToken": self._refresh_token})
            refreshed: dict[str, Any] = done(answer["refreshSession"])["session"]
        except Refused:
            # A session can have ended meanwhile, as after a laptop's long sleep.
            wanted = {"login": self.username, "password": self._password}
            answer = await self.api.ask(LOG_IN, input=wanted)
            return dict(done(answer["logIn"])["session"])
        return refreshed
