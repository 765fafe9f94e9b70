"""Which Postgres: the one DATABASE_URL names, else the embedded one under AICOST_HOME."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from aicost.runtime.postgres import Embedded


def database_settings(url: str, home: Path) -> dict:
    """Django's DATABASES entry. Raises ValueError for a URL that is not postgresql://."""
    parts = urlsplit(url or Embedded(home).url())
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(
            f"DATABASE_URL starts with {parts.scheme!r}; it must be postgresql://user:password"
            "@host:port/name, or unset for the embedded database"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }
