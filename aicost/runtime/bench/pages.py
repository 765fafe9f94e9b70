"""Every page made of panels, on the demo company and then with SIZE allocated rows beside it:
server time over HTTP, SQL queries, bytes, and Largest Contentful Paint in Chromium. Asked anew,
somebody has written since the answer before; asked again, nobody has.

LCP: https://www.w3.org/TR/largest-contentful-paint/, the last candidate before any input."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from gzip import compress
from http.client import HTTPConnection
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory
import time

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aicost.accounts.models import User
from aicost.accounts.people import add_user
from aicost.kernel.periods import Period, utc_today
from aicost.runtime.bench.registry import Measured, p95
from aicost.runtime.bench.reports import YEAR, build
from aicost.runtime.bench.run import scratch_folder
from aicost.runtime.demo_company import load_demo
from aicost.runtime.page_examples import addresses
from aicost.runtime.serving import serving, session_of

NAME = "pages"
SIZE = 100_000_000
ROUNDS, WARM = 40, 4
SERVER_SECONDS, PAINT_SECONDS = 0.15, 1.5
QUERIES_MAX, HTML_KB_MAX, SCRIPT_KB_MAX = 12, 150, 520
PAINTED = """() => new Promise((done) => {
  let last = null;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) last = one.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => done(last), 500);
})"""


def run(size: int) -> list[Measured]:
    """`limit_seconds` is the goal; the name says what else was counted, and what missed."""
    call_command("collectstatic", verbosity=0, interactive=False)
    with TemporaryDirectory(dir=scratch_folder()) as folder:
        load_demo(Path(folder), lambda text: None)
    user = add_user("bench", "bench-bench-bench", role="admin")
    month = Period(utc_today() - timedelta(days=30), utc_today())
    found = list(measured("pages, demo", user, month, "", 0))
    build(size)
    last = YEAR.end - timedelta(days=1)
    quarter = f"from={YEAR.end - timedelta(days=90)}&to={last}"
    span = Period(YEAR.end - timedelta(days=90), YEAR.end)
    return found + list(measured("pages, large", user, span, quarter, size))


def measured(name: str, user: User, period: Period, query: str, size: int) -> Iterator[Measured]:
    """Four lines a page: median and 95th percentile of the server's time anew, the latter again,
    and LCP."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(user)}"
    script = sum(len(compress(p.read_bytes())) for p in _scripts()) // 1024
    yield Measured(f"{name}: script {script} KB gzipped{_missed(script, SCRIPT_KB_MAX)}", size, 0)
    with serving(scratch_folder() / "pages-web.log") as port:
        for slug, address in addresses(period).items():
            asked = f"{address}?{query}"
            times, html = _timed(port, asked, cookie, _write)
            again, _ = _timed(port, asked, cookie, lambda: None)
            queries = _queries(user, asked)
            told = f"{queries} SQL{_missed(queries, QUERIES_MAX)}, {html} KB"
            told += _missed(html, HTML_KB_MAX)
            yield Measured(f"{name}: {slug}, median ({told})", size, times[len(times) // 2])
            yield Measured(f"{name}: {slug}, p95", size, p95(times), SERVER_SECONDS)
            yield Measured(f"{name}: {slug}, p95 again", size, p95(again), SERVER_SECONDS)
            if shutil.which("chromium"):
                painted = _painted(port, asked, cookie)
                yield Measured(f"{name}: {slug}, LCP", size, painted, PAINT_SECONDS)


def _missed(number: int, goal: int) -> str:
    return f" > {goal}" if number > goal else ""


def _scripts() -> list[Path]:
    return sorted((settings.BASE_DIR / "static").rglob("*.js"))


def _write() -> None:
    """What a transaction that wrote leaves behind: no answer from before counts any longer."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()")


def _timed(
    port: int, address: str, cookie: str, before: Callable[[], None]
) -> tuple[list[float], int]:
    """Seconds of each round, sorted, and KB of the page before gzip."""
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    seconds, size = [], 0
    for nth in range(WARM + ROUNDS):
        before()
        began = time.perf_counter()
        link.request("GET", address, headers={"Cookie": cookie})
        answer = link.getresponse()
        size = len(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{address} answers {answer.status}")
        if nth >= WARM:
            seconds.append(time.perf_counter() - began)
    link.close()
    return sorted(seconds), size // 1024


def _queries(user: User, address: str) -> int:
    client = Client(SERVER_NAME="localhost")  # a host that the server answers to
    client.force_login(user)
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answers {answer.status_code} without a server")
    return len(asked)


def _painted(port: int, address: str, cookie: str) -> float:
    """Seconds to the largest paint of a first visit: nothing is in the browser's cache."""
    from playwright.sync_api import sync_playwright

    name, _, value = cookie.partition("=")
    base = f"http://127.0.0.1:{port}"
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": base}])
        page = context.new_page()
        page.goto(base + address)
        page.wait_for_load_state("networkidle")
        painted = page.evaluate(PAINTED)
        browser.close()
    return painted / 1000
