"""Names that resemble known names, by their tokens alone: the same text, the same answer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import re

from attribution.classify import fold

# The first dimension that knows a name speaks for it; a team is told by what it owns.
NAMED = ("feature", "model", "workload", "experiment", "team")
TOKEN_MIN = 3
KIN_MIN = 4
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z0-9]+")
# Words that stand in the names of anything; alone they name nobody.
_COMMON = frozenset((
    "account", "ai", "api", "app", "apps", "archive", "aws", "azure", "backup", "backups",
    "batch", "bucket", "cache", "cloud", "cluster", "cpu", "data", "db", "default", "dev",
    "disk", "ecs", "eks", "env", "eu", "exp", "experiment", "feature", "files", "gcp", "gke",
    "gpu", "group", "host", "image", "images", "infer", "inference", "instance", "job", "jobs",
    "key", "logs", "log", "main", "metrics", "ml", "model", "models", "net", "network", "node",
    "nodes", "nodegroup", "old", "pod", "pool", "prod", "production", "project", "public",
    "queue", "region", "research", "resource", "rg", "scratch", "serve", "server", "service",
    "serving", "shared", "snapshot", "source", "spot", "stage", "staging", "storage", "subnet",
    "svc", "system", "tag", "team", "temp", "test", "tmp", "train", "training", "ts", "us",
    "user", "users", "v", "vm", "vol", "volume", "vpc", "west", "east", "north", "south",
    "central", "web", "work", "worker",
))  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A name of the ledger: `dims` are the dimensions that have it, and `implies` what else all
    of its money names, such as the one team of a feature."""

    name: str
    tokens: tuple[str, ...]
    dims: tuple[str, ...]
    implies: tuple[tuple[str, str], ...] = ()


def tokens(text: str) -> list[str]:
    """`RankServe-v3_logs` -> rank, serve, v3, logs."""
    return _WORD.findall(_HUMP.sub("-", text).lower())


def is_random(token: str) -> bool:
    """Whether a token is an id rather than a word: digits, hex, or letters and digits mixed."""
    digits = sum(c.isdigit() for c in token)
    if not digits:
        return False
    if digits == len(token):
        return True
    if re.fullmatch(r"[0-9a-f]+", token) and (len(token) >= 6 or token[0].isdigit()):
        return True
    return len(token) >= 8 and len(re.findall(r"\d+", token)) >= 2


def stem(text: str) -> str:
    """What the names of a kind share: the words of a name without its ids."""
    return "-".join(token for token in tokens(text) if not is_random(token))


def short_name(resource_id: str) -> str:
    """The last part of a path, an ARN or a URL."""
    return re.split(r"[/:]", resource_id.rstrip("/:"))[-1]


class Vocabulary:
    """The known names, found in texts by whole tokens."""

    def __init__(self, rows: Iterable[Mapping[str, str]]):
        """`rows` hold the dimensions of targets and of the workload map; '' is not named."""
        rows = [dict(row) for row in rows]
        named: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
        spelled: dict[str, str] = {}
        for row in rows:
            for dimension in NAMED:
                if text := row.get(dimension):
                    named[fold(text)][dimension].append(row)
                    spelled.setdefault(fold(text), text)
        self.known = [
            _known(spelled[folded], by_dimension)
            for folded, by_dimension in sorted(named.items())
            if _names_something(spelled[folded])
        ]
        self._by_fold = {fold(one.name): one for one in self.known}
        self._by_first: dict[str, list[Known]] = defaultdict(list)
        for one in self.known:
            self._by_first[one.tokens[0]].append(one)
        self._kin = _kin(self.known)

    def whole(self, text: str) -> Known | None:
        """The name that is this text, case, hyphens and spaces aside."""
        return self._by_fold.get(fold(text))

    def within(self, text: str) -> list[Known]:
        """The names whose tokens stand in the text in a row, less those inside a longer one."""
        have = tokens(text)
        found = {
            (at, at + len(one.tokens)): one
            for at, token in enumerate(have)
            for one in self._by_first.get(token, ())
            if tuple(have[at : at + len(one.tokens)]) == one.tokens
        }
        found |= {
            (at, at + 1): one
            for at, token in enumerate(have)
            if (one := self._by_fold.get(token)) and (at, at + 1) not in found
        }
        outer = [
            (span, one)
            for span, one in found.items()
            if not any(_inside(span, other) for other in found)
        ]
        return list(dict.fromkeys(one for _, one in sorted(outer, key=lambda pair: pair[0])))

    def kin(self, text: str) -> tuple[str, str, int] | None:
        """(token, team, names) when a rare word of the text stands in known names of one team."""
        found = {self._kin[token] + (token,) for token in tokens(text) if token in self._kin}
        if len({team for team, _, _ in found}) != 1:
            return None
        team, count, token = max(found, key=lambda one: (one[1], one[2]))
        return token, team, count


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


def _names_something(name: str) -> bool:
    words = [token for token in tokens(name) if token not in _COMMON and not is_random(token)]
    return any(len(token) >= TOKEN_MIN for token in words)


def _known(name: str, by_dimension: Mapping[str, Sequence[dict]]) -> Known:
    dims = tuple(dimension for dimension in NAMED if dimension in by_dimension)
    rows = [row for found in by_dimension.values() for row in found]
    teams = {row.get("team") or "" for row in rows}
    implies = ()
    if "team" not in dims and len(teams) == 1 and (team := teams.pop()):
        implies = (("team", team),)
    return Known(name, tuple(tokens(name)), dims, implies)


def _kin(known: Iterable[Known]) -> dict[str, tuple[str, int]]:
    """token -> (the one team of all names that hold it, how many names)."""
    teams: dict[str, set[str]] = defaultdict(set)
    names: dict[str, int] = defaultdict(int)
    for one in known:
        for token in set(one.tokens):
            if len(token) < KIN_MIN or token in _COMMON or is_random(token):
                continue
            team = one.name if "team" in one.dims else dict(one.implies).get("team", "")
            teams[token].add(team)
            names[token] += 1
    return {
        token: (team, names[token])
        for token, found in teams.items()
        if len(found) == 1 and (team := next(iter(found)))
    }
