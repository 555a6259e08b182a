import re
import shutil
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import httpx
import pytest

from tests.images.conftest import corpus
from tests.running import Running

__all__ = ["corpus"]

PASSWORD = "correct horse"
MY_PHOTOS = """{ viewer { photoCount photos(first: 100) { edges { node {
  title visibility status failure { code } originalUrl variants { name url }
} } } } }"""
LOG_IN = "mutation($i: LogInInput!) { logIn(input: $i) { session { accessToken } } }"


@pytest.fixture
def login() -> str:
    return f"ann{token_hex(4)}"


@pytest.fixture
def folder(tmp_path: Path, corpus: Path) -> Path:
    """Three good pictures, one of them deeper, a broken one, and what is no picture."""
    made = tmp_path / "pictures"
    (made / "older").mkdir(parents=True)
    shutil.copy(corpus / "photos/landscape_6.jpg", made / "evening_walk.jpg")
    shutil.copy(corpus / "odd/flower.webp", made / "Flower.WEBP")
    shutil.copy(corpus / "odd/png_rgba.png", made / "older/glass.png")
    (made / "broken.jpg").write_bytes((corpus / "photos/gps_1.jpg").read_bytes()[:9000])
    (made / "notes.txt").write_text("no picture")
    (made / ".hidden.jpg").write_bytes(b"nobody's business")
    return made


@pytest.fixture
def good(folder: Path) -> Path:
    (folder / "broken.jpg").unlink()
    return folder


def imported(running: Running, folder: Path, login: str, *more: str):
    return running.picshare(
        "import",
        str(folder),
        f"--login={login}",
        f"--sign-up={login}@example.org",
        *more,
        PICSHARE_IMPORT_PASSWORD=PASSWORD,
    )


def asked(running: Running, query: str, token: str = "", **variables: object):
    answer = httpx.post(
        f"{running.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {token}"} if token else {},
    ).json()
    assert "errors" not in answer
    return answer["data"]


def photos(running: Running, login: str) -> dict[str, dict]:
    session = asked(running, LOG_IN, i={"login": login, "password": PASSWORD})["logIn"]["session"]
    viewer = asked(running, MY_PHOTOS, session["accessToken"])["viewer"]
    return {edge["node"]["title"]: edge["node"] for edge in viewer["photos"]["edges"]}


def test_every_picture_becomes_a_photo(running: Running, good: Path, login: str):
    result = imported(running, good, login, "--visibility=FOLLOWERS")

    assert (result.returncode, result.stdout) == (
        0,
        "Skipping 1 files that by their names are no pictures.\n3 of 3 photos are READY.\n",
    )
    found = photos(running, login)
    assert set(found) == {"evening walk", "Flower", "glass"}
    for photo in found.values():
        assert (photo["status"], photo["visibility"]) == ("READY", "FOLLOWERS")
    original = httpx.get(found["evening walk"]["originalUrl"])
    assert original.content == (good / "evening_walk.jpg").read_bytes()


def test_a_second_run_sends_nothing(running: Running, good: Path, login: str):
    imported(running, good, login)
    before = stored(running)

    result = imported(running, good, login)

    assert result.returncode == 0
    assert result.stdout.splitlines()[1:] == [
        "3 of 3 photos are READY.",
        "3 of them had been uploaded before.",
    ]
    assert stored(running) == before
    assert len(photos(running, login)) == 3


def test_it_goes_on_with_what_was_added(running: Running, good: Path, login: str, corpus: Path):
    imported(running, good, login, "--no-recursive")
    shutil.copy(corpus / "odd/gray.jpg", good / "a first name.jpg")

    result = imported(running, good, login)

    assert result.returncode == 0
    assert result.stdout.splitlines()[1:] == [
        "4 of 4 photos are READY.",
        "2 of them had been uploaded before.",
    ]
    assert set(photos(running, login)) == {"evening walk", "Flower", "glass", "a first name"}


def test_a_broken_picture_is_named_with_its_reason(running: Running, folder: Path, login: str):
    result = imported(running, folder, login)

    assert result.returncode == 1
    assert "3 of 4 photos are READY." in result.stdout
    assert re.search(r"^FAILED \S+/broken\.jpg: CORRUPT_IMAGE: .+$", result.stderr, re.MULTILINE)
    assert result.stderr.splitlines()[-1] == "picshare: 1 of 4 files did not become photos"
    assert photos(running, login)["broken"]["failure"] == {"code": "CORRUPT_IMAGE"}


def test_a_file_the_server_refuses_does_not_stop_the_others(
    running: Running,
    good: Path,
    login: str,
):
    (good / "empty.png").touch()

    result = imported(running, good, login)

    assert result.returncode == 1
    assert "3 of 4 photos are READY." in result.stdout
    assert "empty.png: INVALID: byteSize must be at least 1" in result.stderr


def test_the_same_bytes_twice_are_one_photo(running: Running, good: Path, login: str):
    shutil.copy(good / "Flower.WEBP", good / "older/copy.webp")

    result = imported(running, good, login)

    assert result.returncode == 0
    assert "1 files have the same bytes as another and count once." in result.stdout
    assert len(photos(running, login)) == 3


def test_no_server_is_one_line(tmp_path: Path, running: Running):
    (tmp_path / "a.jpg").touch()

    result = running.picshare(
        "import", str(tmp_path), "--login=ann", "--password=x", "--url=http://127.0.0.1:1"
    )

    assert result.returncode == 1
    assert result.stderr.startswith("picshare: http://127.0.0.1:1 cannot be reached: ")
    assert result.stderr.count("\n") == 1


def test_a_wrong_password_is_one_line(running: Running, good: Path):
    result = running.picshare("import", str(good), "--login=nobody", "--password=wrong")

    assert result.returncode == 1
    assert result.stderr == "picshare: the login or the password is wrong\n"


def test_an_empty_folder_is_no_success(running: Running, tmp_path: Path):
    result = running.picshare("import", str(tmp_path), "--login=ann", "--password=x")

    assert (result.returncode, result.stderr) == (
        1,
        f"picshare: there are no pictures in {tmp_path}\n",
    )


def stored(running: Running) -> dict[str, datetime]:
    """Every object, and when it was last written: sending it again would change that."""
    return running.objects("")
