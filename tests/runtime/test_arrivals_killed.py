"""A worker is killed with -9 at random moments while sources are fetched and spans arrive, and the
database drops every connection now and then: what came stands once, and nothing waits for ever."""

from collections import Counter
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import random
import threading
import time

from django.conf import settings as django_settings
import pytest
import requests

from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from aicost.runtime.database import broker_url
from attribution.audit import audit, is_clean
from ingest.connect import configure
from ingest.models import Charge, Delivery, OtlpBatch, Revenue, Source, SourceRun
from ingest.run_source import fetch_folder
from ingest.tasks import attribute_changes
from tests.ingest.bills import focus_row, write_focus
from tests.otlp.spans import request_of, rows, token, tokens
from tests.runtime.workers import SEEDS, Workers, answer, finished, wait_for
from tests.served import serving

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 2 if len(SEEDS) == 1 else 5
FILES, DAYS, FOLDERS = 6, 40, 6
REQUESTS, CALLS = 60, 40
# Sessions that began with the test: others of this process may serve tests that follow.
OTHERS = """select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_start > '{}'"""
NOW = "select clock_timestamp()"
LOCKS = """select count(*) from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())"""


class Slow(BaseHTTPRequestHandler):
    """/<n>.csv is a file of revenue, told piece by piece."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number = int(self.path.strip("/").removesuffix(".csv"))
        body = revenue_file(number)
        self.server.asked[number] += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), 400):
            try:
                self.wfile.write(body[at : at + 400])
            except OSError:  # who asked was killed
                return
            time.sleep(0.01)

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.asked = Counter()
    with serving(server) as server.url:
        yield server


def revenue_file(number: int) -> bytes:
    lines = [
        f"{date(2026, 8, 1) + timedelta(days=day)},{number + 1}.25,EUR,f{number}\n"
        for day in range(DAYS)
    ]
    return ("day,revenue,currency,feature\n" + "".join(lines)).encode()


def write_bills(root: Path) -> None:
    """A month in each folder, in two files that belong together."""
    for number in range(FOLDERS):
        folder = root / f"m{number}"
        folder.mkdir(parents=True)
        for half in ("a", "b"):
            days = [f"2026-{number + 1:02}-{day + 1:02}" for day in range(28)]
            made = [focus_row(f"i-{half}", day, f"{number + 1}.01") for day in days]
            write_focus(folder / f"{number}{half}.csv", *made)


class Exporter(threading.Thread):
    """Sends each request until it is answered 200, and some of them once more, as exporters do."""

    def __init__(self, url: str, text: str, chance: random.Random) -> None:
        super().__init__()
        self.url, self.text, self.chance = f"{url}/v1/traces", text, chance
        self.answers: Counter = Counter()
        self.waits: set[str | None] = set()

    def run(self) -> None:
        for number in range(REQUESTS):
            spans = [(f"{n}", tokens(3, 2), "", f"{number}-{n}") for n in range(CALLS)]
            body = request_of(spans).SerializeToString()
            for _ in range(1 + (self.chance.random() < 0.2)):
                self._send(body)
            time.sleep(0.05)

    def _send(self, body: bytes) -> None:
        headers = {
            "Authorization": f"Bearer {self.text}",
            "Content-Type": "application/x-protobuf",
        }
        while True:
            told = requests.post(self.url, body, headers=headers, timeout=30)
            self.answers[told.status_code] += 1
            if told.status_code == 200:
                return
            self.waits.add(told.headers.get("Retry-After"))
            time.sleep(0.05)


def kill_at_random(workers: Workers, chance: random.Random, began: datetime) -> None:
    for nth in range(KILLS):
        with workers.one():
            wait_for(
                lambda: Job.objects.filter(state=Job.RUNNING).exists() or finished(),
                "at work", workers.log,
            )  # fmt: skip
            time.sleep(chance.uniform(0.1, 1.2))
            if nth % 2:
                answer(OTHERS.format(began.isoformat()))
                time.sleep(chance.uniform(0, 0.3))


def missing_of(source: Source) -> list[Path]:
    return [path for path in fetch_folder(source).rglob("*") if path.is_file()]


@pytest.mark.parametrize("seed", SEEDS)
def test_it_takes_what_arrives_once_though_killed(
    seed, site, live_server, app_at, nursery, tmp_path, monkeypatch
):
    began = answer(NOW)
    broker = broker_url(django_settings.DATABASES["default"])
    app_at(broker)
    monkeypatch.setenv("AICOST_FOLDER_ROOTS", str(tmp_path))
    write_bills(tmp_path / "share")
    urls = [f"{site.url}/{n}.csv" for n in range(FILES)]
    figures = configure("figures", "csv_url", {"urls": urls})
    share = configure("share", "folder", {"path": str(tmp_path / "share"), "what": "files"})
    chance = random.Random(seed)
    exporter = Exporter(live_server.url, token(), chance)
    workers = Workers(nursery, broker, tmp_path / "worker.log", AICOST_FOLDER_ROOTS=str(tmp_path))
    try:
        for one in (figures, share):
            enqueue("ingest.source", {"source": one.pk}, key=f"source-{one.pk}")
        exporter.start()
        kill_at_random(workers, chance, began)
        with workers.one():
            wait_for(lambda: not exporter.is_alive(), "all sent", workers.log)
            wait_for(finished, "finished", workers.log)
            enqueue("ingest.otlp", key="fold")
            enqueue("ingest.due", key="due")
            enqueue("attribution.estimate")
            wait_for(finished, "finished", workers.log)
    finally:
        exporter.join()
    assert {job.state for job in Job.objects.all()} == {Job.DONE}
    check_sources(figures, share)
    check_spans(exporter)
    assert attribute_changes() == []
    assert is_clean(audit())
    assert answer(LOCKS) == 0


def check_sources(figures: Source, share: Source) -> None:
    """Each set stands once, is remembered, and no run is said to go on."""
    assert Revenue.objects.count() == FILES * DAYS
    assert (
        sum(r.amount for r in Revenue.objects.all())
        == DAYS * sum(n + 1 for n in range(FILES)) + DAYS * FILES / 4
    )
    assert Charge.objects.count() == FOLDERS * 28 * 2
    for source, sets, key in ((figures, FILES, "files"), (share, FOLDERS, "folders")):
        source.refresh_from_db()
        assert len(source.state[key]) == sets
        states = Counter(Delivery.objects.filter(source=source).values_list("state", flat=True))
        assert states == {Delivery.PUBLISHED: sets}
        assert missing_of(source) == []
        *_, last = source.runs.order_by("pk")
        assert last.state == SourceRun.DONE
    assert not SourceRun.objects.filter(state=SourceRun.RUNNING).exists()


def check_spans(exporter: Exporter) -> None:
    assert exporter.answers[200] >= REQUESTS and set(exporter.answers) <= {200, 503}
    assert exporter.waits <= {"30"}
    assert OtlpBatch.objects.count() == 0
    calls = REQUESTS * CALLS
    told = "select count(*), sum(requests), sum(input_tokens), sum(output_tokens) from ingest_usage"
    assert rows(told) == [(calls, calls, 3 * calls, 2 * calls)]
    assert rows("select sum(requests) from ingest_usageday") == [(calls,)]
