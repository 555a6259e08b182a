import os
import signal
import stat
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from server.embedded import postgres
from server.embedded.postgres import Cluster
from server.embedded.processes import CannotStart, await_condition


async def test_a_second_start_finds_the_data_again(cluster: Cluster):
    first = postgres.start(cluster)
    await _execute(cluster, "create table kept (value int); insert into kept values (42)")
    first.stop()

    second = postgres.start(cluster)
    try:
        assert postgres.ask(cluster, "select value from kept") == "42"
    finally:
        second.stop()
    assert first.exit_code == 0


async def test_the_address_works_with_asyncpg_and_sqlalchemy(cluster: Cluster):
    process = postgres.start(cluster)
    engine = create_async_engine(make_url(cluster.url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            name = (await connection.execute(text("select current_database()"))).scalar_one()
        await _execute(cluster, "select 1")
    finally:
        await engine.dispose()
        process.stop()

    assert name == "picshare"


def test_it_is_durable_checked_and_unicode(cluster: Cluster):
    process = postgres.start(replace(cluster, is_durable=True))
    try:
        found = postgres.ask(
            cluster,
            "select current_setting('fsync'), current_setting('data_checksums'),"
            " current_setting('listen_addresses'), pg_encoding_to_char(encoding),"
            " datlocprovider, datlocale from pg_database where datname = 'picshare'",
        )
    finally:
        process.stop()

    assert found == "on|on||UTF8|b|C.UTF-8"


def test_only_its_user_can_enter_the_directory_of_its_socket(cluster: Cluster):
    process = postgres.start(cluster)
    try:
        mode = stat.S_IMODE(cluster.socket_directory.stat().st_mode)
    finally:
        process.stop()

    assert mode == 0o700


def test_a_server_that_outlived_its_parent_is_ended_first(cluster: Cluster):
    old = postgres.start(cluster)

    new = postgres.start(cluster)
    try:
        assert postgres.ask(cluster, "select 1") == "1"
        assert old.exit_code == 0
    finally:
        new.stop()


def test_it_starts_after_a_crash_that_left_its_files(cluster: Cluster):
    old = postgres.start(cluster)
    os.kill(old.pid, signal.SIGKILL)
    assert await_condition(lambda: old.exit_code is not None, 10)
    assert (cluster.directory / "postmaster.pid").exists()

    new = postgres.start(cluster)
    try:
        assert postgres.ask(cluster, "select 1") == "1"
    finally:
        new.stop()


def test_a_stale_file_that_names_a_stranger_is_ignored(cluster: Cluster):
    stale = cluster.directory / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n{cluster.directory}\n")

    process = postgres.start(cluster)
    process.stop()

    assert process.exit_code == 0


def test_a_long_path_gets_a_short_socket(directory: Path):
    long = directory / ("long" * 25)
    long.mkdir()
    cluster = Cluster(long / "postgres", directory / "log", is_durable=False)

    process = postgres.start(cluster)
    try:
        assert postgres.ask(cluster, "select 1") == "1"
    finally:
        process.stop()
        cluster.socket_directory.rmdir()


def test_data_of_another_version_is_refused(directory: Path):
    cluster = Cluster(directory / "postgres", directory / "log")
    cluster.directory.mkdir()
    (cluster.directory / "PG_VERSION").write_text("17\n")

    with pytest.raises(CannotStart) as refused:
        postgres.start(cluster)

    assert str(refused.value) == (
        f"{cluster.directory} was made by PostgreSQL 17, this is 18; "
        "set PICSHARE_DATA_DIR to another directory, or dump and restore the data"
    )


def test_an_initdb_that_was_cut_short_is_begun_again(directory: Path):
    cluster = Cluster(directory / "postgres", directory / "log", is_durable=False)
    unfinished = directory / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")

    process = postgres.start(cluster)
    process.stop()

    assert process.exit_code == 0
    assert not unfinished.exists()


def test_a_damaged_cluster_is_told_with_the_log(directory: Path):
    cluster = Cluster(directory / "postgres", directory / "log", is_durable=False)
    postgres.start(cluster).stop()
    (cluster.directory / "global" / "pg_control").unlink()

    with pytest.raises(CannotStart) as refused:
        postgres.start(cluster)

    assert str(refused.value) == (
        f"PostgreSQL ended with code 2 while starting; see {directory / 'log'}"
    )
    assert await_condition(lambda: "pg_control" in cluster.log.read_text(), 1)


async def _execute(cluster: Cluster, statement: str) -> None:
    connection = await asyncpg.connect(cluster.url)
    await connection.execute(statement)
    await connection.close()
