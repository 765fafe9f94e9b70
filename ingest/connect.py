"""Configure the sources that are fetched: check the values, keep the secrets apart, test.

A value `env:NAME` is read from the environment whenever the source is used, and kept as it is.
"""

from collections.abc import Mapping
from datetime import date
import logging
import os
import threading
import traceback

from django.db import transaction
from django.utils import timezone

from ingest.fetch.base import (
    CHOICE,
    DATE,
    FLAG,
    LINES,
    NUMBER,
    SECRET,
    Check,
    Connector,
    FetchError,
    Field,
)
from ingest.fetch.connectors import connector_of
from ingest.fetch.hide import hider
from ingest.models import Source
from ingest.sealed import CannotUnseal, seal, unseal

TEST_SECONDS = 30
NAME_CHARS_MAX = 200
VALUE_CHARS_MAX = 100_000
NUMBER_MAX = 100_000
FROM_ENVIRONMENT = "env:"
# Settings that say where credentials are sent: whoever changes one enters the credentials again.
DESTINATIONS = frozenset({"url", "base_url", "endpoint_url", "endpoint", "host", "account"})

log = logging.getLogger(__name__)


class BadSettings(ValueError):
    """Values a source cannot be configured with: {field name: what is wrong and the cure}."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = dict(errors)


def configure(
    name: str,
    connector_name: str,
    values: Mapping[str, object],
    *,
    source: Source | None = None,
    every_minutes: int | None = None,
) -> Source:
    """Add a source, or change `source`. `values` are raw, as a form or the command line has them; a
    secret left empty keeps the one that is stored. Raises `BadSettings`."""
    connector = connector_of(connector_name)
    errors = {}
    try:
        plain, secret = _cleaned(connector, values, source)
    except BadSettings as error:
        errors = error.errors
    if not name.strip():
        errors["name"] = "give the source a name"
    elif len(name) > NAME_CHARS_MAX or not is_storable(name):
        errors["name"] = f"at most {NAME_CHARS_MAX} characters, and none that cannot be printed"
    elif Source.objects.filter(name=name).exclude(pk=source and source.pk).exists():
        errors["name"] = "another source has this name"
    if errors:
        raise BadSettings(errors)
    with transaction.atomic():
        found = source or Source()
        found.name, found.kind, found.connector = name, connector.kind, connector.name
        found.settings, found.sealed = found.settings | plain, seal(secret)
        if source is None:
            found.every_minutes, found.next_run_at = connector.every_minutes, timezone.now()
        found.every_minutes = every_minutes or found.every_minutes
        found.save()
    return found


def _cleaned(
    connector: Connector, values: Mapping[str, object], source: Source | None
) -> tuple[dict[str, object], dict[str, str]]:
    """Checked values: those that may be shown, and the secrets. Raises `BadSettings`."""
    stored = _stored(source) if _goes_where_it_went(source, values) else {}
    plain, secret, errors = {}, {}, {}
    for field in connector.fields:
        given = values.get(field.name, "")
        is_empty = given in ("", None, [])
        if field.kind == SECRET and is_empty and field.name in stored:
            secret[field.name] = stored[field.name]
            continue
        try:
            value = cleaned(field, field.default if is_empty else given)
        except ValueError as error:
            errors[field.name] = str(error)
            continue
        if field.kind != SECRET:
            plain[field.name] = value
        elif value:
            secret[field.name] = value
    errors |= dict.fromkeys(set(values) - {f.name for f in connector.fields}, "unknown setting")
    if errors:
        raise BadSettings(errors)
    return plain, secret


def is_storable(text: str) -> bool:
    """Whether Postgres can keep the text, in columns and in JSON."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def cleaned(field: Field, given: object) -> object:
    """One raw value as its field's type. Raises ValueError with what is wrong."""
    if field.kind == LINES:
        lines = given.splitlines() if isinstance(given, str) else list(given or [])
        given = [line.strip() for line in lines if line.strip()]
    elif isinstance(given, str):
        given = given.strip()
    if field.kind == FLAG:
        return given in (True, "true", "True", "on", "1", "yes")
    if given in ("", None, []):
        if field.required:
            raise ValueError(f"{field.label} is missing")
        return given
    for text in given if isinstance(given, list) else [str(given)]:
        if len(text) > VALUE_CHARS_MAX or not is_storable(text):
            raise ValueError(f"{field.label} is too long, or holds a character of no text")
    if isinstance(given, str) and given.startswith(FROM_ENVIRONMENT):
        return given
    if field.kind == NUMBER:
        try:
            number = int(given)
        except ValueError:
            raise ValueError(f"{str(given)[:40]!r} is no whole number") from None
        if not 0 <= number <= NUMBER_MAX:
            raise ValueError(f"{field.label} is from 0 to {NUMBER_MAX}")
        return number
    if field.kind == DATE:
        try:
            return date.fromisoformat(str(given)).isoformat()
        except ValueError:
            raise ValueError(f"{str(given)[:40]!r} is no date: write YYYY-MM-DD") from None
    if field.kind == CHOICE and given not in dict(field.choices):
        known = ", ".join(key for key, _ in field.choices)
        raise ValueError(f"{str(given)[:40]!r} is none of: {known}")
    return given


