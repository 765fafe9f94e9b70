"""Shared fixtures. The database is a real Postgres: DATABASE_URL, or an embedded one started for
the run in a folder of its own."""

from glob import glob
import os
from pathlib import Path
import shutil
import tempfile

from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
import hypothesis
import pytest

from aicost.runtime.database import database_settings
from aicost.runtime.postgres import Embedded

SAMPLES = Path(
    os.environ.get("AICOST_SAMPLES") or settings.BASE_DIR.parent / "shared" / "data"
).resolve()

# Marker -> what its tests need. Without it they are left out, and the last line says so.
NEEDS = {
    "browser": lambda: shutil.which("chromium"),
    "prometheus": lambda: shutil.which("prometheus") and shutil.which("promtool"),
    "redis": lambda: shutil.which("redis-server"),
    "spark": lambda: shutil.which("java"),
    "debian_postgres": lambda: glob("/usr/lib/postgresql/*/bin/pg_ctl"),
    "samples": SAMPLES.is_dir,
}

hypothesis.settings.register_profile("soak", max_examples=20_000, deadline=None)

_run = {"home": None, "embedded": None, "absent": {}}


def _only_leads(config) -> bool:
    """Whether this process only hands tests out to others (pytest -n)."""
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


def pytest_configure(config):
    """Nothing of a run touches the AICOST_HOME or the database somebody works with; every process
    that runs tests has its own."""
    if _only_leads(config):
        return
    home = Path(tempfile.mkdtemp(prefix="aicost-test-"))
    _run["home"] = home
    settings.AICOST_HOME = home
    os.environ["AICOST_HOME"] = str(home)
    if not os.environ.get("DATABASE_URL"):
        _run["embedded"] = Embedded(home, durable=False)
        _run["embedded"].start()
        settings.DATABASES["default"].update(database_settings("", home))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CELERY_BROKER_URL = "memory://"
    # Pages are tested without collectstatic; the manifest is tested by `manage.py up`.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    _empty_partitioned_tables_too()


def _empty_partitioned_tables_too():
    """Django's flush does not know the tables that migrations make by hand, and Postgres refuses
    to truncate what they refer to; so it truncates with CASCADE."""
    flush = DatabaseOperations.sql_flush

    def cascading(self, style, tables, **options):
        return flush(self, style, tables, **{**options, "allow_cascade": True})

    DatabaseOperations.sql_flush = cascading


def pytest_unconfigure(config):
    if _run["embedded"] is not None:
        _run["embedded"].remove()
    if _run["home"] is not None:
        shutil.rmtree(_run["home"], ignore_errors=True)


def pytest_collection_modifyitems(config, items):
    absent = [name for name, present in NEEDS.items() if not present()]
    kept, left_out = [], []
    for item in items:
        group = next((name for name in absent if item.get_closest_marker(name)), None)
        if group is None:
            kept.append(item)
        else:
            left_out.append(item)
            _run["absent"][group] = _run["absent"].get(group, 0) + 1
    items[:] = kept
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session):
    """A process that was handed its tests tells the leading one what it left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["absent"] = _run["absent"]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Each process collects all tests and leaves out the same."""
    _run["absent"] |= getattr(node, "workeroutput", {}).get("absent", {})


def pytest_terminal_summary(terminalreporter):
    for group, count in sorted(_run["absent"].items()):
        terminalreporter.write_line(
            f"left out: {count} tests of group {group!r}, whose program is not installed"
            " (apt-packages.txt)"
        )


@pytest.fixture
def home(tmp_path, settings):
    """An AICOST_HOME of this test's own."""
    settings.AICOST_HOME = tmp_path
    return tmp_path


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample files; see its README for the totals."""
    return SAMPLES
