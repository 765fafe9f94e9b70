"""The AWS connector against a real S3 server: what is taken, when, and what is told when not."""

import json
import random

import boto3
import pytest
import requests

from ingest.connect import check_source, configure
from ingest.load import load
from ingest.models import Delivery, Restatement
from ingest.run_source import fetch_folder, run_source
from tests.ingest.aws import BUCKET, Wire, csv_gz, deliver_export, deliver_legacy, legacy_row
from tests.ingest.aws import s3 as s3_server
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


def test_it_takes_the_newest_assembly_and_never_both(bucket, home):
    rows = [legacy_row("i-1", "2026-10-01", "5"), legacy_row("i-2", "2026-10-02", "6")]
    deliver_legacy(bucket, "2026-10", "a1", rows)
    source = source_of(bucket)
    run(source)
    deliver_legacy(bucket, "2026-10", "a2", rows, [legacy_row("i-3", "2026-10-03", "7")])

    again = run(source)

    assert (again.published, again.facts[0]["assembly"], again.facts[0]["files"]) == (1, "a2", 2)
    assert [row[2] for row in costs()] == ["5", "6", "7"]
    assert Restatement.objects.get().charges_added == 1


def test_it_sees_an_overwritten_file_by_its_etag(bucket, home):
    """Overwrite mode, and a manifest that happens to be the same bytes."""
    deliver_legacy(bucket, "2026-10", "a1", [legacy_row("i-1", "2026-10-01", "5")],
                   create_new=False)  # fmt: skip
    source = source_of(bucket)
    run(source)
    deliver_legacy(bucket, "2026-10", "a1", [legacy_row("i-1", "2026-10-01", "8")],
                   create_new=False)  # fmt: skip

    assert run(source).published == 1
    assert costs() == [("i-1", "2026-10-01", "8")]


def test_it_restates_a_month_that_closed_long_ago(bucket, home):
    deliver_legacy(bucket, "2026-03", "a1", [legacy_row("i-1", "2026-03-01", "5")])
    source = source_of(bucket)
    run(source)
    refund = {"lineItem/LineItemType": "Refund"}
    rows = [legacy_row("i-1", "2026-03-01", "5"), legacy_row("i-1", "2026-03-01", "-1", **refund)]
    deliver_legacy(bucket, "2026-03", "a2", rows)

    assert run(source).published == 1
    assert str(Restatement.objects.get().billed_delta.normalize()) == "-1"
    assert run(source).sets == 0


def test_it_reads_an_export_by_its_manifest_among_past_snapshots(bucket, home):
    rows = [
        {name.replace("/", "_"): value for name, value in legacy_row("i", "2026-10-01", c).items()}
        for c in ("1", "2")
    ]
    deliver_export(bucket, "2026-10", "20261001T00-e1", csv_gz(rows[:1]), "csv.gz")
    deliver_export(bucket, "2026-10", "20261002T00-e2", csv_gz(rows), "csv.gz")
    bucket.put("exports/ai/metadata/BILLING_PERIOD=2026-10/20261001T00-e1/ai-Manifest.json",
               json.dumps({"dataFiles": ["gone.csv.gz"]}))  # fmt: skip
    source = source_of(bucket, prefix="exports/")

    assert (done := run(source)).state == "done", done.message
    assert costs() == [("i", "2026-10-01", "3")]
    assert done.facts[0]["assembly"] == "20261002T00-e2"


def test_it_goes_on_where_a_cut_download_ended(bucket, home):
    noise = random.Random(1)  # so that it does not compress
    rows = [legacy_row(f"i-{noise.getrandbits(256):x}", "2026-10-01", "1") for _ in range(20_000)]
    body = csv_gz(rows)
    deliver_legacy(bucket, "2026-10", "a1", body)
    wire = Wire(bucket.url)
    wire.cut_after = len(body) // 8
    source = configure("aws", "aws_s3", bucket.config(endpoint_url=wire.url))

    cut = run(source)
    assert (cut.state, cut.published) == ("failed", 0)
    assert f"of {len(body)}" in cut.message and "goes on from there" in cut.cure
    wire.cut_after = None
    whole = run(source)
    wire.close()

    assert (whole.state, whole.rows) == ("done", 20_000)
    assert 0 < whole.facts[0]["bytes_downloaded"] < len(body) * 3 // 4


def test_it_never_mixes_two_deliveries(bucket, home):
    """The month is overwritten between the first file and the second."""

    def parts(cost):
        return [[legacy_row(f"i-{n}", "2026-10-01", cost)] for n in (1, 2)]

    def overwrite():
        deliver_legacy(bucket, "2026-10", "a2", *parts("20"), create_new=False)

    deliver_legacy(bucket, "2026-10", "a1", *parts("10"), create_new=False)
    wire = Wire(bucket.url)
    wire.before = (b"GET /bills/cur/report/20261001-20261101/report-2.csv.gz", overwrite)
    source = configure("aws", "aws_s3", bucket.config(endpoint_url=wire.url))

    done = run(source)
    wire.close()

    assert (done.state, done.facts[0]["assembly"]) == ("done", "a2")
    assert [row[2] for row in costs()] == ["20", "20"]
    assert list(fetch_folder(source).iterdir()) == []


