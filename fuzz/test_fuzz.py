"""Ten minutes of generated requests against a whole PicShare: as a guest, a user, a moderator."""

import json
import os
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from fuzz.words import Words, configuration
from resolvers.graph import core
from server.embedded.postgres import Cluster
from tests.running import Running, started

SECONDS = int(os.environ.get("PICSHARE_FUZZ_S", "600"))
SEED = os.environ.get("PICSHARE_FUZZ_SEED")
SCHEMATHESIS = Path(os.environ["PICSHARE_FUZZ_PROGRAM"]).absolute()
ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse battery"
ROLES = ["guest", "user", "moderator"]
SIGN_UP = """mutation($input: SignUpInput!) { signUp(input: $input) {
  session { accessToken user { id } } errors { message } } }"""
PHOTOS = "{ photos(first: 50) { edges { cursor node { id owner { id username } } } } }"
FILL = """mutation($photo: ID!, $owner: ID!) {
  likePhoto(id: $photo) { errors { message } }
  addComment(input: {photoId: $photo, body: "Lovely #light"}) { comment { id } errors { message } }
  followUser(id: $owner) { errors { message } }
  report(input: {subjectId: $photo, reason: SPAM}) { errors { message } }
}"""


@pytest.fixture(scope="module")
def served():
    """A server with people, pictures, likes, comments, follows and reports."""
    settings = {
        "PICSHARE_RATE_STORE": "off",
        "PICSHARE_REPORTS_PER_HOUR": "100000",
        "PICSHARE_LOGIN_CHECKS_PER_ACCOUNT": "1000000",
        "PICSHARE_LOGIN_CHECKS_PER_ADDRESS": "1000000",
        "PICSHARE_LOG_FORMAT": "json",
    }
    with started(**settings) as found:
        demo = found.picshare("demo", "--photos", "6", "--width", "640")
        assert demo.returncode == 0, demo.stderr
        words = Words()
        for role in ROLES[1:]:
            words.add(join(found, role))
        database = Cluster(found.data_dir / "postgres", found.log).url
        made = found.picshare("moderators", "add", "moderator", PICSHARE_DATABASE_URL=database)
        assert made.returncode == 0, made.stderr
        yield found, configuration(core, words)


def join(found: Running, username: str) -> Words:
    """Sign up somebody who takes part; what can be asked for afterwards."""
    with httpx.Client(base_url=found.url, timeout=60) as client:

        def ask(query, **variables):
            answer = client.post("/graphql", json={"query": query, "variables": variables})
            assert "errors" not in answer.json(), answer.text
            return answer.json()["data"]

        wanted = {"username": username, "email": address(username), "password": PASSWORD}
        signed_up = ask(SIGN_UP, input=wanted)["signUp"]
        client.headers["Authorization"] = f"Bearer {signed_up['session']['accessToken']}"
        words = Words(ids=[signed_up["session"]["user"]["id"]], names=[username])
        for edge in ask(PHOTOS)["photos"]["edges"]:
            photo, owner = edge["node"], edge["node"]["owner"]
            payloads = ask(FILL, photo=photo["id"], owner=owner["id"])
            assert all(payload["errors"] == [] for payload in payloads.values())
            words.ids += [photo["id"], owner["id"], payloads["addComment"]["comment"]["id"]]
            words.names.append(owner["username"])
            words.cursors.append(edge["cursor"])
        return words


def address(username: str) -> str:
    return f"{username}@example.test"


@pytest.mark.parametrize("role", ROLES)
def test_generated_requests_find_nothing(
    served: tuple[Running, str], role: str, tmp_path: Path
) -> None:
    running, configured = served
    (tmp_path / "schemathesis.toml").write_text(configured)
    figures = tmp_path / "figures.json"
    before = descendants(running)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "fuzz.hooks",
        "PICSHARE_FUZZ_URL": f"{running.url}/graphql",
        "PICSHARE_FUZZ_FIGURES": str(figures),
    }
    if role != "guest":
        environment |= {
            "PICSHARE_FUZZ_LOGIN": address(role),
            "PICSHARE_FUZZ_PASSWORD": PASSWORD,
        }
    seconds = max(1, SECONDS // len(ROLES))
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "run", f"{running.url}/graphql", "--checks", "all"),
            *("--max-time", str(seconds), "--phases", "examples,coverage,fuzzing,stateful"),
            *("--continue-on-failure", "--generation-database", "none", "--no-color"),
            *("--request-timeout", "60", "--suppress-health-check", "all"),
            *(("--seed", SEED) if SEED else ()),
        ],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds * 3 + 300,
        check=False,
    )
    counted = json.loads(figures.read_text()) if figures.exists() else {}
    print(role, json.dumps(counted, indent=1, sort_keys=True))

    assert done.returncode == 0, done.stdout + done.stderr
    assert counted["requests"] > 0
    assert complaints(running.log.read_text()) == []
    assert descendants(running) == before


def descendants(running: Running) -> set[int]:
    """The processes of our own; PostgreSQL's come and go with their connections."""
    found = psutil.Process(running.pid).children(recursive=True)
    return {each.pid for each in found if any("server.cli" in part for part in each.cmdline())}


def complaints(log: str) -> list[str]:
    """Lines of the log that tell of a bug."""
    told = ("Traceback", '"level":"error"', '"level": "error"', '"level":"critical"')
    return [line for line in log.splitlines() if any(each in line for each in told)]
