"""Settings come from the environment or from files; what is wrong is told, secrets are not."""

import os

import pytest

from server.settings import SettingsError, load


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PICSHARE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def environment(monkeypatch):
    def environment(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"PICSHARE_{name}", value)

    return environment


def complaint():
    with pytest.raises(SettingsError) as error:
        load()
    return str(error.value)


def test_without_any_variable_there_are_the_defaults_of_a_laptop():
    settings = load()

    assert settings.api_url == "http://127.0.0.1:8000"
    assert settings.public_media_url == "http://127.0.0.1:8000/media"
    assert settings.upload_ttl_s == 900
    assert settings.secret_key.get_secret_value() == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_for_everyone_is_not_one_to_call(environment, host):
    environment(HOST=host, PORT="1234")

    assert load().api_url in {"http://127.0.0.1:1234", "http://[::1]:1234"}


def test_public_addresses_are_the_private_ones_unless_they_are_set(environment):
    environment(S3_ENDPOINT="http://store:9000/")
    assert load().public_s3_endpoint == "http://store:9000"

    environment(S3_PUBLIC_ENDPOINT="https://s3.example.org", MEDIA_URL="https://cdn.example.org/m/")
    assert load().public_s3_endpoint == "https://s3.example.org"
    assert load().public_media_url == "https://cdn.example.org/m"


def test_a_secret_may_lie_in_a_file(environment, tmp_path):
    file = tmp_path / "key"
    file.write_text("k" * 32 + "\n")
    environment(SECRET_KEY_FILE=str(file), PORT_FILE="/nowhere")

    assert load().secret_key.get_secret_value() == "k" * 32


def test_a_file_that_is_missing_or_unfit_is_told(environment, tmp_path):
    environment(SECRET_KEY_FILE=str(tmp_path / "none"))
    assert complaint() == (
        f"PICSHARE_SECRET_KEY_FILE: No such file or directory: {tmp_path / 'none'}"
    )

    (tmp_path / "binary").write_bytes(b"\xff\xfe" * 20)
    environment(SECRET_KEY_FILE=str(tmp_path / "binary"))
    assert complaint() == f"PICSHARE_SECRET_KEY_FILE: is no text in UTF-8: {tmp_path / 'binary'}"

    (tmp_path / "short").write_text("short")
    environment(SECRET_KEY_FILE=str(tmp_path / "short"))
    assert complaint() == "PICSHARE_SECRET_KEY: must have at least 32 characters"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "x", "valid integer"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("UPLOAD_TTL_S", "901", "less than or equal to 900"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("S3_BUCKET", "No", "match pattern"),
        ("S3_ENDPOINT", "store:9000", "must be an address like https://host:port"),
        ("S3_ENDPOINT", "http://", "must be an address like https://host:port"),
        ("S3_ENDPOINT", "http://store:x", "Port out of range 0-65535"),
        ("MEDIA_URL", "http://[::1", "only an IPv6 address may stand in brackets"),
        ("DATABASE_URL", "mysql://host/db", "must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://host:70000/db", "Port out of range 0-65535"),
        ("DATABASE_URL", "postgresql://[::1/db", "only an IPv6 address may stand"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(environment, name, value, told):
    environment(**{name: value})

    message = complaint()

    assert message.startswith(f"PICSHARE_{name}: ")
    assert told in message
    assert "\n" not in message


def test_every_wrong_value_has_its_line(environment):
    environment(PORT="x", LOG_FORMAT="y", SECRET_KEY="short")

    assert [line.partition(":")[0] for line in complaint().splitlines()] == [
        "PICSHARE_PORT",
        "PICSHARE_LOG_FORMAT",
        "PICSHARE_SECRET_KEY",
    ]


def test_bytes_wait_at_least_as_long_as_they_may_come(environment):
    environment(UPLOAD_TTL_S="600", PUBLISH_TTL_S="599")

    assert complaint() == "PICSHARE_PUBLISH_TTL_S must not be below PICSHARE_UPLOAD_TTL_S"


@pytest.mark.parametrize(
    "variables",
    [
        {"SECRET_KEY": "canary"},
        {"DATABASE_URL": "postgresql://ann:canary/9@host/db"},
        {"DATABASE_URL": "postgres:ann:canary@host"},
        {"DATABASE_URL": "postgresql://ann:[canary]@host/db"},
        {"DATABASE_URL": "postgresql://ann:pass@[canary]/db"},
        {"DATABASE_URL": "mysql://ann:canary@host/db"},
        {"S3_SECRET_KEY": "canary", "PORT": "x"},
    ],
)
def test_a_complaint_holds_no_secret(environment, variables):
    environment(**variables)

    try:
        shown = str(load())
    except SettingsError as error:
        shown = str(error)

    assert "canary" not in shown
