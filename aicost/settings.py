"""Settings. Every variable a user may set is listed in docs/settings.md (a test checks)."""

import os
from pathlib import Path
import secrets

from aicost.kernel.environment import whole_number
from aicost.notify.mail_server import mail_server
from aicost.runtime.database import broker_url, database_settings, home_folder, make_home

BASE_DIR = Path(__file__).resolve().parent.parent
AICOST_HOME = home_folder()


def _secret_key() -> str:
    """DJANGO_SECRET_KEY, or one made on first use and kept under AICOST_HOME (mode 0600)."""
    given = os.environ.get("DJANGO_SECRET_KEY")
    if given:
        return given
    kept = AICOST_HOME / "secret_key"
    try:
        return kept.read_text(encoding="ascii")
    except FileNotFoundError:
        make_home(AICOST_HOME)
    try:
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        key = secrets.token_urlsafe(48)
        out.write(key)
    return key


SECRET_KEY = _secret_key()
# What the credentials of sources are encrypted with: the newest key first. Without one it follows
# from SECRET_KEY.
AICOST_SECRETS_KEYS = [k for k in os.environ.get("AICOST_SECRETS_KEYS", "").split(",") if k]
DEBUG = os.environ.get("AICOST_DEBUG", "") == "1"
ALLOWED_HOSTS = os.environ.get("AICOST_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("AICOST_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "aicost.accounts",
    "aicost.jobs",
    "aicost.happenings",
    "aicost.runtime",
    "ingest",
    "attribution",
    "aicost.files",
    "aicost.web",
    "aicost.bi",
    "aicost.notify",
]

AUTH_USER_MODEL = "accounts.User"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "aicost.web.middleware.explained",
    "aicost.web.middleware.asked_once",
    "aicost.web.middleware.in_own_zone",
]

ROOT_URLCONF = "aicost.urls"
WSGI_APPLICATION = "aicost.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": database_settings(
        os.environ.get("DATABASE_URL", ""),
        AICOST_HOME,
        whole_number("AICOST_CONNECTIONS", 0),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = AICOST_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# Handlers of the job table by name: an explicit list, imported when a worker first needs one.
AICOST_JOBS = {
    "ingest.load": "ingest.tasks.load",
    "ingest.inbox": "ingest.tasks.inbox",
    "ingest.due": "ingest.tasks.due",
    "ingest.source": "ingest.tasks.source",
    "ingest.purge": "ingest.tasks.purge",
    "ingest.otlp": "ingest.otlp.jobs.fold",
    "attribution.attribute": "attribution.tasks.attribute",
    "attribution.estimate": "attribution.tasks.estimate",
    "attribution.budgets": "attribution.tasks.budgets",
    "notify.decide": "aicost.notify.tasks.decide",
    "notify.send": "aicost.notify.tasks.send",
    "notify.purge": "aicost.notify.tasks.purge",
    "attribution.alerts": "attribution.tasks.alerts",
    "files.due": "aicost.files.tasks.due",
    "files.export": "aicost.files.tasks.export",
    "bi.refresh": "aicost.bi.tasks.refresh",
    "jobs.purge": "aicost.jobs.queue.purge",
}

# Enqueued once a minute as (kind, key), unless one of that key still waits.
AICOST_TICK_JOBS = [
    ("ingest.inbox", "inbox"),
    ("ingest.due", "due"),
    ("ingest.otlp", "fold"),
    ("attribution.attribute", "all"),
    ("notify.decide", "all"),
    ("notify.send", "all"),
    ("bi.refresh", "lately"),
]
# Enqueued once an hour.
AICOST_HOURLY_JOBS = [
    ("attribution.estimate", "hourly"),
    ("attribution.budgets", "hourly"),
    ("ingest.purge", "hourly"),
    ("attribution.alerts", "hourly"),
    ("notify.purge", "hourly"),
    ("files.due", "hourly"),
    ("bi.refresh", "all"),
]
AICOST_KEEP_DAYS = whole_number("AICOST_KEEP_DAYS", 90)
AICOST_JOB_LEASE_SECONDS = whole_number("AICOST_JOB_LEASE_SECONDS", 60, least=1)
# Whose public holidays explain a quiet day; empty for nobody's.
AICOST_COUNTRY = os.environ.get("AICOST_COUNTRY", "US")
AICOST_ATTRIBUTION_THREADS = whole_number("AICOST_ATTRIBUTION_THREADS", 2, least=1)

# What /metrics tells: for how long it is kept, and how many names of a kind are told apart.
AICOST_METRICS_SECONDS = whole_number("AICOST_METRICS_SECONDS", 60)
AICOST_METRICS_TOP = whole_number("AICOST_METRICS_TOP", 50)

# Where people reach the web server: what links in messages begin with.
AICOST_URL = (
    os.environ.get("AICOST_URL") or (CSRF_TRUSTED_ORIGINS or ["http://127.0.0.1:8000"])[0]
).rstrip("/")
(EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL) = (
    mail_server(os.environ.get("AICOST_SMTP_URL", ""))
)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("AICOST_MAIL_FROM", "AI cost <aicost@localhost>")
# Hosts of an inner network that webhooks may go to, beside the open internet.
AICOST_HOOK_HOSTS = [h for h in os.environ.get("AICOST_HOOK_HOSTS", "").split(",") if h]

# Lists of the addresses of the API, in the order in which they are described.
AICOST_API_ADDRESSES = ["aicost.api.rest.registry.RESOURCES", "aicost.notify.rest.RESOURCES"]
# Requests of one token, or of one person without a token, in a minute.
AICOST_API_PER_MINUTE = whole_number("AICOST_API_PER_MINUTE", 600, least=1)
# What one statement of a question may take; a stream has longer, with the time its reader takes.
AICOST_API_SECONDS = whole_number("AICOST_API_SECONDS", 60, least=1)
AICOST_API_STREAM_SECONDS = whole_number("AICOST_API_STREAM_SECONDS", 1800, least=1)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

# Celery, the bell of the job table. Without a broker of its own it uses the same Postgres.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or broker_url(DATABASES["default"])
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULE = {"tick": {"task": "aicost.jobs.tick", "schedule": 60.0}}
CELERY_BEAT_SCHEDULE_FILENAME = str(AICOST_HOME / "beat")
