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
from aicost.runtime.bench.registry import Measured
from aicost.runtime.bench.reports import YEAR, build
from aicost.runtime.bench.run import scratch_folder
from aicost.runtime.serving import serving

NAME = "api"
SIZE = 1_000_000
CLIENTS, ROUNDS, WARM = 20, 40, 5
REPORT_SECONDS, STREAM_SECONDS, STREAM_MB = 0.06, 10.0, 250
# Of so many allocated charges a year has about one row of the stream each.
CHARGES_A_ROW = 1
GROUPS = "workload,feature,account,service"
CHUNK_BYTES = 1 << 16
_MONTH = f"from={YEAR.end - timedelta(days=30)}&to={YEAR.end}"
ASKED = (
    f"cost?{_MONTH}&group_by=feature",
    f"cost?{_MONTH}&granularity=day&group_by=team",
    f"unit_cost?{_MONTH}",
)


def run(size: int) -> list[Measured]:
    """`limit_seconds` is the goal; the name says what else was measured, and what missed."""
    call_command("collectstatic", verbosity=0, interactive=False)
    build(size * CHARGES_A_ROW)
    user = add_user("bench", "bench-bench-bench", role="admin")
    _, text = make_token(user, "bench", ["read"])
    headers = {"Authorization": f"Bearer {text}"}
    os.environ["AICOST_API_PER_MINUTE"] = str(10**9)
    with serving(scratch_folder() / "api-web.log") as port:
        found = [*_asked(port, headers, size)]
        rows, seconds, peak = _streamed(port, headers)
    missed = f" > {STREAM_MB}" if peak > STREAM_MB else ""
    name = f"api: {rows} rows of CSV, process {peak} MB{missed}"
    return [*found, Measured(name, rows, seconds, STREAM_SECONDS * rows / SIZE, peak)]


def _asked(port: int, headers: dict, size: int):
    """Median and 95th percentile of each question, of all clients together."""
    for asked in ASKED:
        ask = partial(_rounds, port, f"/api/v1/reports/{asked}", headers)
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as clients:
            times = sorted(one for found in clients.map(ask, range(CLIENTS)) for one in found)
        rate = CLIENTS * (ROUNDS + WARM) / (time.perf_counter() - began)
        name = f"api: {asked.partition('?')[0]}, {CLIENTS} clients"
        yield Measured(f"{name}, median ({rate:.0f} a second)", size, times[len(times) // 2])
        yield Measured(f"{name}, p95", size, times[len(times) * 95 // 100], REPORT_SECONDS)


def _rounds(port: int, address: str, headers: dict, client: int) -> list[float]:
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    seconds = []
    for nth in range(WARM + ROUNDS):
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


def _streamed(port: int, headers: dict) -> tuple[int, float, int]:
    """Rows, seconds, and the highest resident memory of a web process in MiB."""
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
    return lines - 1, time.perf_counter() - began, max(_peaks(port))


def _peaks(port: int) -> list[int]:
    """Of each process that serves the port, by /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"127.0.0.1:{port}".encode() not in (folder / "cmdline").read_bytes():
                continue
            status = (folder / "status").read_text()
        except OSError:  # it has just ended
            continue
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        found.append(int(line.split()[1]) // 1024)
    return found
