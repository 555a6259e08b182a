"""Builds what a process has one of, from its settings."""

import os
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from resolvers.context import Parts, Rules
from server.addresses import Addresses
from server.auth.callers import Callers
from server.auth.passwords import Passwords
from server.auth.tokens import Tokens
from server.graphql.idempotency import Once
from server.graphql.limits import Limits
from server.graphql.persisted import BadManifest, Persisted, manifest
from server.graphql.websocket import SocketRules
from server.hub import Hub
from server.mail.letters import Letters
from server.mail.postboxes import Folder, Smtp
from server.news import News
from server.rates.buckets import Buckets, Fallback, InMemory, InPostgres, Policy
from server.rates.gate import Gate, Limiter, Open, Rates, per_hour
from server.rates.redis import InRedis
from server.settings import Settings, SettingsError
from server.webhooks import signatures, targets
from server.webhooks.client import Client
from server.webhooks.service import WebhookService
from server.webhooks.signatures import Signer
from storage.database import Database
from storage.hiding import Guesses
from storage.lifecycle import Lifecycle, Wishes
from storage.objects import Bucket, Objects
from storage.quotas import Quota
from storage.sweeping.leftovers import Times
from workers.mails import Postbox
from workers.moderation import Service
from workers.sweeps import Rules as Sweeping

# Two requests at a time may renew their leases; the others have some.
RATE_CONNECTIONS = 2
ORIGINAL_URL_TTL = timedelta(minutes=5)


def database(settings: Settings, application_name: str) -> Database:
    """The database, without a connection yet."""
    return Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        reads_at_once=settings.database_reads_at_once,
        application_name=application_name,
    )


def _hurried(settings: Settings) -> Database:
    """The database for those whom somebody waits for: no statement lasts longer than a query."""
    return Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        reads_at_once=settings.database_reads_at_once,
        application_name="picshare-api",
        command_timeout_s=settings.deadline_s,
    )


def objects(settings: Settings) -> Objects:
    """The bucket."""
    return Objects(_bucket(settings))


def lifecycle(settings: Settings) -> Lifecycle:
    """The rules that the bucket itself keeps."""
    return Lifecycle(_bucket(settings))


def wishes(settings: Settings) -> Wishes:
    """What those rules are to be."""
    return Wishes(settings.staging_days, settings.cold_days, settings.cold_class)


def _bucket(settings: Settings) -> Bucket:
    return Bucket(
        endpoint=settings.s3_endpoint,
        public_endpoint=settings.public_s3_endpoint,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
        name=settings.s3_bucket,
        region=settings.s3_region,
    )


def rules(settings: Settings) -> Rules:
    """The figures that users are held to."""
    return Rules(
        max_upload_bytes=settings.max_upload_bytes,
        max_pixels=settings.max_pixels,
        part_bytes=settings.upload_part_bytes,
        quota=Quota(settings.max_photos_per_user, settings.max_bytes_per_user),
        upload_ttl=timedelta(seconds=settings.upload_ttl_s),
        publish_ttl=timedelta(seconds=settings.publish_ttl_s),
        original_url_ttl=ORIGINAL_URL_TTL,
        refresh_token_ttl=timedelta(seconds=settings.refresh_token_ttl_s),
        refresh_grace=timedelta(seconds=settings.refresh_grace_s),
        login_checks_per_account=settings.login_checks_per_account,
        login_checks_per_address=settings.login_checks_per_address,
    )


def sweeping(settings: Settings) -> Sweeping:
    """What is kept for how long."""
    read_s = settings.read_notifications_s
    times = Times(
        grace=timedelta(seconds=settings.sweep_grace_s),
        refresh_token_ttl=timedelta(seconds=settings.refresh_token_ttl_s),
        read_notifications=timedelta(seconds=read_s) if read_s else None,
    )
    return Sweeping(times, settings.sweep_most_originals)


def limits(settings: Settings) -> Limits:
    """The most that a document may hold."""
    return Limits(
        document_bytes=settings.max_document_bytes,
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        fields=settings.max_fields,
        aliases=settings.max_aliases,
        repeated_fields=settings.max_repeated_fields,
        directives=settings.max_directives,
        root_fields=settings.max_root_fields,
        operations=settings.max_operations,
        fragments=settings.max_fragments,
        cost=settings.max_cost,
        deadline_s=settings.deadline_s,
        write_deadline_s=settings.write_deadline_s,
        cache_bytes=settings.document_cache_bytes,
        introspection=settings.introspection,
        suggestions=settings.suggestions,
        report_cost=settings.report_cost,
    )


