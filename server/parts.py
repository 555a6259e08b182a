"""Builds what a process has one of, from its settings."""

import os
from datetime import timedelta

from resolvers.context import Parts, Rules
from server.addresses import Addresses
from server.auth.callers import Callers
from server.auth.passwords import Passwords
from server.auth.tokens import Tokens
from server.hub import Hub
from server.settings import Settings
from storage.database import Database
from storage.objects import Bucket, Objects

ORIGINAL_URL_TTL = timedelta(minutes=5)


def database(settings: Settings, application_name: str) -> Database:
    """The database, without a connection yet."""
    return Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        application_name=application_name,
    )


def objects(settings: Settings) -> Objects:
    """The bucket."""
    return Objects(
        Bucket(
            endpoint=settings.s3_endpoint,
            public_endpoint=settings.public_s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
            name=settings.s3_bucket,
            region=settings.s3_region,
        )
    )


def rules(settings: Settings) -> Rules:
    """The figures that users are held to."""
    return Rules(
        max_upload_bytes=settings.max_upload_bytes,
        upload_ttl=timedelta(seconds=settings.upload_ttl_s),
        publish_ttl=timedelta(seconds=settings.publish_ttl_s),
        original_url_ttl=ORIGINAL_URL_TTL,
        refresh_token_ttl=timedelta(seconds=settings.refresh_token_ttl_s),
        refresh_grace=timedelta(seconds=settings.refresh_grace_s),
    )


def tokens(settings: Settings) -> Tokens:
    """What signs and reads tokens."""
    return Tokens(
        settings.secret_key.get_secret_value(),
        access_ttl=timedelta(
            seconds=min(settings.access_token_ttl_s, settings.refresh_token_ttl_s)
        ),
    )


def addresses(settings: Settings) -> Addresses:
    """What makes the addresses of variants."""
    return Addresses(
        settings.secret_key.get_secret_value(),
        public_url=settings.public_media_url,
        restricted_url=settings.public_restricted_media_url,
        window=timedelta(seconds=settings.restricted_media_window_s),
    )


def build(settings: Settings) -> Parts:
    """Everything the API needs."""
    opened = database(settings, "picshare-api")
    signing = tokens(settings)
    return Parts(
        database=opened,
        objects=objects(settings),
        passwords=Passwords(threads=os.cpu_count() or 1),
        tokens=signing,
        callers=Callers(opened, signing),
        wakeups=Hub(settings.database_url.get_secret_value()),
        rules=rules(settings),
        media=addresses(settings),
    )
