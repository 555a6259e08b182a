import re

import httpx

from tests.running import Running

FEW = ("--photos=4", "--width=400")
LOG_IN = "mutation($i: LogInInput!) { logIn(input: $i) { session { accessToken } } }"
FEED = """{ viewer { username followingCount followerCount } feed { edges { node {
  title altText tags width height takenAt location { name } visibility
} } } }"""


def session_of(running: Running, printed: str) -> str:
    found = re.search(r"Log in in GraphiQL at (\S+) as (\S+) / (\S+)", printed)
    assert found is not None
    assert found[1] == f"{running.url}/graphql"
    login = {"login": found[2], "password": found[3]}
    answer = httpx.post(found[1], json={"query": LOG_IN, "variables": {"i": login}}).json()
    return str(answer["data"]["logIn"]["session"]["accessToken"])


def test_the_feed_of_the_first_is_full(running: Running):
    result = running.picshare("demo", *FEW)

    assert result.returncode == 0, result.stderr
    token = session_of(running, result.stdout)
    answer = httpx.post(
        f"{running.url}/graphql",
        json={"query": FEED},
        headers={"Authorization": f"Bearer {token}"},
    ).json()["data"]
    assert answer["viewer"]["followingCount"] == 4
    assert answer["viewer"]["followerCount"] == 3
    photos = {edge["node"]["title"]: edge["node"] for edge in answer["feed"]["edges"]}
    assert len(photos) == 4
    upright = {title: (photo["width"], photo["height"]) for title, photo in photos.items()}
    assert upright == {
        "The lake keeps a second moon": (400, 267),
        "Last light, first stars": (400, 267),
        "Everyone is still awake": (267, 400),
        "Eight sheets of paper": (320, 320),
    }
    assert photos["The lake keeps a second moon"]["location"] is None
    assert photos["Last light, first stars"]["location"] == {"name": "Playa de la Concha"}


def test_the_links_open(running: Running):
    printed = running.picshare("demo", *FEW).stdout

    links = re.findall(r"http://\S+/media/\S+", printed)

    assert len(links) == 4
    for link in links:
        answer = httpx.get(link)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")


def test_it_can_be_run_again(running: Running):
    first, second = (running.picshare("demo", "--photos=1", "--width=320") for _ in range(2))

    assert (first.returncode, second.returncode) == (0, 0)
    assert session_of(running, first.stdout) != session_of(running, second.stdout)


def test_no_server_is_one_line(running: Running):
    result = running.picshare("demo", "--url=http://127.0.0.1:1")

    assert result.returncode == 1
    assert result.stderr.startswith("picshare: http://127.0.0.1:1 cannot be reached: ")
    assert result.stderr.count("\n") == 1
