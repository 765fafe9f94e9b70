"""The AWS connector against a real S3 server: what is taken, when, and what is told when not."""


import pytest

from ingest.connect import configure
from ingest.models import Delivery
from ingest.run_source import fetch_folder, run_source
from tests.ingest.aws import (
    BUCKET,
    deliver_legacy,
    legacy_row,
)
from tests.ingest.aws import (
    s3 as s3_server,
)
from tests.ingest.bills import ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with s3_server() as bucket:
        yield bucket


@pytest.fixture
def bucket(server):
    """The bucket, empty."""
    for page in server.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for one in page.get("Contents", ()):
            server.client.delete_object(Bucket=BUCKET, Key=one["Key"])
    return server


def source_of(bucket, name="aws", **more):
    return configure(name, "aws_s3", bucket.config(**more))


def run(source):
    source.refresh_from_db()
    return run_source(source)


def costs():
    return [row[1:] for row in ledger()]


def test_it_loads_a_report_and_does_nothing_the_second_time(bucket, home):
    deliver_legacy(bucket, "2026-09", "a1", [legacy_row("i-1", "2026-09-01", "98.32")])
    deliver_legacy(bucket, "2026-10", "b1", [legacy_row("i-1", "2026-10-01", "5")])
    source = source_of(bucket, prefix="cur")

    first = run(source)
    assert (first.state, first.published, first.message) == ("done", 2, "")
    assert costs() == [("i-1", "2026-09-01", "98.32"), ("i-1", "2026-10-01", "5")]
    assert [fact["assembly"] for fact in first.facts] == ["b1", "a1"]

    second = run(source)
    assert (second.state, second.sets) == ("done", 0)
    assert Delivery.objects.count() == 2
    assert list(fetch_folder(source).iterdir()) == []
