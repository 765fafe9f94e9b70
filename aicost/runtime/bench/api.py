"""The API as programs use it, against the web server that `up` starts: a report asked by CLIENTS
at once, and SIZE rows of CSV as one stream, with the memory of the process that sends them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
import os
from pathlib import Path
import time

from django.core.management import call_command

from aicost.accounts.people import add_user
from aicost.accounts.tokens import make_token
from aicost.runtime.bench.registry import Measured, p95
from aicost.runtime.bench.reports import YEAR, build
from aicost.runtime.bench.run import scratch_folder
from aicost.runtime.serving import serving

NAME = "api"
SIZE = 1_000_000
CLIENTS, ROUNDS, ROUNDS_ANEW, WARM = 20, 40, 5, 5
REPORT_SECONDS, STREAM_SECONDS, STREAM_MB = 0.06, 10.0, 250
# A little more than asked for: days hold whole charges. Each row of the ledger is one of the
# stream, since every endpoint stands on two accounts.
MORE, ACCOUNTS = 20, 80
GROUPS = "workload,feature,account,service"
CHUNK_BYTES = 1 << 16
FIRST = YEAR.end - timedelta(days=30)
ASKED = (
    "cost?from={first}&to={end}&group_by=feature",
    "cost?from={first}&to={end}&granularity=day&group_by=team",
    "unit_cost?from={first}&to={end}",
)


def run(size: int) -> list[Measured]:
    """`limit_seconds` and `limit_mb` are the goals."""
    call_command("collectstatic", verbosity=0, interactive=False)
    build(size + size // MORE, ACCOUNTS)
    user = add_user("bench", "bench-bench-bench", role="admin")
    _, text = make_token(user, "bench", ["read"])
    headers = {"Authorization": f"Bearer {text}"}
    os.environ["AICOST_API_PER_MINUTE"] = str(10**9)
    with serving(scratch_folder() / "api-web.log") as port:
        rest = max(_memory(port, "VmRSS"))
        found = [Measured("api: a web process that has started", size, 0, None, rest)]
        found += _asked(port, headers, size)
        rest = max(_memory(port, "VmRSS"))
        found.append(Measured("api: … that has answered", size, 0, None, rest))
        rows, seconds = _streamed(port, headers)
        peak = max(_memory(port, "VmHWM"))
    limit = STREAM_SECONDS * rows / SIZE
    streamed = Measured("api: CSV in one stream", rows, seconds, limit, peak, STREAM_MB)
    return [*found, streamed]


def _asked(port: int, headers: dict, size: int):
    """Median and 95th percentile of each question, of all clients together: the same question as
    many programs put it, then each a little other one, which is worked out anew."""
    for asked in ASKED:
        name = f"api: {asked.partition('?')[0]}, {CLIENTS} clients"
        times, rate = _timed(port, asked, headers, ROUNDS, anew=False)
        yield Measured(f"{name}, median ({rate:.0f}/s)", size, times[len(times) // 2])
        yield Measured(f"{name}, p95", size, p95(times), REPORT_SECONDS)
        times, rate = _timed(port, asked, headers, ROUNDS_ANEW, anew=True)
        yield Measured(f"{name}, each anew, median", size, times[len(times) // 2])


def _timed(port, asked: str, headers: dict, rounds: int, anew: bool) -> tuple[list[float], float]:
    """Seconds of each answer, sorted, and answers in a second."""
    ask = partial(_rounds, port, asked, headers, rounds, anew)
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        times = sorted(one for found in clients.map(ask, range(CLIENTS)) for one in found)
    return times, CLIENTS * (rounds + WARM) / (time.perf_counter() - began)


def _rounds(port: int, asked: str, headers: dict, rounds: int, anew: bool, client: int
            ) -> list[float]:  # fmt: skip
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    seconds = []
    for nth in range(WARM + rounds):
        shift = client * (WARM + rounds) + nth + 1 if anew else 0
        first = FIRST - timedelta(days=shift)
        address = f"/api/v1/reports/{asked.format(first=first, end=first + timedelta(days=30))}"
        began = time.perf_counter()
        link.request("GET", address, headers=headers)
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{address} answers {answer.status}")
        if nth >= WARM:
            seconds.append(time.perf_counter() - began)
    link.close()
    return seconds


def _streamed(port: int, headers: dict) -> tuple[int, float]:
    """Rows and seconds."""
    asked = f"from={YEAR.start}&to={YEAR.end}&granularity=day&group_by={GROUPS}&format=csv"
    link = HTTPConnection("127.0.0.1", port, timeout=600)
    began = time.perf_counter()
    link.request("GET", f"/api/v1/reports/cost?{asked}", headers=headers)
    answer = link.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"the stream answers {answer.status}: {answer.read(300)!r}")
    lines = 0
    while chunk := answer.read(CHUNK_BYTES):
        lines += chunk.count(b"\n")
    return lines - 1, time.perf_counter() - began


def _memory(port: int, what: str) -> list[int]:
    """In MiB, of each process that serves the port, by /proc: VmRSS now, VmHWM at most."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"127.0.0.1:{port}".encode() not in (folder / "cmdline").read_bytes():
                continue
            status = (folder / "status").read_text()
        except OSError:  # it has just ended
            continue
        line = next(line for line in status.splitlines() if line.startswith(what))
        found.append(int(line.split()[1]) // 1024)
    return found
