"""Which Postgres: the one DATABASE_URL names, else the embedded one under AICOST_HOME."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from aicost.kernel.environment import BadSetting
from aicost.runtime.postgres import Embedded

# Compiling a report's query takes ten times as long as running it. The embedded server has it off;
# `?options=` in DATABASE_URL replaces this where a pooler refuses it.
# A session whose machine vanished ends within a minute, and with it the locks it held.
_KEEPALIVES = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
SESSION = {"options": f"-c jit=off {_KEEPALIVES}"}


def database_settings(url: str, home: Path, connections: int = 0) -> dict:
    """Django's DATABASES entry. With `connections`, the threads of a process share that many at
    most, of which one stays open: a new one knows no table yet, which costs a page 50 ms. Without,
    a thread keeps its own for a minute. Raises BadSetting for a URL that is none."""
    parts = urlsplit(url or Embedded(home).url())
    if parts.scheme not in ("postgres", "postgresql"):
        raise BadSetting(
            f"DATABASE_URL starts with {parts.scheme!r}; it must be postgresql://user:password"
            "@host:port/name, or unset for the embedded database"
        )
    try:
        port = parts.port
    except ValueError:  # what stands there may be a part of a password
        raise BadSetting(
            "DATABASE_URL names no port behind its host; in user and password / : @ ? and # are "
            "written %2F, %3A, %40, %3F and %23"
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 0 if connections else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": SESSION | dict(parse_qsl(parts.query)) | _pool(connections),
    }


def _pool(connections: int) -> dict:
    return {"pool": {"min_size": 1, "max_size": connections}} if connections else {}


def broker_url(database: dict) -> str:
    """The same Postgres as Celery's broker, for kombu's SQLAlchemy transport."""
    user, password = quote(database["USER"], safe=""), quote(database["PASSWORD"], safe="")
    ours = SESSION | {"pool": database["OPTIONS"].get("pool")}
    asked = {k: v for k, v in database["OPTIONS"].items() if ours.get(k) != v}
    name, query = quote(database["NAME"], safe=""), urlencode(asked)
    place = f"{database['HOST']}:{database['PORT'] or 5432}"
    login = f"{user}:{password}@" if user else ""
    return f"sqla+postgresql+psycopg://{login}{place}/{name}" + (f"?{query}" if query else "")


# Commands that need no database, or start it themselves.
WITHOUT_DATABASE = {
    "collectstatic",
    "db",
    "diffsettings",
    "help",
    "makemigrations",
    "up",
    "version",
}


def start_if_needed(arguments: list[str]) -> None:
    """Start the embedded server before a command that reads the database; no-op with
    DATABASE_URL. It keeps running for the next command, until `manage.py db stop`."""
    asks_for_help = not arguments or {"-h", "--help", "--version"} & set(arguments)
    if asks_for_help or arguments[0] in WITHOUT_DATABASE or os.environ.get("DATABASE_URL"):
        return
    home = home_folder()
    make_home(home)
    Embedded(home).start()


def make_home(home: Path) -> None:
    """A new AICOST_HOME is for its owner's eyes only: bills are kept in it. One that exists keeps
    the rights it has."""
    if not home.exists():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)


def home_folder() -> Path:
    """AICOST_HOME, by default `.aicost` beside manage.py."""
    root = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("AICOST_HOME") or root / ".aicost").resolve()
