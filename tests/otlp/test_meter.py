"""The meter, installed by itself without Django, telling a live server of ours."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from django.conf import settings
import pytest

from aicost.runtime.postgres import free_port
from ingest.models import TrainingRun
from tests.otlp.spans import calls, fold_all, token
from tests.served import serving

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = """
import asyncio, json, os, sys, threading, time
import aicost_meter
from aicost_meter import current, flush, meter, stats, training_run

@meter(model="gpt-4o", provider="openai", feature="search", team="shop",
       usage=lambda answer: {"input": len(answer), "output": 2})
def answer(question):
    return question.upper()

@meter(model="gpt-4o-mini", feature="stream")
def stream(n):
    for number in range(n):
        current().tokens(output=1)
        yield number

@meter(model="haiku", feature="async")
async def ask(tokens):
    await asyncio.sleep(0)
    current().tokens(input=tokens, output=1)

@meter(model="haiku", feature="async-stream")
async def pour():
    for number in range(3):
        current().tokens(output=1)
        yield number

@meter(model="broken", feature="search")
def broken():
    raise KeyError("mine")

@meter(model="outer", feature="wrapper")
def outer():
    current().tokens(input=5)
    return answer("hello")

def work():
    assert answer("hello") == "HELLO"
    assert list(stream(4)) == [0, 1, 2, 3]
    assert current().span

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()

async def many():
    await asyncio.gather(*(ask(10 * n) for n in range(1, 4)))
    assert [n async for n in pour()] == [0, 1, 2]
    async with training_run(experiment="tiny", model="m", run="run-2", gpus=0): pass
asyncio.run(many())
outer()
try:
    broken()
except KeyError as error:
    assert error.args == ("mine",)
with training_run(experiment="ranker-v3", model="ranker", run="run-1", gpus=2,
                  reason="drift") as run:
    run.tokens(input=1000).moved(read=10, written=20)
    time.sleep(0.05)
pid = os.fork()
if pid == 0:
    answer("child")
    flush(20)
    os._exit(0)
os.waitpid(pid, 0)
assert "django" not in sys.modules
if "exit" not in sys.argv:
    flush(20)
print(json.dumps(stats()))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The package, installed from a copy of its folder into a folder of its own."""
    folder = tmp_path_factory.mktemp("meter")
    source = Path(settings.BASE_DIR) / "ingest" / "meter"
    shutil.copytree(source, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    command = [uv, "pip", "install", "-q", "--offline", "--no-deps"]
    done = subprocess.run(
        [*command, "--python", sys.executable, "--target", folder / "site", folder / "source"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "site"


def run(installed: Path, endpoint: str, script: str = SCRIPT, text: str = "", *arguments: str):
    """What the script printed last, in an interpreter that has nothing but the package."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(installed),
        "AICOST_ENDPOINT": endpoint,
        "AICOST_TOKEN": text,
        "AICOST_SERVICE": "trainer",
    }
    bare = [sys.executable, "-S", "-W", "ignore", "-c", script, *arguments]
    done = subprocess.run(bare, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_it_tells_calls_and_runs_from_threads_asyncio_generators_and_forks(live_server, installed):
    told, _ = run(installed, live_server.url, SCRIPT, token("meter"))
    assert told == {"sent": 15, "dropped": 0, "refused": 0, "failed": 0, "waiting": 0}
    fold_all()
    assert calls("model", "feature", "input_tokens", "output_tokens", "status", "requests") == [
        ("broken", "search", None, None, "KeyError", 1),
        *[("gpt-4o", "search", 5, 2, "ok", 1)] * 5,
        *[("gpt-4o-mini", "stream", None, 4, "ok", 1)] * 3,
        ("haiku", "async", 10, 1, "ok", 1),
        ("haiku", "async", 20, 1, "ok", 1),
        ("haiku", "async", 30, 1, "ok", 1),
        ("haiku", "async-stream", None, 3, "ok", 1),
        ("m", "", None, None, "ok", None),
        ("ranker", "", 1000, None, "ok", None),
    ]
    ranker = TrainingRun.objects.get(run_id="run-1")
    assert (ranker.experiment, ranker.model, ranker.status) == ("ranker-v3", "ranker", "finished")
    assert ranker.reason == "drift"
    assert ranker.gpu_ms >= 100
    assert int(ranker.metrics["read_bytes"]) >= 10
    assert "gpu_utilization" not in ranker.metrics  # there is no GPU here


def test_it_sends_what_waits_at_exit(live_server, installed):
    run(installed, live_server.url, SCRIPT, token("meter"), "exit")
    fold_all()
    assert len(calls("model")) == 15


def test_it_leaves_the_caller_alone_when_nobody_listens(installed):
    """Calls beyond the queue are dropped and counted, and exit does not wait for long."""
    script = """
import json, time
import aicost_meter
@aicost_meter.meter(model="m")
def call(): return 7
began = time.monotonic()
for _ in range(25_000): assert call() == 7
assert aicost_meter.flush(0.2) is False
print(json.dumps({**aicost_meter.stats(), "seconds": time.monotonic() - began}))
"""
    told, errors = run(installed, f"http://127.0.0.1:{free_port()}", script)
    assert told["dropped"] + told["waiting"] == 25_000
    assert told["waiting"] <= 10_000 + 512
    assert told["sent"] == told["failed"] == 0
    assert "were dropped" in errors


class Busy(BaseHTTPRequestHandler):
    """Asks to come again, once; then takes all."""

    asked: list = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(len(body))
        self.send_response(503 if len(self.asked) == 1 else 200)
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_) -> None:
        """Say nothing."""


def test_it_comes_again_when_asked_to_and_counts_its_own_mistakes(installed):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    script = """
import json
import aicost_meter
@aicost_meter.meter(model="m", usage=lambda result: 1 / 0)
def wrong(): return 7
@aicost_meter.meter(model="m")
def call(): aicost_meter.current().tokens(wrong=1).set(nothing=2)
assert wrong() == 7
call()
aicost_meter.flush(20)
print(json.dumps(aicost_meter.stats()))
try:
    aicost_meter.meter(modle="m")
except TypeError as error:
    assert "no modle; there are" in str(error)
else:
    raise SystemExit("a word it does not know")
"""
    with serving(server) as url:
        told, _ = run(installed, url, script)
    assert told == {"sent": 1, "dropped": 0, "refused": 0, "failed": 3, "waiting": 0}
    assert len(Busy.asked) == 2


def test_it_is_not_imported_by_the_product():
    rooms = [Path(settings.BASE_DIR) / room for room in ("aicost", "ingest", "attribution")]
    files = [path for room in rooms for path in room.rglob("*.py")]
    ours = [path for path in files if "meter/src" not in path.as_posix()]
    wanted = re.compile(r"^ *(import|from) aicost_meter", re.MULTILINE)
    found = [path.name for path in ours if wanted.search(path.read_text(encoding="utf-8"))]
    assert found == ["meter.py"]  # the bench, in a process of its own
