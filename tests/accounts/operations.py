"""What clients send about their accounts, and what they are told when it is refused."""

import secrets

SIGN_UP = """
mutation($input: SignUpInput!) {
  signUp(input: $input) {
    session { accessToken accessTokenExpiresAt refreshToken user { username displayName } }
    errors { __typename code message path }
  }
}
"""
LOG_IN = """
mutation($login: String!, $password: String!) {
  logIn(input: {login: $login, password: $password}) {
    session { accessToken refreshToken user { username photoCount } }
    errors { code message path }
  }
}
"""
REFRESH = """
mutation($token: String!) {
  refreshSession(input: {refreshToken: $token}) {
    session { accessToken refreshToken user { username photoCount } }
    errors { code message path }
  }
}
"""
LOG_OUT = "mutation { logOut { errors { code } } }"
VIEWER = "{ viewer { username } }"
PASSWORD = "correct horse battery"
WRONG = {
    "session": None,
    "errors": [
        {
            "code": "WRONG_CREDENTIALS",
            "message": "the login or the password is wrong",
            "path": ["input"],
        }
    ],
}
NO_SESSION = {
    "session": None,
    "errors": [
        {
            "code": "WRONG_CREDENTIALS",
            "message": "the refresh token is of no use (any more); log in again",
            "path": ["input", "refreshToken"],
        }
    ],
}


def account(**changed):
    """Input that signs up someone new."""
    name = f"u{secrets.token_hex(8)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **changed}


def bearer(session):
    """The header of a session as the API gave it."""
    return f"Bearer {session['accessToken']}"
