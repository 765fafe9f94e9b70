"""Run one bench in a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import resource

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from aicost.runtime.bench.registry import find


def run_bench(name: str, size: int | None = None) -> list[dict]:
    """Rows {name, size, seconds, limit_seconds, ratio, peak_mb} of one bench, at its full size
    unless another is given. Raises `NoBench`."""
    run, full_size = find(name)
    with _own_database(f"bench_{name}_{os.getpid()}"):
        return [measured.row() for measured in run(size or full_size)]


def peak_mb() -> int:
    """The highest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def scratch_folder() -> Path:
    """Where a bench keeps the files it makes; the next run finds them there."""
    folder = Path(settings.AICOST_HOME) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _own_database(name: str) -> Iterator[None]:
    """A migrated, empty database on the same server; dropped at the end."""
    usual = settings.DATABASES["default"]["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'create database "{name}"')
    try:
        _point_at(name)
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        _point_at(usual)
        with connection.cursor() as cursor:
            cursor.execute(f'drop database if exists "{name}" with (force)')


def _point_at(database: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = database
    connection.settings_dict["NAME"] = database
