import stat
from pathlib import Path

import pytest

from server.cli import keys
from server.cli.plan import plan
from server.embedded.processes import CannotStart
from server.settings import Settings, SettingsError
from tests.cli.conftest import SECRET


def test_what_is_not_given_is_embedded(tmp_path: Path):
    planned = plan(_settings(tmp_path))

    assert planned.cluster is not None
    assert planned.objects is not None
    assert planned.settings.database_url.get_secret_value() == planned.cluster.url
    assert planned.settings.s3_endpoint == planned.objects.endpoint
    assert len(planned.settings.secret_key.get_secret_value()) == 64


def test_what_is_given_is_not_embedded(tmp_path: Path):
    given = _settings(
        tmp_path,
        database_url="postgresql://host/picshare",
        s3_endpoint="https://store.example",
        s3_access_key="key",
        s3_secret_key="secret",
        secret_key=SECRET,
    )

    planned = plan(given)

    assert (planned.cluster, planned.objects) == (None, None)
    # But for a free port, mails told to whoever develops, and no wait at the end: nobody balances
    # a laptop.
    changed = {"port": planned.settings.port, "drain_s": 0, "mail_is_told": True}
    assert planned.settings == given.model_copy(update=changed)


def test_a_given_store_needs_its_keys(tmp_path: Path):
    with pytest.raises(SettingsError) as refused:
        plan(_settings(tmp_path, s3_endpoint="https://store.example", s3_access_key="key"))

    assert str(refused.value) == (
        "PICSHARE_S3_SECRET_KEY: must be set (`picshare dev` brings its own)"
    )


def test_secrets_are_made_once_and_kept_to_ourselves(tmp_path: Path):
    first, second = plan(_settings(tmp_path)), plan(_settings(tmp_path))

    assert first.settings.secret_key == second.settings.secret_key
    assert first.settings.s3_secret_key == second.settings.s3_secret_key
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_damaged_secrets_are_told(tmp_path: Path):
    path = tmp_path / "secrets.json"
    path.write_text('{"secret_key": 1}')

    with pytest.raises(CannotStart) as refused:
        keys.kept(path)

    assert str(refused.value) == f"{path} is damaged; remove it to have new secrets made"


@pytest.mark.parametrize("name", ["port", "embedded_s3_port"])
def test_a_taken_port_is_refused_by_its_setting(tmp_path: Path, taken_port: int, name: str):
    with pytest.raises(CannotStart) as refused:
        plan(_settings(tmp_path, **{name: taken_port}))

    assert str(refused.value) == (
        f"port {taken_port} on 127.0.0.1 is taken; set PICSHARE_{name.upper()} to another"
    )


def test_one_port_cannot_serve_both(tmp_path: Path):
    port = plan(_settings(tmp_path)).settings.port

    with pytest.raises(SettingsError) as refused:
        plan(_settings(tmp_path, port=port, embedded_s3_port=port))

    assert str(refused.value) == (
        "PICSHARE_EMBEDDED_S3_PORT: must not be the same as PICSHARE_PORT"
    )


def _settings(directory: Path, **values: object) -> Settings:
    return Settings(**{"data_dir": directory, "port": 0, "embedded_s3_port": 0} | values)
