"""What a developer sees of mails in `picshare dev`."""

import httpx

from server.embedded.processes import await_condition
from tests.accounts.operations import SIGN_UP, account


def test_dev_keeps_each_mail_in_a_folder_and_says_its_code_on_a_line(running):
    given = account()
    body = {"query": SIGN_UP, "variables": {"input": given}}
    answer = httpx.post(f"{running.url}/graphql", json=body, timeout=30).json()
    assert answer["data"]["signUp"]["errors"] == []
    said = f"Mail to {given['email']}: Confirm your e-mail address "

    assert await_condition(lambda: said in running.log.read_text(), 60)
    code = running.log.read_text().partition(said)[2].split()[0]
    kept = [path.read_text() for path in (running.data_dir / "mails").glob("*.eml")]
    assert sum(code in text for text in kept) == 1
