"""A real S3 at the wire (moto's server), and small bills of AWS laid out as it delivers them."""

from collections.abc import Iterator, Mapping, Sequence
import contextlib
from contextlib import contextmanager
import csv
import gzip
import io
import json
import socket
import threading

import boto3
from moto.server import ThreadedMotoServer
import pyarrow as pa
import pyarrow.parquet as pq
import requests

KEYS = {"access_key_id": "testing", "secret_access_key": "testing"}
BUCKET = "bills"


class Bucket:
    """A bucket and what a source needs to be told to read it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1",
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # fmt: skip
        self.client.create_bucket(Bucket=BUCKET)

    def put(self, key: str, body: bytes | str) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def config(self, **more: str) -> dict:
        return {"bucket": BUCKET, "region": "us-east-1", "endpoint_url": self.url, **KEYS, **more}


@contextmanager
def s3() -> Iterator[Bucket]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)
        yield Bucket(f"http://{host}:{port}")
    finally:
        server.stop()


def legacy_row(resource: str, day: str, cost: str, **more: str) -> dict[str, str]:
    """One hour of a resource in a legacy Cost and Usage Report."""
    return {
        "bill/PayerAccountId": "111122223333",
        "bill/BillingPeriodStartDate": f"{day[:7]}-01T00:00:00Z",
        "bill/BillingEntity": "AWS",
        "lineItem/LineItemType": "Usage",
        "lineItem/UsageStartDate": f"{day}T01:00:00Z",
        "lineItem/UsageEndDate": f"{day}T02:00:00Z",
        "lineItem/ProductCode": "AmazonEC2",
        "lineItem/UsageType": "BoxUsage:p5.48xlarge",
        "lineItem/ResourceId": resource,
        "lineItem/CurrencyCode": "USD",
        "lineItem/UnblendedCost": cost,
        **more,
    }


def csv_gz(rows: Sequence[Mapping[str, str]]) -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return gzip.compress(out.getvalue().encode(), mtime=0)


def parquet(rows: Sequence[Mapping[str, object]], schema: pa.Schema) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema), out)
    return out.getvalue()


def deliver_legacy(
    bucket: Bucket, month: str, assembly: str, *parts: Sequence[Mapping], create_new: bool = True
) -> list[str]:
    """Put one assembly of a legacy report and its manifest; the keys of its files."""
    year, number = map(int, month.split("-"))
    after = f"{year + number // 12}{number % 12 + 1:02}01"
    period = f"cur/report/{month.replace('-', '')}01-{after}"
    folder = f"{period}/{assembly}" if create_new else period
    keys = [f"{folder}/report-{n}.csv.gz" for n in range(1, len(parts) + 1)]
    for key, rows in zip(keys, parts, strict=True):
        bucket.put(key, rows if isinstance(rows, bytes) else csv_gz(rows))
    manifest = json.dumps({"assemblyId": assembly, "reportKeys": keys})
    if create_new:
        bucket.put(f"{folder}/report-Manifest.json", manifest)
    bucket.put(f"{period}/report-Manifest.json", manifest)
    return keys


def deliver_export(
    bucket: Bucket, month: str, execution: str, body: bytes, suffix: str, create_new: bool = True
) -> str:
    """Put one execution of a data export and its manifest; the key of its file."""
    partition = f"BILLING_PERIOD={month}"
    folder = f"data/{partition}/{execution}" if create_new else f"data/{partition}"
    key = f"exports/ai/{folder}/ai-00001.{suffix}"
    bucket.put(key, body)
    manifest = {"executionId": execution, "dataFiles": [f"s3://{BUCKET}/{key}"]}
    bucket.put(f"exports/ai/metadata/{partition}/ai-Manifest.json", json.dumps(manifest))
    return key


class Wire:
    """A wire to the server that can be cut, or told about a request before it goes through.

    `cut_after`: bytes of each answer that get through, None for all. `before`: (text of a request,
    what to do once before it is passed on)."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.server = (host, int(port))
        self.cut_after: int | None = None
        self.before: tuple[bytes, object] | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            for pump in (self._ask, self._answer):
                threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while asked := client.recv(65536):
                if self.before and self.before[0] in asked:
                    (_, act), self.before = self.before, None
                    act()
                server.sendall(asked)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while answer := server.recv(16384):
                if self.cut_after is not None and passed + len(answer) > self.cut_after:
                    break
                passed += len(answer)
                client.sendall(answer)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
