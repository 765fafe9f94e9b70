"""The other side is broken, or wants to harm us: every run ends soon and in words, stores nothing
half, tells no secret, and writes nowhere but into its own folder."""

from collections.abc import Iterator
from datetime import timedelta
import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import logging
import time

import pytest

from aicost.kernel.periods import utc_today
from ingest.connect import check_source, configure
from ingest.fetch import http
from ingest.fetch.base import FetchError
from ingest.models import Charge, Delivery, Source, SourceFile, SourceRun, Usage
from ingest.run_source import run_source
from tests.served import serving

pytestmark = pytest.mark.django_db
KEY = "sk-admin-S3CRET/+value=="


class Hostile(BaseHTTPRequestHandler):
    """Answers everything with what `server.say` returns: (status, headers, body), or writes the
    blocks of an iterator itself."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        self.server.asked += 1
        status, headers, body = self.server.say(self, sent)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if isinstance(body, bytes):
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self._send([body])
        else:
            self.end_headers()
            self._send(body)
            self.close_connection = True

    do_POST = do_HEAD = do_GET

    def _send(self, blocks):
        try:
            for block in blocks:
                self.wfile.write(block)
        except OSError:  # the client has had enough
            self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def hostile(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    """No fault is tried again here: that has a test of its own, and takes its time."""
    retry = http.Retry
    monkeypatch.setattr(http, "Retry", lambda **told: retry(**told | {"total": 0}))
    monkeypatch.setattr("ingest.fetch.s3._TRIES_MAX", 1)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads = True
    server.asked = 0
    server.say = lambda request, sent: (200, {}, b"{}")
    with serving(server) as url:
        server.url = url
        yield server


def sources(url: str) -> list[Source]:
    told = {
        "openai": {"key": KEY, "start": "2026-10-01", "base_url": url},
        "anthropic": {"key": KEY, "start": "2026-10-01", "base_url": url},
        "prometheus": {"url": url, "token": KEY},
        "mlflow": {"store": url, "token": KEY},
        # It is asked day by day, so that what is asked would grow with the calendar.
        "litellm_api": {"url": url, "key": KEY, "start": f"{utc_today() - timedelta(days=2)}"},
        "csv_url": {"urls": [f"{url}/x.csv?sig={KEY}"], "token": KEY},
        "ecb_rates": {"url": url},
        "aws_s3": {
            "bucket": "b",
            "endpoint_url": url,
            "region": "eu-central-1",
            "access_key_id": "AKIAABCDEFGH",
            "secret_access_key": KEY,
        },
    }
    return [configure(name, name, values) for name, values in told.items()]


def everything_told(caplog) -> str:
    runs = SourceRun.objects.values_list("message", "cure", "facts")
    held = Delivery.objects.values_list("message", flat=True)
    states = Source.objects.values_list("state", flat=True)
    return f"{list(runs)}{list(held)}{list(states)}{caplog.text}"


ECHO = f"<html>bad key {KEY} \x00 {json.dumps(KEY)}".encode()
ANSWERS = {
    "html": (200, {"Content-Type": "text/html"}, b"<html>please log in</html>"),
    "empty": (200, {}, b""),
    "cut": (200, {"Content-Length": "5000"}, iter([b'{"data": [{"a": 1'])),
    "null": (200, {}, b"null"),
    "number": (200, {}, b"7"),
    "list": (200, {}, b"[[]]"),
    "deep": (200, {}, b"[" * 100_000),
    "deep data": (200, {}, b'{"data": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "odd data": (200, {}, b'{"data": [1, null, "x"], "status": "success", "runs": [7],'
                          b' "experiments": {}, "total_pages": "x", "id": {}}'),
    "no times": (200, {}, b'{"data": [{"results": [7], "start_time": {}, "starting_at": "x"}],'
                          b' "status": "success", "id": "o", "has_more": false}'),
    "result": (200, {}, b'{"status": "success", "data": {"result": [{"metric": 1, "values": {}}]},'
                        b' "id": "o"}'),
    "matrix": (200, {}, b'{"status": "success", "warnings": null, "id": "o", "data": {"result":'
                        b' [{"metric": {"a": "\\u0000"}, "values": [["x", "NaN"], [1e400]]}]}}'),
    "experiments": (200, {}, b'{"experiments": [{"experiment_id": "../..", "name": "\\ud800"}],'
                             b' "runs": [{}], "data": {}, "id": "o", "status": "success"}'),
    "echo 400": (400, {}, ECHO),
    "echo 401": (401, {"WWW-Authenticate": KEY}, b"x" * 280 + KEY.encode()),
    "echo 403": (403, {}, f"<Error><Code>{KEY}</Code><Message>{KEY}</Message></Error>".encode()),
    "echo 500": (500, {}, ECHO),
    "echo 200": (200, {}, f"{KEY},b\n{KEY},2\n".encode()),
    "away": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""),
    "nowhere": (302, {"Location": "http://[::1"}, b""),
    "odd retry": (429, {"Retry-After": "soon"}, b""),
    "gzip bomb": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"[" + b" " * 2**26)),
    "bad gzip": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8bnot gzip"),
    "zip": (200, {}, b"PK\x03\x04" + b"\x00" * 99),
    "xml": (200, {}, b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c'
                     b' "&b;&b;&b;&b;">]><ListBucketResult><Contents><Key>&c;</Key></Contents>'),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_a_run_ends_in_words(hostile, home, caplog, answer, monkeypatch):
    monkeypatch.setattr(http, "BYTES_MAX", 2**20)
    caplog.set_level(logging.INFO)
    status, headers, body = answer
    blocks = body if isinstance(body, bytes) else list(body)
    hostile.say = lambda request, sent: (
        status, headers, blocks if isinstance(blocks, bytes) else iter(blocks))  # fmt: skip
    for source in sources(hostile.url):
        began = time.monotonic()
        run = run_source(source)
        checks = check_source(source)
        assert time.monotonic() - began < 20, source.name
        assert run.state in ("failed", "held", "done"), source.name
        if run.state != "done":
            assert run.message, source.name
            assert run.state == "held" or run.cure, (source.name, run.message)
        assert checks, source.name
        if not source.sealed:  # it has sent no secret, so this is none
            SourceRun.objects.all().delete()
            Delivery.objects.all().delete()
            continue
        told = everything_told(caplog) + str(checks)
        assert "S3CRET" not in told, (source.name, told[max(0, told.find("S3CRET") - 200) :][:400])
    assert not Charge.objects.exists() and not Usage.objects.exists()
    assert not SourceFile.objects.filter(name__contains="meta-data").exists()


def listed(*keys: str, token: str = "") -> bytes:
    """A page of objects as S3 lists them."""
    contents = "".join(
        f"<Contents><Key>{key}</Key><ETag>&quot;e&quot;</ETag><Size>5</Size>"
        "<LastModified>2026-09-02T00:00:00.000Z</LastModified></Contents>"
        for key in keys
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    told = f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>{more}{contents}"
    return f"<ListBucketResult>{told}</ListBucketResult>".encode()


def s3_source(hostile, connector: str = "aws_s3", **more) -> Source:
    told = {"bucket": "b", "endpoint_url": hostile.url, "region": "eu-central-1",
            "access_key_id": "AKIAABCDEFGH", "secret_access_key": KEY}  # fmt: skip
    return configure("bucket", connector, told | more)


@pytest.mark.parametrize(
    "key",
    ["../../../escaped.csv", "a/../../../escaped.csv", "/escaped.csv", "a//escaped.csv", "..",
     "x/../escaped.csv", "e" * 300 + ".csv", "a\\..\\escaped.csv", "&#10;escaped.csv",
     "~/escaped.csv", "$HOME/escaped.csv", "%2e%2e/escaped.csv"],
)  # fmt: skip
def test_a_key_leads_nowhere_but_into_the_folder_of_the_source(hostile, home, key):
    def say(request, sent):
        listing = "list-type=2" in request.path
        headers = {"ETag": '"e"', "Last-Modified": "Wed, 02 Sep 2026 00:00:00 GMT"}
        return 200, {} if listing else headers, listed(key) if listing else b"a,b\n1"

    hostile.say = say
    run = run_source(s3_source(hostile, what="files"))
    assert run.state in ("failed", "held", "done")
    assert run.state == "done" or (run.message and (run.cure or run.held))
    strays = [path for path in home.rglob("*escaped*") if "fetch" not in path.parts]
    assert not strays and not list(home.parent.glob("*escaped*"))


def test_a_manifest_leads_nowhere_else(hostile, home):
    """Its own place, and what it lists: other folders, other buckets."""
    month = "exp/metadata/BILLING_PERIOD=2026-09"
    for listed_key in ("../../../../etc/x", "s3://other/../../x", "/", "..", ""):
        manifest = json.dumps({"dataFiles": [listed_key]}).encode()
        for place in (f"{month}/x-Manifest.json", f"{month}/../../../../escaped-Manifest.json"):

            def say(request, sent, place=place, manifest=manifest):
                folder = "delimiter" in request.path and "BILLING_PERIOD" not in request.path
                if folder:
                    body = b"<CommonPrefixes><Prefix>" + month.encode() + b"/</Prefix>"
                    body = b"<ListBucketResult>" + body + b"</CommonPrefixes></ListBucketResult>"
                    return 200, {}, body
                if "list-type=2" in request.path:
                    return 200, {}, listed(place)
                headers = {"ETag": '"e"', "Last-Modified": "Wed, 02 Sep 2026 00:00:00 GMT"}
                return 200, headers, manifest

            hostile.say = say
            source = Source.objects.first() or s3_source(hostile)
            run = run_source(source)
            assert run.state == "failed" and run.message and run.cure, (listed_key, place)
    assert not list(home.rglob("*escaped*")) and not list(home.parent.glob("*escaped*"))
    assert not list(home.rglob("x"))


def test_a_listing_without_end_ends(hostile, home, monkeypatch):
    monkeypatch.setattr("ingest.fetch.s3.PAGES_MAX", 5)
    hostile.say = lambda request, sent: (200, {}, listed(token=f"t{hostile.asked}"))
    run = run_source(s3_source(hostile, what="files"))
    assert "lists no end" in run.message and hostile.asked < 10


def test_a_store_that_sends_more_than_it_said_is_refused_and_nothing_of_it_stays(hostile, home):
    def say(request, sent):
        listing = "list-type=2" in request.path
        headers = {"ETag": '"e"', "Last-Modified": "Wed, 02 Sep 2026 00:00:00 GMT"}
        return 200, {} if listing else headers, listed("a.csv") if listing else b"a,b\n" * 10**6

    hostile.say = say
    run = run_source(s3_source(hostile, what="files"))
    assert run.state == "failed" and "sends more than the 5 bytes" in run.message
    assert not list((home / "fetch").rglob("*.part"))


def test_a_log_that_unpacks_to_far_too_much_is_refused(hostile, home, monkeypatch):
    monkeypatch.setattr("ingest.fetch.aws_bedrock_logs.UNPACKED_BYTES_MAX", 2**20)
    folder = "AWSLogs/1/BedrockModelInvocationLogs/eu-central-1/"
    key = f"{folder}{time.gmtime().tm_year}/01/01/00/x.json.gz"

    def say(request, sent):
        listing = "list-type=2" in request.path
        return 200, {"ETag": '"e"'}, listed(key) if listing else gzip.compress(b" " * 2**24)

    hostile.say = say
    given = {"prefix": folder, "since": f"{time.gmtime().tm_year}-01-01"}
    run = run_source(s3_source(hostile, "aws_bedrock_logs", **given))
    assert run.state == "failed" and "is no log of Bedrock (ValueError)" in run.message


def test_a_server_that_only_drips_is_left(hostile, home, monkeypatch):
    monkeypatch.setattr(http, "PATIENCE_SECONDS", 0.3)

    def drip():
        for _ in range(100):
            time.sleep(0.05)
            yield b" "

    hostile.say = lambda request, sent: (200, {"Content-Length": "5000"}, drip())
    began = time.monotonic()
    for name in ("ecb_rates", "csv_url"):
        values = {"url": hostile.url} if name == "ecb_rates" else {"urls": [hostile.url + "/x"]}
        run = run_source(configure(name, name, values))
        assert run.state == "failed" and "bytes a second" in run.message, name
    assert time.monotonic() - began < 4


def test_nobody_sends_us_to_addresses_that_trust_us():
    outside, inside = "http://93.184.215.14/x", "http://10.1.2.3/x"
    for bad in (
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.1.1]/",
    ):
        for home in (outside, inside):
            with pytest.raises(FetchError, match="inner address"):
                http.refuse_inward(bad, home)
    for bad in ("http://127.0.0.1:8000/", "http://10.0.0.1/", "http://localhost/", "http://[::1]/"):
        with pytest.raises(FetchError, match="inner address"):
            http.refuse_inward(bad, outside)
        http.refuse_inward(bad, inside)
    http.refuse_inward("http://93.184.215.15/", outside)


def test_pages_that_go_round_end(hostile, home):
    """Each list says there is more, always at the same place."""
    page = {"data": [], "has_more": True, "next_page": "p", "id": "o", "last_id": "x",
            "experiments": [], "next_page_token": "p", "status": "success"}  # fmt: skip
    hostile.say = lambda request, sent: (200, {}, json.dumps(page).encode())
    for source in sources(hostile.url)[:5]:
        if source.name != "prometheus":
            run = run_source(source)
            assert run.state in ("failed", "done"), source.name
    assert hostile.asked < 100
