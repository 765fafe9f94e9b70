"""Prometheus and what speaks its API (Thanos, Mimir, VictoriaMetrics): telemetry of GPUs, what
inference engines served, and what kube-state-metrics knows, window by window.

The server aggregates; the answers land as JSON lines, one a series, and readers take them from
there. The last hours are asked again on every run, and a window with a warning until it has none.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
import re

from aicost.kernel.periods import as_utc, utc_now
from ingest.fetch.base import DATE, LINES, NUMBER, SECRET, Connector, Fetched, FetchError, Field
from ingest.fetch.landing import is_held, land_lines
from ingest.fetch.prometheus_checks import checks
from ingest.fetch.prometheus_queries import (
    BUCKET_S,
    GPU_SETS,
    SERVING_SETS,
    Asked,
    Query,
    custom_queries,
    gpu_queries,
    map_queries,
    pod_queries,
    resource_queries,
    serving_queries,
)
from ingest.fetch.prometheus_server import Answer, Server

SETS = (*GPU_SETS, *SERVING_SETS, "kube", "pods")
START_DAYS = 7
AGAIN_FOR = timedelta(hours=24)
_MAP, _GPU, _SERVING, _CUSTOM = "maps", "gpu", "serving", "custom"
_RESOURCES = "resources"
_LINE = re.compile(r"([a-z][a-z0-9_]*)\s*=\s*(\S.*)")
_DIMENSIONS = ("workload", "model", "feature", "experiment", "team", "environment")
_HOUR = timedelta(hours=1)

_FIELDS = (
    Field("url", "Address", help="Up to what precedes /api/v1, such as https://prometheus:9090"),
    Field("token", "Bearer token", SECRET, required=False),
    Field("user", "User", required=False, help="With a password, instead of a token"),
    Field("password", "Password", SECRET, required=False),
    Field("tenant", "Tenant", required=False, help="X-Scope-OrgID of Mimir or Cortex"),
    Field("cluster", "Cluster", required=False, help="Name of the cluster where no label says it"),
    Field("matchers", "Only series with", required=False,
          help='Such as cluster="prod",region="eu"'),
    Field(
        "sets",
        "What to read",
        LINES,
        default="\n".join(name for name in SETS if not name.startswith(("tpu", "neuron"))),
        help=f"One a line of: {', '.join(SETS)}",
    ),
    Field("replica_labels", "Labels of replicas", LINES, required=False,
          default="prometheus_replica", help="Labels by which an HA pair differs"),
    Field("scrape_seconds", "Scrape interval, seconds", NUMBER, default=15,
          help="Of the GPU exporters: a gap of more than twice as long is unobserved"),
    Field("lateness_minutes", "Lateness, minutes", NUMBER, default=10,
          help="How long samples may take to arrive"),
    Field("reread_hours", "Read again, hours", NUMBER, default=2),
    Field("window_hours", "Hours a request", NUMBER, default=4,
          help="1 to 24; lower it if the server refuses large answers"),
    Field("start", "Start", DATE, required=False, help=f"Empty: {START_DAYS} days ago"),
    Field("labels", "Labels of pods", LINES, required=False,
          help="dimension = label, such as: team = cost-center"),
    Field("custom", "Own queries", LINES, required=False,
          help="name = PromQL, such as: shop_requests = sum by (model, feature) (increase(x[1h]))"),
)  # fmt: skip


def asked_of(config: Mapping) -> Asked:
    """What the settings say to ask. Raises `FetchError`."""
    scrape = max(int(config["scrape_seconds"]), 1)
    grid = scrape if BUCKET_S % scrape == 0 and scrape >= 5 else 15
    if scrape > BUCKET_S // 2:
        cure = "Scrape them at least every 150 seconds; 15 is usual"
        raise FetchError("exporters scraped so seldom say nothing about 5 minutes", cure)
    return Asked(
        matchers=str(config["matchers"] or "").strip().strip("{}"),
        grid_s=grid,
        hold_s=2 * scrape + 1,
        replicas=tuple(config["replica_labels"] or ("prometheus_replica",)),
    )


def test(config: Mapping):
    custom = _checked(config)
    yield from checks(Server(config, tries=1), config, asked_of(config), custom, utc_now())


def _checked(config: Mapping) -> dict[str, str]:
    """The source's own queries. Raises `FetchError` for settings that cannot be."""
    unknown = sorted(set(config["sets"]) - set(SETS))
    if unknown:
        raise FetchError(f"nothing is called {', '.join(unknown)}", f"There are {', '.join(SETS)}")
    named_lines(config["labels"] or (), _DIMENSIONS)
    custom = named_lines(config["custom"] or ())
    engines = sorted(set(config["sets"]) & set(SERVING_SETS))
    if custom and engines:
        raise FetchError(
            f"own queries count calls, and {', '.join(engines)} may count the same ones: a source"
            " holds one of the two",
            "Leave the engines out of what to read, or make a second source of own queries alone",
        )
    return custom


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """A set a window: maps, GPU telemetry and serving, in files of their own."""
    _checked(config)
    server, asked = Server(config), asked_of(config)
    now = utc_now()
    end = _floor(now - timedelta(minutes=max(int(config["lateness_minutes"]), 0)), BUCKET_S)
    again: dict[str, str] = dict(state.get("again", {}))
    until = state.get("until", "")
    for begin, stop in [*_open_windows(again), *windows(config, until, now, end)]:
        landed = _Landed(folder, config, asked, begin, stop)
        fresh = begin.isoformat() >= state.get("until", "")
        since = datetime.fromisoformat(again.get(_spoken(begin, stop), now.isoformat()))
        partial = landed.fetch(server, fresh=fresh, last=now - since >= AGAIN_FOR)
        again.pop(_spoken(begin, stop), None)
        if partial and now - since < AGAIN_FOR:
            again[_spoken(begin, stop)] = since.isoformat()
        until = max(until, stop.isoformat())
        yield Fetched(
            tuple(landed.paths), _spoken(begin, stop), {"until": until, "again": dict(again)},
            landed.facts,
        )  # fmt: skip
        if is_held(landed.paths):
            again[_spoken(begin, stop)] = since.isoformat()


