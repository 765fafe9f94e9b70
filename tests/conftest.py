"""Shared fixtures. The database is a real Postgres: DATABASE_URL, or an embedded one started for
the run in a folder of its own."""

from contextlib import ExitStack
from glob import glob
import os
from pathlib import Path
import shutil
import tempfile

from django.conf import settings
import hypothesis
import pytest

from aicost.runtime.database import database_settings
from aicost.runtime.postgres import Embedded
from tests import databases, emptying
from tests.demo_days import loaded
from tests.nursery import Nursery

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

# Files that take a minute or more go first: none is still at work when all others have ended.
LONG = (
    "web/test_sweep.py",
    "web/test_journeys.py",
    "runtime/test_worker_kill.py",
    "web/test_bad_requests.py",
    "web/test_figures_are_reports.py",
    "ingest/test_mutated_files.py",
    "runtime/test_up.py",
    "ingest/test_spark.py",
    "attribution/test_random_rules.py",
)

# How long an example takes says how busy the machine is, nothing about the product.
UNHURRIED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("suite", **UNHURRIED)
hypothesis.settings.register_profile("soak", max_examples=20_000, **UNHURRIED)
hypothesis.settings.load_profile("suite")

_run = {"home": None, "embedded": None, "absent": {}}


def _only_leads(config) -> bool:
    """Whether this process only hands tests out to others (pytest -n)."""
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


def pytest_configure(config):
    """Nothing of a run touches the AICOST_HOME or the database somebody works with; every process
    that runs tests has its own."""
    if _only_leads(config):
        config.option.loadscopereorder = False  # else files of many tests go first
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
    emptying.install()


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
    items[:] = sorted(kept, key=_turn)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def _turn(item) -> int:
    name = item.nodeid.partition("::")[0].removeprefix("tests/")
    return LONG.index(name) if name in LONG else len(LONG)


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
def django_db_setup(django_db_setup, django_db_blocker):
    """The name of a copy of the test database as it is before the first test."""
    yield from _kept(databases.copied_as("bare"), django_db_blocker)


@pytest.fixture(scope="session")
def demo_days(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    yield from _kept(loaded(django_db_setup, folder), django_db_blocker)


def _kept(context, django_db_blocker):
    """What a context gives, which needs the database when it begins and when it ends."""
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            found = stack.enter_context(context)
        yield found
        with django_db_blocker.unblock():
            stack.close()


@pytest.fixture
def demo(at_demo_days, db):
    """The demo company's last days. It stands for the mark django_db, which would begin a
    transaction in the ordinary database."""
    return at_demo_days


@pytest.fixture
def at_demo_days(demo_days):
    with databases.connected_to(demo_days.database), demo_days.at_home():
        yield demo_days


@pytest.fixture(scope="session")
def nursery(django_db_setup, tmp_path_factory):
    """Forks processes of the product."""
    found = Nursery(tmp_path_factory.mktemp("nursery") / "log")
    yield found
    found.end()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample files; see its README for the totals."""
    return SAMPLES
