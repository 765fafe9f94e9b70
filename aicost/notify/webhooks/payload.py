"""What is posted of one happening."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from aicost.happenings.models import Happening
from aicost.kernel.periods import utc_text
from aicost.notify.message import one_line
from aicost.notify.webhooks.catalogue import BY_NAME, VERSION


def payload_of(one: Happening) -> dict:
    return envelope(one.type, one.at, one.data)


def envelope(name: str, at: datetime, data: Mapping) -> dict:
    kind = BY_NAME[name]
    paths = {"page": kind.page(data), "api": kind.api(data)}
    links = {where: f"{settings.AICOST_URL}{path}" for where, path in paths.items()}
    told = {"type": name, "version": VERSION, "timestamp": utc_text(at)}
    return told | {"data": dict(data) | {"links": links}}


def ordered(told: Mapping) -> dict:
    """As the catalogue has it: the database keeps no order of names."""
    fields = (*BY_NAME[told["type"]].fields, "links")
    data = {name: told["data"][name] for name in fields if name in told["data"]}
    return {name: told[name] for name in ("type", "version", "timestamp")} | {"data": data}


def subject_of(one: Happening) -> str:
    """A line for the log."""
    data = one.data
    about = data.get("title") or data.get("month") or data.get("name") or one.subject
    return one_line(f"{one.type}: {about}")
