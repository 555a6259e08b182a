"""`picshare lifecycle`: rules that the store keeps are read back, and refusals are told."""

import asyncio

import pytest
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from server import parts
from storage.lifecycle import Wishes

THEIRS = Rule(ENABLED, Filter(prefix="theirs/"), "theirs", expiration=Expiration(days=3))


@pytest.fixture
def bucket(store, settings, objects):
    """The rules of the bucket, as another client sees them."""
    keys = store.access_key, store.secret_key
    client = Minio(store.endpoint.partition("://")[2], *keys, secure=False, region="us-east-1")
    yield lambda: getattr(client.get_bucket_lifecycle(settings.s3_bucket), "rules", [])
    if store.is_strict:
        client.delete_bucket_lifecycle(settings.s3_bucket)


@pytest.fixture
def verb(picshare, place):
    async def verb(**settings):
        return await asyncio.to_thread(picshare, "lifecycle", **place | settings)

    return verb


async def test_staging_expires_by_itself(strict, bucket, verb):
    answer = await verb()

    assert answer.exit_code == 0
    assert "staging/ expires after 7 days: kept\n" in answer.stdout
    found = {rule.rule_id: rule for rule in bucket()}
    assert found["picshare-staging"].expiration.days == 7
    assert found["picshare-staging"].rule_filter.prefix == "staging/"
    assert (await verb()).stdout == answer.stdout


async def test_a_class_that_the_store_lacks_is_told(strict, bucket, verb):
    answer = await verb(cold_days=30, cold_class="NO_SUCH_TIER")

    assert answer.exit_code == 1
    wish = "originals/ move to NO_SUCH_TIER after 30 days"
    assert f"{wish}: refused, InvalidStorageClass: Invalid storage class." in answer.stdout
    assert "picshare-staging" in {rule.rule_id for rule in bucket()}


async def test_the_rules_of_others_stay(strict, store, settings, bucket):
    own = parts.lifecycle(settings)
    own._client.set_bucket_lifecycle(settings.s3_bucket, LifecycleConfig([THEIRS]))

    await own.apply(Wishes(staging_days=2, cold_days=0, cold_class=""))
    both = {rule.rule_id for rule in bucket()}
    await own.apply(Wishes(staging_days=0, cold_days=0, cold_class=""))

    assert {"theirs", "picshare-staging"} <= both
    assert [rule.rule_id for rule in bucket()] == ["theirs"]


async def test_a_store_without_rules_is_told_of_and_left_as_it_is(store, objects, verb):
    if store.is_strict:
        pytest.skip("this store has rules")
    await objects.write("staging/there", b"x", "image/jpeg")

    answers = [await verb(), await verb(staging_days=0)]
    cold = await verb(cold_days=30)

    said = "the store has no lifecycle rules: workers expire staging by themselves"
    assert [answer.exit_code for answer in answers] == [0, 0]
    assert answers[0].stdout.startswith(said)
    assert (cold.exit_code, cold.stdout.startswith(said)) == (1, True)
    assert await objects.keys("staging/there") == ["staging/there"]
    await objects.delete("staging/there")


async def test_an_empty_bucket_survives_a_store_without_rules(store, settings):
    if store.is_strict:
        pytest.skip("this store has rules")
    empty = settings.model_copy(update={"s3_bucket": f"{settings.s3_bucket}-empty"})
    opened = parts.objects(empty)
    await opened.ensure_bucket()

    await parts.lifecycle(empty).apply(Wishes(staging_days=0, cold_days=0, cold_class=""))

    assert await opened.is_reachable()


async def test_staging_never_expires_before_it_can_be_published(verb):
    answer = await verb(staging_days=1)

    assert answer.exit_code == 2
    assert "PICSHARE_STAGING_DAYS must be a day more than PICSHARE_PUBLISH_TTL_S" in answer.stderr
