from pathlib import Path

import pytest

from server.embedded.sockets import free_port
from server.settings import Settings
from tests.cli.conftest import SECRET, Picshare


def test_serve_names_all_that_must_be_set(picshare: Picshare):
    result = picshare("serve")

    assert result.exit_code == 2
    assert result.stderr == "".join(
        f"picshare: PICSHARE_{name}: must be set (`picshare dev` brings its own)\n"
        for name in ("DATABASE_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SECRET_KEY")
    )


@pytest.mark.parametrize("verb", ["work", "migrate"])
def test_work_and_migrate_need_no_secret_key(picshare: Picshare, verb: str):
    result = picshare(verb)

    assert result.exit_code == 2
    assert "PICSHARE_SECRET_KEY" not in result.stderr
    assert result.stderr.count("\n") == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"port": "many"},
            "PICSHARE_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        ({"secret_key": "short"}, "PICSHARE_SECRET_KEY: must have at least 32 characters"),
        (
            {"database_url": "mysql://host/x"},
            "PICSHARE_DATABASE_URL: must begin with postgresql://",
        ),
        (
            {"database_url": "postgresql://host:99999/x"},
            "PICSHARE_DATABASE_URL: Port out of range 0-65535",
        ),
        (
            {"s3_endpoint": "host:9000"},
            "PICSHARE_S3_ENDPOINT: must be an address like https://host:port",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["dev", "serve"])
def test_a_wrong_setting_is_one_line(
    picshare: Picshare, verb: str, settings: dict[str, str], message: str
):
    result = picshare(verb, **settings)

    assert (result.exit_code, result.stderr) == (2, f"picshare: {message}\n")


def test_an_empty_variable_is_as_good_as_none(picshare: Picshare):
    result = picshare("schema", port="", s3_bucket="")

    assert result.exit_code == 0
    assert result.stdout.endswith("}\n")


@pytest.mark.parametrize("verb", ["dev", "serve", "work", "migrate"])
def test_an_unreachable_database_is_one_line(
    picshare: Picshare, given: dict[str, object], verb: str, tmp_path: Path
):
    port = free_port()
    url = f"postgresql://ann:secret@127.0.0.1:{port}/picshare"

    result = picshare(verb, **given | {"database_url": url, "data_dir": tmp_path})

    assert result.exit_code == 1
    assert result.stderr == (
        f"picshare: the database at 127.0.0.1:{port}/picshare cannot be used: "
        "nobody listens there (PICSHARE_DATABASE_URL)\n"
    )


def test_a_missing_database_is_one_line(picshare: Picshare, given: dict[str, object]):
    url = str(given["database_url"]).replace("/picshare?", "/other?")

    result = picshare("serve", **given | {"database_url": url})

    assert result.exit_code == 1
    assert result.stderr.endswith(
        'cannot be used: database "other" does not exist (PICSHARE_DATABASE_URL)\n'
    )
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["dev", "serve", "work", "migrate"])
def test_an_unreachable_store_is_one_line(
    picshare: Picshare, given: dict[str, object], verb: str, tmp_path: Path
):
    endpoint = f"http://127.0.0.1:{free_port()}"

    result = picshare(verb, **given | {"s3_endpoint": endpoint, "data_dir": tmp_path})

    assert result.exit_code == 1
    assert result.stderr == (
        f"picshare: the object store at {endpoint} cannot be reached: "
        "nobody listens there (PICSHARE_S3_ENDPOINT)\n"
    )


def test_a_store_that_refuses_us_is_one_line(picshare: Picshare, given: dict[str, object]):
    result = picshare("migrate", **given | {"s3_secret_key": "another"})

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith(
        f"picshare: the object store at {given['s3_endpoint']} refuses us: "
    )


def test_a_taken_port_is_one_line(picshare: Picshare, given: dict[str, object], taken_port: int):
    result = picshare("serve", **given | {"port": taken_port})

    assert (result.exit_code, result.stderr) == (
        1,
        f"picshare: port {taken_port} on 127.0.0.1 is taken; set PICSHARE_PORT to another\n",
    )


def test_a_foreign_address_is_one_line(picshare: Picshare, given: dict[str, object]):
    result = picshare("serve", **given | {"host": "192.0.2.1"})

    assert (result.exit_code, result.stderr) == (
        1,
        "picshare: 192.0.2.1 is not an address of this machine; set PICSHARE_HOST to one\n",
    )


def test_migrate_twice_is_migrate_once(picshare: Picshare, given: dict[str, object]):
    codes = [picshare("migrate", **given).exit_code for _ in range(2)]

    assert codes == [0, 0]


def test_the_settings_survive_the_way_to_a_child(monkeypatch: pytest.MonkeyPatch, tmp_path):
    settings = Settings(secret_key=SECRET, data_dir=tmp_path, s3_bucket="other")
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert Settings() == settings
