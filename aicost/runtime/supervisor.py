"""Keep a handful of processes running, and end every one of them."""

from collections.abc import Callable
import ctypes
from dataclasses import dataclass, field
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

STOP_SECONDS = 10
RESTART_SECONDS_MAX = 30
STEADY_SECONDS = 60  # a process that lived this long starts again at once
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process: its name, its command line, and the file its output goes to."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        """In a session of its own: Ctrl-C reaches the supervisor, which ends all in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        self.started_at = time.monotonic()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def mourn(self) -> str | None:
        """None while it lives; else how it ended, once, and when it may start again."""
        if self.process is None or self.process.poll() is None:
            return None
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.deaths = 0 if steady else self.deaths + 1
        wait = 0 if steady else min(2**self.deaths, RESTART_SECONDS_MAX)
        self.start_after = time.monotonic() + wait
        _kill_group(self.process.pid)  # orphans of a killed leader would hold its port and jobs
        code, self.process = self.process.returncode, None
        return f"{self.name} ended with {code}, starting it again in {wait} s; see {self.log}"


@dataclass
class Supervisor:
    """Runs children until told to stop. `say` gets one line for the person in front of it."""

    children: list[Child]
    say: Callable[[str], None] = print
    stopping: bool = field(default=False, init=False)

    def run(self, when_started: Callable[[], None] = lambda: None) -> None:
        """Start all, restart what dies, return after one of `end_signals()` with all ended."""
        kept = {number: signal.signal(number, self._stop) for number in end_signals()}
        try:
            for child in self.children:
                child.start()
            when_started()
            while not self.stopping:
                self._look_after()
                time.sleep(0.2)
        finally:
            self.end()
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _stop(self, *_) -> None:
        self.stopping = True

    def _look_after(self) -> None:
        for child in self.children:
            ended = child.mourn()
            if ended:
                self.say(ended)
            if child.process is None and time.monotonic() >= child.start_after:
                child.start()

    def end(self) -> None:
        """SIGTERM to all at once; what is left after STOP_SECONDS is killed with its children.
        A job cut off so goes back to waiting when its lease runs out."""
        for child in self.children:
            if child.alive():
                child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{child.name} is still busy and is cut off; its job starts again later")
            _kill_group(child.process.pid)
            child.process.wait()


def end_signals() -> list[signal.Signals]:
    """Signals that end the product in order: Ctrl-C, SIGTERM, and a closed terminal unless that is
    to be ignored (nohup)."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    return wanted


def _kill_group(pid: int) -> None:
    """Every process of the session, orphans of a dead leader included."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_with_parent() -> None:
    """On Linux a child gets SIGTERM when the supervisor itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
