"""Commits, deploys and releases that a git host sends by itself: only the secret is configured."""

from collections.abc import Iterator, Mapping
from fnmatch import translate
from pathlib import Path
import re

from ingest.fetch.base import LINES, SECRET, Check, Connector, Fetched, FetchError, Field

DIMENSIONS = ("experiment", "feature", "model", "workload")
SECRET_CHARS_MIN = 16
_RULE = re.compile(rf"(\S+)\s*=\s*({'|'.join(DIMENSIONS)})\s+(\S.*)\Z")


def rules_of(lines: list[str]) -> list[tuple[re.Pattern, str, str]]:
    """`training/wide/* = experiment wide` as (pattern of paths, dimension, name). Raises
    `FetchError`."""
    found = []
    for line in lines:
        rule = _RULE.match(line)
        if not rule:
            cure = f"Write PATTERN = {'|'.join(DIMENSIONS)} NAME"
            raise FetchError(f"paths: {line[:80]!r} is no rule", cure)
        found.append((re.compile(translate(rule[1])), rule[2], rule[3].strip()))
    return found


def test(config: Mapping) -> Iterator[Check]:
    rules = rules_of(config["paths"])
    long = len(config["secret"] or "") >= SECRET_CHARS_MIN
    cure = f"Take at least {SECRET_CHARS_MIN} random characters"
    yield Check(long, "the secret is long enough", "" if long else cure)
    where = "Payload URL of the webhook: /api/v1/events/git/<name of this source>"
    yield Check(True, f"{where}; {len(rules)} rules for paths")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """Nothing: the git host calls us."""
    return iter(())


CONNECTOR = Connector(
    name="git_webhook",
    title="Git commits and deploys",
    summary="GitHub and GitLab tell of commits, deploys and releases: marks on the charts",
    kind="run",
    fields=(
        Field("secret", "Secret", SECRET, "GitHub: Secret; GitLab: Secret token"),
        Field(
            "branches",
            "Branches",
            LINES,
            "Whose commits count, one a line; * stands for anything",
            required=False,
            default=("main", "master"),
        ),
        Field(
            "paths",
            "What paths are about",
            LINES,
            "One a line: training/wide/* = experiment wide-embeddings",
            required=False,
        ),
    ),
    test=test,
    fetch=fetch,
    every_minutes=1440,
    sent_to="/api/v1/events/git/",
)