def config_of(source: Source) -> dict[str, object]:
    """All values of a source by field name, secrets and environment resolved. Raises
    `FetchError`."""
    connector = connector_of(source.connector)
    try:
        given = {**source.settings, **unseal(source.sealed)}
    except CannotUnseal as error:
        raise FetchError(str(error)) from error
    return _config(connector, given)


def _config(connector: Connector, given: Mapping[str, object]) -> dict[str, object]:
    return {field.name: resolved(field, given.get(field.name)) for field in connector.fields}


def check_source(source: Source) -> list[Check]:
    """Every check of the source's connector, up to the first that raises."""
    try:
        config = config_of(source)
    except FetchError as error:
        return [Check(False, error.message, error.cure)]
    return checks_of(connector_of(source.connector), config)


def check_values(
    connector_name: str, values: Mapping[str, object], source: Source | None = None
) -> list[Check]:
    """Test settings before they are saved. A secret left empty is the stored one of `source`.
    Raises `BadSettings`."""
    connector = connector_of(connector_name)
    plain, secret = _cleaned(connector, values, source)
    try:
        return checks_of(connector, _config(connector, {**plain, **secret}))
    except FetchError as error:
        return [Check(False, error.message, error.cure)]


def checks_of(connector: Connector, config: Mapping[str, object]) -> list[Check]:
    """Every check, up to the first that raises; somebody waits for it, so it ends after
    TEST_SECONDS whatever the other side does."""
    checks: list[Check] = []
    hide = hider(connector, config)

    def add(check: Check) -> None:
        checks.append(Check(check.ok, hide(check.what), hide(check.cure)))

    def run() -> None:
        try:
            for check in connector.test(config):
                add(check)
        except FetchError as error:
            add(Check(False, error.message, error.cure))
        except Exception as error:
            log.error("connector %s: %s", connector.name, hide(traceback.format_exc()))
            add(Check(False, f"{type(error).__name__}: {error}"[:300], "See the log"))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(TEST_SECONDS)
    if thread.is_alive():
        cure = "Check the address, and whether a firewall or proxy stands between"
        return [*checks, Check(False, f"no answer within {TEST_SECONDS} seconds", cure)]
    return checks


def _goes_where_it_went(source: Source | None, values: Mapping[str, object]) -> bool:
    """Whether stored secrets may be used with these values: never for another destination."""
    if source is None:
        return False
    return all(
        str(values.get(name) or "").strip() == str(source.settings.get(name) or "")
        for name in DESTINATIONS & source.settings.keys()
    )


def _stored(source: Source) -> dict[str, str]:
    try:
        return unseal(source.sealed)
    except CannotUnseal:  # whoever edits the source enters them anew
        return {}


def resolved(field: Field, value: object) -> object:
    """A stored value as it is used: `env:NAME` read from the environment. Raises `FetchError`."""
    if value is None:
        return [] if field.kind == LINES else field.default
    if isinstance(value, str) and value.startswith(FROM_ENVIRONMENT):
        variable = value.removeprefix(FROM_ENVIRONMENT)
        if variable not in os.environ:
            raise FetchError(
                f"{field.label} is to come from the environment variable {variable}, which is not"
                " set",
                f"Set {variable} for the web and the worker processes",
            )
        return cleaned(field, os.environ[variable])
    return value