CONNECTOR = Connector(
    name="prometheus",
    title="Prometheus",
    summary="GPU telemetry, tokens of inference engines and Kubernetes, also from Thanos, Mimir "
    "and VictoriaMetrics",
    kind="telemetry",
    fields=_FIELDS,
    test=test,
    fetch=fetch,
)


def windows(config: Mapping, until: str, now: datetime, end: datetime) -> Iterator[tuple]:
    """Half-open windows from where the last run came to, less what is read again. They begin on a
    full hour, so that hours are read whole, and never cross midnight UTC."""
    if until:
        start = datetime.fromisoformat(until) - int(config["reread_hours"]) * _HOUR
    elif config["start"]:
        start = as_utc(datetime.fromisoformat(config["start"]))
    else:
        start = now - timedelta(days=START_DAYS)
    length = min(max(int(config["window_hours"]), 1), 24) * _HOUR
    begin = _floor(start, 3600)
    while begin < end:
        midnight = begin.replace(hour=0)
        stop = midnight + ((begin - midnight) // length + 1) * length
        stop = min(stop, midnight + timedelta(days=1), end)
        yield begin, stop
        begin = stop


def named_lines(lines: Iterable[str], names: tuple[str, ...] = ()) -> dict[str, str]:
    """`name = value` lines. Raises `FetchError` for one that is none."""
    found: dict[str, str] = {}
    for line in lines:
        matched = _LINE.fullmatch(line.strip())
        if not matched or names and matched[1] not in names:
            known = f"; the name is one of {', '.join(names)}" if names else ""
            raise FetchError(f"{line!r} is not name = value", f"Write it so{known}")
        if matched[1] in found and not names:
            raise FetchError(f"{matched[1]} is there twice", "Give each query a name of its own")
        earlier = f"{found[matched[1]]}," if matched[1] in found else ""
        found[matched[1]] = earlier + matched[2].strip()
    return found


class _Landed:
    """The files of one window."""

    def __init__(
        self, folder: Path, config: Mapping, asked: Asked, begin: datetime, stop: datetime
    ) -> None:
        self.folder, self.begin, self.stop = folder, begin, stop
        self.config, self.asked = config, asked
        self.paths: list[Path] = []
        self.facts: dict[str, object] = {"series": 0, "warnings": [], "notes": []}

    def fetch(self, server: Server, *, fresh: bool, last: bool) -> bool:
        """Ask everything; whether the answers are partial. Of a partial window nothing replaces
        what stands before the last try: usage is not loaded at all, telemetry where there is none
        yet."""
        sets, asked = list(self.config["sets"]), self.asked
        pods = list(self._ask(server, pod_queries(asked))) if "kube" in sets else []
        all_pods = "pods" in sets
        maps = []
        if "kube" in sets:
            maps = list(self._ask(server, map_queries(asked, all_pods=all_pods)))
        gpu = list(self._ask(server, gpu_queries(sets, asked)))
        serving = list(self._ask(server, serving_queries(sets, asked)))
        resources = list(self._ask(server, resource_queries(asked))) if all_pods else []
        own = named_lines(self.config["custom"] or ())
        custom = list(self._ask(server, custom_queries(own)))
        partial = bool(self.facts["warnings"])
        if _any(maps) or _any(serving):
            self._write(_MAP, (*maps, *serving))
        if _any(gpu) and (fresh or last or not partial):
            self._write(_GPU, (*pods, *gpu))
        if _any(resources) and (last or not partial):
            self._write(_RESOURCES, resources)
        if _any(serving) and (last or not partial):
            self._write(_SERVING, (*maps, *serving))
        if _any(custom) and (last or not partial):
            self._write(_CUSTOM, custom)
        return partial

    def _ask(self, server: Server, queries: Iterable[Query]) -> Iterator[Answer]:
        for query in queries:
            first = self.begin + timedelta(seconds=query.step_s)
            if query.name.startswith("map."):  # back from the end: what is known by now counts
                steps = int((self.stop - self.begin).total_seconds() - 1) // query.step_s
                first = self.stop - timedelta(seconds=steps * query.step_s)
            if first > self.stop:  # calls are counted by the whole hour
                continue
            answer = server.range(query, first, self.stop)
            self.facts["series"] += len(answer.series)
            for kind in ("warnings", "notes"):
                told = self.facts[kind]
                told.extend(t for t in getattr(answer, kind) if t not in told)
            yield answer

    def _write(self, what: str, answers: Iterable[Answer]) -> None:
        name = f"prometheus_{what}_{self.begin:%Y-%m-%dT%H%M}_{self.stop:%Y-%m-%dT%H%M}.jsonl"
        series = chain.from_iterable(answer.lines() for answer in answers)
        lines = chain([self._header(what)], series)
        self.paths.append(land_lines(self.folder / name, lines, sort_keys=True))

    def _header(self, what: str) -> dict[str, object]:
        return {
            "aicost_prometheus": what,
            "start": self.begin.isoformat(),
            "stop": self.stop.isoformat(),
            "cluster": self.config["cluster"] or "",
            "grid_seconds": self.asked.grid_s,
            "labels": named_lines(self.config["labels"] or (), _DIMENSIONS),
        }


def _any(answers: list[Answer]) -> bool:
    return any(answer.series for answer in answers)


def _floor(moment: datetime, seconds: int) -> datetime:
    stamp = int(moment.timestamp())
    return datetime.fromtimestamp(stamp - stamp % seconds, UTC)


def _spoken(begin: datetime, stop: datetime) -> str:
    return f"{begin.isoformat()}/{stop.isoformat()}"


def _open_windows(again: Mapping[str, str]) -> list[tuple[datetime, datetime]]:
    return [
        tuple(datetime.fromisoformat(part) for part in window.split("/"))
        for window in sorted(again)
    ]