def test_it_tries_a_held_set_again_from_the_copy_it_has(bucket, home):
    rows = [legacy_row("i-1", "2026-10-01", "5")]
    (home / "bill.csv.gz").write_bytes(csv_gz(rows))
    load([home / "bill.csv.gz"], "first")
    deliver_legacy(bucket, "2026-10", "a1", rows, [legacy_row("i-2", "2026-10-01", "5")])
    deliver_legacy(bucket, "2026-09", "b1", [legacy_row("i-1", "2026-09-01", "4")])
    source = source_of(bucket)

    assert (held := run(source)).state == "held"
    assert (held.held, held.published) == (1, 1)
    assert "already stands under source 'first'" in held.message
    again = run(source)
    assert (again.sets, again.held, again.facts[0]["bytes_downloaded"]) == (1, 1, 0)


def test_it_loads_plain_files_by_folder(bucket, home):
    bucket.put("drop/one.csv.gz", csv_gz([legacy_row("i-1", "2026-10-01", "5")]))
    bucket.put("drop/_tmp/two.csv.gz", b"not yet")
    source = source_of(bucket, prefix="drop", what="files")
    assert run(source).published == 1
    assert run(source).sets == 0
    bucket.put("drop/two.csv.gz", csv_gz([legacy_row("i-2", "2026-10-01", "6")]))
    assert run(source).published == 1
    assert [row[2] for row in costs()] == ["5", "6"]
    assert Delivery.objects.filter(state="published").count() == 1


def told(source):
    checks = check_source(source)
    return [check.what for check in checks if check.ok], [c for c in checks if not c.ok]


def test_it_says_in_words_what_it_can_do_with_a_role(bucket, home):
    deliver_legacy(bucket, "2026-10", "a1", [legacy_row("i-1", "2026-10-01", "5")])
    role = "arn:aws:iam::111122223333:role/aicost"
    source = source_of(bucket, role_arn=role, external_id="long-random")
    good, bad = told(source)
    assert bad == []
    assert good == [
        f"The role {role} can be assumed", "s3://bills/ can be listed",
        "1 billing periods: 2026-10", "The manifest of 2026-10 lists 1 files",
        "report-1.csv.gz can be read",
    ]  # fmt: skip
    assert run(source).published == 1


def test_it_says_in_words_what_is_missing(bucket, home):
    [bad] = told(configure("a", "aws_s3", bucket.config() | {"bucket": "nowhere"}))[1]
    assert "NoSuchBucket" in bad.what and bad.cure == "Check the name of the bucket"
    assert "is empty" in told(source_of(bucket, "b", prefix="no/such"))[1][0].what

    bucket.put("cur/report/20261001-20261101/report-Manifest.json", '{"chunks": ["a"], "id": 1}')
    [bad] = told(source_of(bucket, "c"))[1]
    assert "it lists no files" in bad.what and "its fields are: chunks, id" in bad.what

    bucket.put("other/file.txt", "x")
    [bad] = told(source_of(bucket, "d", prefix="other"))[1]
    assert "no manifest of a billing period lies below s3://bills/other/" in bad.what


def test_it_names_the_permission_that_is_missing(bucket, home):
    deliver_legacy(bucket, "2026-10", "a1", [legacy_row("i-1", "2026-10-01", "5")])
    iam = boto3.client("iam", endpoint_url=bucket.url, region_name="us-east-1",
                       aws_access_key_id="testing", aws_secret_access_key="testing")  # fmt: skip
    iam.create_user(UserName="lister")
    key = iam.create_access_key(UserName="lister")["AccessKey"]
    source = configure("a", "aws_s3", bucket.config() | {
        "access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"],
    })  # fmt: skip

    def enforce(after: str) -> None:
        requests.post(f"{bucket.url}/moto-api/reset-auth", data=after, timeout=10)

    def allow(*actions: str) -> None:
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}  # fmt: skip
        iam.put_user_policy(UserName="lister", PolicyName="p", PolicyDocument=json.dumps(policy))

    try:
        enforce("0")
        assert "Allow s3:ListBucket" in told(source)[1][0].cure
        enforce("inf")
        allow("s3:ListBucket")
        enforce("0")
        assert "Allow s3:GetObject" in told(source)[1][0].cure
    finally:
        enforce("inf")


def test_it_loads_a_copied_export_by_its_manifest_and_refuses_snapshots_without(bucket, home):
    """The same folders, brought by hand."""
    data = home / "ai" / "data" / "BILLING_PERIOD=2026-10"
    rows = [legacy_row("i-1", "2026-10-01", "1"), legacy_row("i-2", "2026-10-01", "1")]
    for number, cell in enumerate("ab", start=1):
        run_folder = data / f"2026100{number}T00-{cell * 8}-0000-0000-0000-000000000000"
        run_folder.mkdir(parents=True)
        (run_folder / "ai-00001.csv.gz").write_bytes(csv_gz(rows[:number]))

    [refused] = load([home / "ai"])
    assert "2 runs of one month and no manifest" in refused.message

    key = f"p/ai/data/BILLING_PERIOD=2026-10/{run_folder.name}/ai-00001.csv.gz"
    for place in ("", f"{run_folder.name}/"):
        manifest = home / "ai" / "metadata" / "BILLING_PERIOD=2026-10" / f"{place}ai-Manifest.json"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text(json.dumps({"files": [{"key": key}]}))
    [loaded] = load([home / "ai"])
    assert (loaded.state, loaded.rows_loaded) == ("published", 2)
