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
mutation($login: String!, $password: String!, $device: String) {
  logIn(input: {login: $login, password: $password, refreshToken: $device}) {
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
ERRORS = "errors { code message path }"
CHANGE_PASSWORD = f"""
mutation($password: String!, $new: String!) {{
  changePassword(input: {{password: $password, newPassword: $new}}) {{
    session {{ accessToken refreshToken user {{ username }} }} {ERRORS}
  }}
}}
"""
REQUEST_RESET = f"""
mutation($email: String!) {{ requestPasswordReset(input: {{email: $email}}) {{ {ERRORS} }} }}
"""
RESET = f"""
mutation($code: String!, $password: String!) {{
  resetPassword(input: {{code: $code, password: $password}}) {{
    session {{ accessToken refreshToken user {{ username }} }} {ERRORS}
  }}
}}
"""
VERIFY = f"""
mutation($code: String!) {{
  verifyEmail(input: {{code: $code}}) {{ account {{ email newEmail }} {ERRORS} }}
}}
"""
CHANGE_EMAIL = f"""
mutation($email: String!, $password: String!) {{
  changeEmail(input: {{email: $email, password: $password}}) {{
    account {{ email newEmail }} {ERRORS}
  }}
}}
"""
REQUEST_VERIFICATION = f"mutation {{ requestEmailVerification {{ {ERRORS} }} }}"
ACCOUNT = "{ account { email emailVerifiedAt newEmail } }"
SESSIONS = "{ sessions { edges { node { id userAgent isCurrent createdAt usedAt } } } }"
END_SESSION = f"mutation($id: ID!) {{ endSession(id: $id) {{ deletedId {ERRORS} }} }}"
END_OTHERS = f"mutation {{ endOtherSessions {{ endedCount {ERRORS} }} }}"
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
