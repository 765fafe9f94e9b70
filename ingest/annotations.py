"""Deploys, commits, releases and notes: what senders tell becomes rows, once each.

An event is known by what it is (`commit:<sha>`, `deployment:<id>`), not by its delivery: a webhook
sent again, or a commit pushed to two branches, is one row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatch
import hashlib
import hmac
import re

from aicost.kernel.periods import utc_now
from ingest.connect import config_of
from ingest.fetch.git_webhook import DIMENSIONS, rules_of
from ingest.models import Annotation, Source
from ingest.sources import cells

KINDS = ("deploy", "commit", "release", "note")
TEXT = ("url", "author", "repository", "branch", "commit", "environment", *DIMENSIONS)
EVENTS_MAX = 1_000
API_SOURCE = "api events"
_TITLE_CHARS_MAX = 200
_UPDATED = ("at", "kind", "title", *TEXT)


class BadEvent(ValueError):
    """A payload that cannot be used; says where and why."""


def git_source(name: str) -> Source | None:
    """The enabled source of a webhook's address; its name may be anything."""
    if "\x00" in name:
        return None
    return Source.objects.filter(name=name, connector="git_webhook", enabled=True).first()


def is_signed(source: Source, body: bytes, signature: str, token: str) -> bool:
    """Whether the body comes from who knows the secret: GitHub's HMAC, or GitLab's token. Raises
    `FetchError` when the stored secret cannot be read."""
    secret = (config_of(source)["secret"] or "").encode()
    if not secret:
        return False
    if signature:
        wanted = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted.encode(), signature.encode())
    return hmac.compare_digest(secret, token.encode())


def keep_git(source: Source, event: str, payload: Mapping) -> int:
    """Rows of one webhook of GitHub or GitLab; 0 for events that say nothing here. Raises
    `BadEvent`."""
    config = config_of(source)
    read = _GIT.get(event)
    if read is None:
        return 0
    try:
        found = list(read(payload, config))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadEvent(f"the {event} event has not the fields it should: {error!r}") from error
    return _store(source, found)


def keep_rows(rows: object, key: str) -> int:
    """Rows of our own simple form. An `id` names an event; without one, `key` and its place do:
    an Idempotency-Key with whose it is. All or none. Raises `BadEvent`."""
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadEvent("the body is no event and no array of events")
    if len(rows) > EVENTS_MAX:
        raise BadEvent(f"{len(rows)} events: send at most {EVENTS_MAX} at a time")
    found = [_own(row, index, key) for index, row in enumerate(rows)]
    source, _ = Source.objects.get_or_create(name=API_SOURCE, defaults={"kind": "run"})
    return _store(source, found)


def _own(row: Mapping, index: int, key: str) -> Annotation:
    unknown = sorted(set(row) - {"id", "at", "kind", "title", *TEXT})
    where = f"event {index}"
    if unknown:
        known = ", ".join(("id", "at", "kind", "title", *TEXT))
        raise BadEvent(f"{where}: unknown field {unknown[0]!r}; there are {known}")
    event_id = str(row.get("id") or (f"{key}#{index}" if key else ""))
    try:
        if not event_id:
            raise ValueError("id is missing: give one, or an Idempotency-Key")
        if row.get("kind", "note") not in KINDS:
            raise ValueError(f"kind is none of {', '.join(KINDS)}")
        if not str(row.get("title") or "").strip():
            raise ValueError("title is missing")
        odd = next((name for name in row if isinstance(row[name], list | dict | bool)), None)
        if odd:
            raise ValueError(f"{odd} is no text")
        return _made(
            cells.text(event_id), cells.time(str(row.get("at", ""))), row.get("kind", "note"),
            str(row["title"]), **{name: str(row.get(name) or "") for name in TEXT},
        )  # fmt: skip
    except ValueError as error:
        raise BadEvent(f"{where}: {error}") from error


def _made(event_id: str, at: datetime, kind: str, title: str, **more: str) -> Annotation:
    title = cells.text(" ".join(title.split())[:_TITLE_CHARS_MAX])
    told = {name: cells.text(value) for name, value in more.items()}
    if told.get("url") and not re.match(r"https?://", told["url"]):
        raise ValueError(f"url {told['url'][:40]!r} is no web address")
    return Annotation(event_id=event_id, at=at, kind=kind, title=title or kind, **told)


def _store(source: Source, found: Iterable[Annotation]) -> int:
    single = {one.event_id: one for one in found}
    for one in single.values():
        one.source = source
    Annotation.objects.bulk_create(
        single.values(),
        update_conflicts=True,
        unique_fields=("source", "event_id"),
        update_fields=_UPDATED,
    )
    return len(single)


