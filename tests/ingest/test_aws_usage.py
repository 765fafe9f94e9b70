"""Bedrock's invocation logs and S3 Inventory, from a real S3 server to the tables."""

from datetime import date, datetime, timedelta
import gzip
import hashlib
import json

import pyarrow as pa
import pytest

from aicost.kernel.periods import utc_today
from ingest.connect import configure
from ingest.fetch.kept import files_folder
from ingest.load import load
from ingest.models import Quarantined, StorageAge, Usage
from ingest.run_source import run_source
from ingest.sources.bedrock_logs import model_of
from tests.ingest.aws import parquet, s3

pytestmark = pytest.mark.django_db

LOGS = "logs/AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1"
CALLER = "arn:aws:sts::111122223333:assumed-role/Gateway/ann@example.com"


@pytest.fixture
def bucket():
    with s3() as made:
        yield made


def call(number: int, day: date, **more) -> dict:
    """A call as Bedrock logs it, prompt and answer inlined."""
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": f"{day}T01:00:00Z",
        "accountId": "111122223333",
        "identity": {"arn": CALLER},
        "region": "us-east-1",
        "requestId": f"r-{number}",
        "operation": "Converse",
        "modelId": "us.anthropic.claude-sonnet-4-6-20260101-v1:0",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"messages": [{"content": "SECRET PROMPT"}]},
            "inputTokenCount": 100,
            "cacheReadInputTokenCount": 900,
            "cacheWriteInputTokenCount": 50,
        },
        "output": {
            "outputBodyJson": {
                "output": {"message": {"content": "SECRET ANSWER"}},
                "metrics": {"latencyMs": 800},
                "usage": {"cacheDetails": [{"ttl": "1h", "inputTokens": 20}]},
            },
            "outputTokenCount": 7,
        },
        "requestMetadata": {"Cost-Center": "search", "useCase": "ranking", "colour": "red"},
        **more,
    }


def put_logs(bucket, day: date, name: str, *rows: dict) -> None:
    body = gzip.compress("\n".join(map(json.dumps, rows)).encode())
    bucket.put(f"{LOGS}/{day:%Y/%m/%d}/01/{name}.json.gz", body)


def test_it_counts_each_call_once_and_keeps_no_prompt(bucket, home):
    today = utc_today()
    yesterday = today - timedelta(days=1)
    put_logs(bucket, yesterday, "b", call(1, yesterday), call(2, yesterday, errorCode="Throttling"))
    bucket.put(f"{LOGS}/{yesterday:%Y/%m/%d}/01/data/r-1_input.json.gz", b"a long body")
    source = configure("bedrock", "aws_bedrock_logs", bucket.config(prefix="logs"))
    assert (first := run_source(source)).state == "done", first.message

    # Later: an object of an earlier hour arrives late, repeating one call.
    put_logs(bucket, yesterday, "a", call(2, yesterday, errorCode="Throttling"), call(3, yesterday))
    put_logs(bucket, today - timedelta(days=1), "c", call(4, yesterday))
    source.refresh_from_db()
    assert (again := run_source(source)).rows == 3, again.message
    source.refresh_from_db()
    assert run_source(source).sets == 0

    calls = Usage.objects.order_by("event_id")
    assert [(u.event_id, u.status, u.successes) for u in calls] == [
        ("r-1", "ok", 1), ("r-2", "Throttling", 0), ("r-3", "ok", 1), ("r-4", "ok", 1),
    ]  # fmt: skip
    one = calls[0]
    assert (one.provider, one.model, one.model_version) == (
        "aws.bedrock", "anthropic.claude-sonnet-4-6", "20260101-v1:0",
    )  # fmt: skip
    assert (one.user, one.team, one.feature) == ("ann@example.com", "search", "ranking")
    told = (one.input_tokens, one.cached_input_tokens, one.cache_write_5m_tokens)
    assert (*told, one.cache_write_1h_tokens, one.output_tokens) == (100, 900, 30, 20, 7)
    assert sum(one.latency_histogram.values()) == 1
    kept = [gzip.decompress(p.read_bytes()) for p in files_folder().rglob("*") if p.is_file()]
    assert kept and not any(b"SECRET" in body for body in kept)


def test_it_says_nothing_of_a_prompt_in_quarantine(home):
    rows = [call(1, utc_today(), modelId=None), call(2, utc_today() + timedelta(days=9))]
    path = home / "log.json"
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"schemaType": "SECRET', "utf-8")

    [result] = load([path])

    assert (result.reader, result.rows_read, result.rows_quarantined) == ("bedrock_logs", 3, 3)
    assert not any("SECRET" in q.raw + q.reason for q in Quarantined.objects.all())


