"""What people ask for about their own profiles."""

PASSWORD = "a password of mine"

SIGN_UP = """
mutation($input: SignUpInput!) { signUp(input: $input) {
  session { accessToken refreshToken user { id } } errors { code message path }
} }
"""
LOG_IN = """
mutation($login: String!, $password: String!) {
  logIn(input: {login: $login, password: $password}) {
    session { accessToken user { id } } errors { code message path }
  }
}
"""
REFRESH = """
mutation($token: String!) { refreshSession(input: {refreshToken: $token}) {
  session { accessToken } errors { code path }
} }
"""
CHOOSE = """
mutation($id: ID) { updateProfile(input: {avatarUploadId: $id}) {
  user { id avatarUrl avatarStatus avatarFailure { code } } errors { code message path }
} }
"""
AVATAR = """
query($id: ID!) { node(id: $id) { ... on User {
  avatarUrl avatarStatus avatarFailure { code message retryable }
} } }
"""
RENAME = """
mutation($username: String!) { changeUsername(input: {username: $username}) {
  user { id username } errors { code message path }
} }
"""
LEAVE = """
mutation($password: String!) { deleteAccount(input: {password: $password}) {
  deletedId errors { code message path }
} }
"""