def _time(text: object) -> datetime:
    """As git hosts write times: ISO 8601, or a number of seconds; a clock ahead of ours is now."""
    if type(text) is int and abs(text) < 2**40:
        moment = datetime.fromtimestamp(text, UTC)
    else:
        moment = datetime.fromisoformat(str(text).replace(" UTC", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    moment = min(moment, utc_now())
    if moment.year < cells.EARLIEST.year:
        raise ValueError(f"{str(text)[:40]!r} is before 2000")
    return moment


def _push(payload: Mapping, config: Mapping) -> Iterator[Annotation]:
    """GitHub's and GitLab's push events are alike where we read them."""
    ref = payload["ref"]
    branch = ref.removeprefix("refs/heads/")
    if branch == ref or not any(fnmatch(branch, one) for one in config["branches"] or ["*"]):
        return
    rules = rules_of(config["paths"])
    repository = payload.get("repository") or payload.get("project") or {}
    for commit in payload.get("commits") or []:
        touched = [path for what in ("added", "modified", "removed") for path in commit[what] or []]
        yield _made(
            f"commit:{commit['id']}",
            _time(commit["timestamp"]),
            "commit",
            (commit["message"] or "").split("\n")[0],
            url=commit.get("url") or "",
            author=(commit.get("author") or {}).get("name") or "",
            repository=_repository(payload) or repository.get("name", ""),
            branch=branch,
            commit=commit["id"],
            **_about(touched, rules),
        )


def _about(paths: list[str], rules: list[tuple]) -> dict[str, str]:
    """The first rule of each dimension that one of the paths fits."""
    found: dict[str, str] = {}
    for pattern, dimension, name in rules:
        if dimension not in found and any(pattern.match(path) for path in paths):
            found[dimension] = name
    return found


def _repository(payload: Mapping) -> str:
    told = payload.get("repository") or {}
    project = payload.get("project") or {}
    return told.get("full_name") or project.get("path_with_namespace") or ""


def _github_deployment(payload: Mapping, config: Mapping) -> Iterator[Annotation]:
    """A deployment counts when it has succeeded."""
    deployment, status = payload["deployment"], payload["deployment_status"]
    if status["state"] == "success":
        title = deployment.get("description") or f"deploy {deployment['ref']}"
        yield _made(
            f"deployment:{deployment['id']}",
            _time(status["created_at"]),
            "deploy",
            title,
            url=status.get("environment_url") or status.get("target_url") or "",
            author=(deployment.get("creator") or {}).get("login") or "",
            repository=_repository(payload),
            branch=deployment["ref"],
            commit=deployment["sha"],
            environment=deployment.get("environment") or "",
        )


def _github_release(payload: Mapping, config: Mapping) -> Iterator[Annotation]:
    release = payload["release"]
    if payload["action"] in ("published", "released"):
        yield _made(
            f"release:{release['id']}",
            _time(release["published_at"]),
            "release",
            release.get("name") or release["tag_name"],
            url=release.get("html_url") or "",
            author=(release.get("author") or {}).get("login") or "",
            repository=_repository(payload),
        )


def _gitlab_deployment(payload: Mapping, config: Mapping) -> Iterator[Annotation]:
    if payload["status"] == "success":
        yield _made(
            f"deployment:{payload['deployment_id']}",
            _time(re.sub(r" ([+-]\d\d)(\d\d)\Z", r"\1:\2", payload["status_changed_at"])),
            "deploy",
            payload.get("commit_title") or f"deploy {payload.get('ref', '')}",
            url=payload.get("environment_external_url") or payload.get("deployable_url") or "",
            author=(payload.get("user") or {}).get("name") or "",
            repository=_repository(payload),
            branch=payload.get("ref") or "",
            commit=(payload.get("commit_url") or "").rsplit("/", 1)[-1],
            environment=payload.get("environment") or "",
        )


def _gitlab_release(payload: Mapping, config: Mapping) -> Iterator[Annotation]:
    if payload["action"] == "create":
        yield _made(
            f"release:{payload['id']}",
            _time(payload["released_at"]),
            "release",
            payload.get("name") or payload["tag"],
            url=payload.get("url") or "",
            repository=_repository(payload),
            commit=(payload.get("commit") or {}).get("id") or "",
        )


# X-GitHub-Event or X-Gitlab-Event -> what is read of it.
_GIT: Mapping[str, Callable[[Mapping, Mapping], Iterator[Annotation]]] = {
    "push": _push,
    "deployment_status": _github_deployment,
    "release": _github_release,
    "Push Hook": _push,
    "Deployment Hook": _gitlab_deployment,
    "Release Hook": _gitlab_release,
}