@pytest.mark.parametrize(
    ("model_id", "model", "version"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite", "v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-1-70b-instruct-v1:0",
         "meta.llama3-1-70b-instruct", "v1:0"),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0",
         "anthropic.claude-3-haiku", "20240307-v1:0"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
         "application-inference-profile/abc", ""),
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b", "1:0"),
    ],
)  # fmt: skip
def test_it_reads_the_model_of_every_kind_of_id(model_id, model, version):
    assert model_of(model_id) == (model, version)


SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, StorageClass"
OBJECTS = (
    ("models/llama/weights-1.bin", "v1", "true", "false", "700", "2026-08-30T00:00:00.000Z"),
    ("models/llama/weights-2.bin", "v1", "true", "false", "300", "2026-08-31T00:00:00.000Z"),
    ("models/llama/weights-2.bin", "v0", "false", "false", "200", "2024-01-01T00:00:00.000Z"),
    ("models/old%20run/a/b/c.bin", "v1", "true", "false", "50", "2020-01-01T00:00:00.000Z"),
    ("readme.txt", "v1", "true", "false", "", "2026-06-30T00:00:00.000Z"),
)


def put_inventory(bucket, day: str, *parts: bytes, kind: str = "CSV") -> None:
    keys = [f"inv/data-lake/all/data/{n}.bin" for n in range(len(parts))]
    for key, body in zip(keys, parts, strict=True):
        bucket.put(key, body)
    manifest = {
        "sourceBucket": "data-lake", "fileFormat": kind, "fileSchema": SCHEMA,
        "creationTimestamp": "1788224400000",
        "files": [
            {"key": k, "size": len(b), "MD5checksum": hashlib.md5(b).hexdigest()}
            for k, b in zip(keys, parts, strict=True)
        ],
    }  # fmt: skip
    bucket.put(f"inv/data-lake/all/{day}T01-00Z/manifest.json", json.dumps(manifest))


def lines(*objects: tuple) -> bytes:
    return gzip.compress(
        "".join(
            ",".join(f'"{cell}"' for cell in ("data-lake", *one, "STANDARD")) + "\n"
            for one in objects
        ).encode()
    )


def stored() -> list[tuple]:
    return list(
        StorageAge.objects.order_by("prefix", "version", "age_days_min").values_list(
            "bucket", "prefix", "version", "age_days_min", "idle_days_min", "objects_count", "bytes"
        )
    )


EXPECTED = [
    ("data-lake", "", "current", 30, None, 1, None),
    ("data-lake", "models/llama/", "current", 0, None, 2, 1000),
    ("data-lake", "models/llama/", "noncurrent", 365, None, 1, 200),
    ("data-lake", "models/old run/", "current", 1095, None, 1, 50),
]


def test_it_sums_an_inventory_by_place_and_age(bucket, home):
    put_inventory(bucket, "2026-08-01", lines(*OBJECTS[:1]))
    put_inventory(bucket, "2026-09-01", lines(*OBJECTS[:2]), lines(*OBJECTS[2:]))
    source = configure("lake", "aws_s3_inventory", bucket.config(prefix="inv"))

    run = run_source(source)

    assert (run.state, run.message, run.published) == ("done", "", 1)
    assert set(StorageAge.objects.values_list("day", flat=True)) == {date(2026, 9, 1)}
    assert stored() == EXPECTED
    source.refresh_from_db()
    assert run_source(source).sets == 0


def test_it_reads_the_same_inventory_as_parquet(bucket, home):
    names = ["bucket", "key", "version_id", "is_latest", "is_delete_marker", "size",
             "last_modified_date", "storage_class"]  # fmt: skip
    kinds = [pa.string(), pa.string(), pa.string(), pa.bool_(), pa.bool_(), pa.int64(),
             pa.timestamp("ms"), pa.string()]  # fmt: skip
    rows = [
        ("data-lake", key, version, latest == "true", marker == "true", int(size) if size else None,
         datetime.fromisoformat(at).replace(tzinfo=None), "STANDARD")
        for key, version, latest, marker, size, at in (
            (one[0].replace("%20", " "), *one[1:]) for one in OBJECTS
        )
    ]  # fmt: skip
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    body = parquet([dict(zip(names, row, strict=True)) for row in rows], schema)
    put_inventory(bucket, "2026-09-01", body, kind="Parquet")

    run = run_source(configure("lake", "aws_s3_inventory", bucket.config(prefix="inv")))

    assert (run.state, run.message) == ("done", "")
    assert stored() == EXPECTED
