"""What `picshare dev` will start, all of it decided before the first process."""

from dataclasses import dataclass

from pydantic import SecretStr

from server.cli import checks, keys
from server.embedded import sockets
from server.embedded.postgres import Cluster
from server.embedded.store import Store
from server.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of all children, and the embedded parts where no real ones are given."""

    settings: Settings
    cluster: Cluster | None
    objects: Store | None


def plan(settings: Settings) -> Plan:
    """Raises CannotStart for a taken port, SettingsError for settings that do not go together."""
    # Nobody balances a laptop.
    settings = settings.model_copy(update={"drain_s": 0, "mail_is_told": True})
    settings = _with_port(settings, "port")
    settings = _with_secrets(settings)
    cluster, objects = None, None
    if not settings.database_url.get_secret_value():
        cluster = Cluster(settings.data_dir / "postgres", settings.data_dir / "logs/postgres.log")
        settings = settings.model_copy(update={"database_url": SecretStr(cluster.url)})
    if not settings.s3_endpoint:
        settings = _with_port(settings, "embedded_s3_port")
        objects = _store(settings)
        settings = settings.model_copy(update={"s3_endpoint": objects.endpoint})
    return Plan(settings, cluster, objects)


def _with_port(settings: Settings, name: str) -> Settings:
    """These settings with a port that is free now; for 0 any that is."""
    port = getattr(settings, name)
    if port == 0:
        return settings.model_copy(update={name: sockets.free_port(settings.host)})
    sockets.bound(settings.host, port, f"PICSHARE_{name.upper()}").close()
    return settings


def _with_secrets(settings: Settings) -> Settings:
    if settings.s3_endpoint:
        checks.are_set(settings, *checks.STORE)
    kept = keys.kept(settings.data_dir / "secrets.json")
    missing = {
        name: value if name == "s3_access_key" else SecretStr(value)
        for name, value in kept.items()
        if not checks.text(getattr(settings, name))
    }
    return settings.model_copy(update=missing)


def _store(settings: Settings) -> Store:
    if settings.port == settings.embedded_s3_port:
        raise SettingsError("PICSHARE_EMBEDDED_S3_PORT: must not be the same as PICSHARE_PORT")
    return Store(
        directory=settings.data_dir / "objects",
        log=settings.data_dir / "logs/store.log",
        host=settings.host,
        port=settings.embedded_s3_port,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.s3_bucket,
    )
