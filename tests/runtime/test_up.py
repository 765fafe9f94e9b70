"""One command runs the product: it serves, works, heals, and leaves no process behind."""

from contextlib import contextmanager
from http.client import HTTPConnection
import os
from pathlib import Path
import signal
import stat
import subprocess
import sys
import time

import psycopg

from aicost.runtime.postgres import Embedded, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 90


@contextmanager
def product(home: Path, port: int):
    """`manage.py up`, once it has said that it is ready; killed at the end if it still lives."""
    environment = {**os.environ, "AICOST_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        environment.pop(name, None)
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)]
    out = home.with_name("up.log")
    with out.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, preexec_fn=_as_in_a_terminal
        )
    try:
        wait_until(lambda: "Ready: http" in out.read_text() or process.poll() is not None)
        assert process.poll() is None, out.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        Embedded(home).remove()


def _as_in_a_terminal() -> None:
    """Tests may run under nohup, which passes on that SIGHUP is to be ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_until(true, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)


def processes_of(home: Path) -> dict[int, str]:
    """Living processes of this AICOST_HOME: number -> command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"AICOST_HOME={home}\0".encode() in (entry / "environ").read_bytes()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if mine and line:
            found[int(entry.name)] = line
    return found


def one(home: Path, word: str) -> int | None:
    return min((pid for pid, line in processes_of(home).items() if word in line), default=None)


def status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    return connection.getresponse().status


def serves(port: int) -> bool:
    try:
        return status(port, "/admin/login/") == 200
    except OSError:
        return False


def manage(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "AICOST_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_it_serves_works_heals_and_stops_without_a_trace(tmp_path):
    home, port = tmp_path / "home", free_port()
    assert manage(home, "migrate").returncode == 0
    with psycopg.connect(Embedded(home).url(), autocommit=True) as connection:
        # Left by a worker that died: nobody announces it, only the first look finds it.
        connection.execute(
            "insert into jobs_job (kind, key, payload, state, tries, claimed_by, created_at,"
            " lease_until, progress, error)"
            " values ('jobs.purge', 'left', '{}', 'running', 1, 'dead', now(), now(), '', '')"
        )
        left = "select state from jobs_job where key = 'left'"
        with product(home, port) as process:
            assert status(port, "/admin/login/") == 200
            wait_until(lambda: connection.execute(left).fetchone() == ("done",))
            connection.close()
            beat = one(home, "celery -A aicost.celery beat")
            os.kill(beat, signal.SIGKILL)
            wait_until(lambda: one(home, "celery -A aicost.celery beat") not in (None, beat))
            web = {pid for pid, line in processes_of(home).items() if "gunicorn" in line}
            os.kill(min(web), signal.SIGKILL)  # the master; its workers hold the port
            wait_until(lambda: not web & processes_of(home).keys() and serves(port))
            second = manage(home, "up", "--port", str(free_port()))
            assert second.returncode == 1
            assert f"it runs already for {home}" in second.stderr
            assert stat.S_IMODE(home.stat().st_mode) == 0o700
            process.send_signal(signal.SIGHUP)  # the terminal is closed
            assert process.wait(60) == 0
            assert processes_of(home) == {}
            assert Embedded(home).running() is False