def persisted(settings: Settings) -> Persisted:
    """The documents that have an id. Raises SettingsError."""
    paths = [Path(each.strip()) for each in settings.trusted_documents.split(",") if each.strip()]
    try:
        trusted = manifest(paths)
    except BadManifest as error:
        raise SettingsError(f"PICSHARE_TRUSTED_DOCUMENTS: {error}") from error
    return Persisted(settings.document_mode, trusted, settings.persisted_documents_bytes)


def sockets(settings: Settings) -> SocketRules:
    """What WebSockets are held to."""
    return SocketRules(
        origins=frozenset(settings.origins),
        per_user=settings.max_sockets_per_user,
        per_address=settings.max_sockets_per_address,
        operations=settings.max_operations_per_socket,
        messages_per_s=settings.socket_messages_per_s,
    )


def gate(settings: Settings) -> Limiter:
    """What holds everybody to the rate limits."""
    if settings.rate_store == "off":
        return Open()
    return Gate(_buckets(settings), _rates(settings), tokens(settings))


def _buckets(settings: Settings) -> Buckets:
    url = settings.redis_url.get_secret_value()
    if settings.rate_store == "memory":
        return InMemory()
    if settings.rate_store == "redis" or (settings.rate_store == "auto" and url):
        if not url:
            raise SettingsError("PICSHARE_REDIS_URL: is needed for PICSHARE_RATE_STORE=redis")
        try:
            return Fallback(InRedis(url))
        except ImportError:
            raise SettingsError("PICSHARE_REDIS_URL: install picshare[redis]") from None
    opened = Database(
        settings.database_url.get_secret_value(),
        pool_size=RATE_CONNECTIONS,
        application_name="picshare-rates",
    )
    return Fallback(InPostgres(opened))


def _rates(settings: Settings) -> Rates:
    burst, per_s = settings.rate_burst_points, settings.rate_points_per_minute / 60
    by_address = {"logIn": settings.log_ins_per_hour, "signUp": settings.sign_ups_per_hour}
    by_user = {"report": settings.reports_per_hour, "createUpload": settings.uploads_per_hour}
    return Rates(
        user=Policy("user", burst, per_s),
        address=Policy("address", burst, per_s),
        by_address={name: per_hour(name, times) for name, times in by_address.items()},
        by_user={name: per_hour(name, times) for name, times in by_user.items()},
    )


def tokens(settings: Settings) -> Tokens:
    """What signs and reads tokens; the same for all of a process, so that it reads each once."""
    lifetime_s = min(settings.access_token_ttl_s, settings.refresh_token_ttl_s)
    return _tokens(settings.secret_key.get_secret_value(), lifetime_s)


@lru_cache(1)
def _tokens(secret: str, lifetime_s: float) -> Tokens:
    return Tokens(secret, access_ttl=timedelta(seconds=lifetime_s))


def addresses(settings: Settings) -> Addresses:
    """What makes the addresses of variants."""
    return Addresses(
        settings.secret_key.get_secret_value(),
        public_url=settings.public_media_url,
        restricted_url=settings.public_restricted_media_url,
        window=timedelta(seconds=settings.restricted_media_window_s),
    )


def once(settings: Settings) -> Once:
    """What executes mutations with a key once."""
    return Once(settings.secret_key.get_secret_value())


def postbox(settings: Settings) -> Postbox:
    """What mails leave by."""
    letters = Letters(settings.mail_from, settings.app_url)
    url = settings.smtp_url.get_secret_value()
    if url:
        return Smtp(url, letters)
    return Folder(settings.data_dir / "mails", letters, is_told=settings.mail_is_told)


def signer(settings: Settings) -> Signer | None:
    """What signs webhooks and believes callbacks; None where there is no secret."""
    keys = signatures.keys(settings.moderation_secrets.get_secret_value())
    return Signer(keys) if keys else None


def moderation(settings: Settings) -> Service | None:
    """What decides about held photos; None where people do."""
    signing = signer(settings)
    if not settings.moderation_url or signing is None:
        return None
    is_local = settings.moderation_allow_loopback
    return WebhookService(
        targets.target(settings.moderation_url, allow_loopback=is_local),
        signing,
        Client(allow_loopback=is_local),
        addresses(settings).of,
    )


def build(settings: Settings) -> Parts:
    """Everything the API needs."""
    opened = _hurried(settings)
    signing = tokens(settings)
    return Parts(
        database=opened,
        objects=objects(settings),
        passwords=Passwords(threads=os.cpu_count() or 1),
        tokens=signing,
        callers=Callers(opened, signing),
        wakeups=Hub(settings.database_url.get_secret_value()),
        news=News(opened),
        rules=rules(settings),
        media=addresses(settings),
        guesses=Guesses(),
    )
