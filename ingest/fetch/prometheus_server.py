"""One server that answers PromQL over HTTP, and what it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingest.fetch import http
from ingest.fetch.base import FetchError
from ingest.fetch.prometheus_queries import Query

_CURES = {
    401: "Give a token, or user and password, that may read",
    403: "Let this token read (query) all series of the tenant",
    404: "The address ends before /api/v1: Mimir often wants …/prometheus, VictoriaMetrics"
    " …/select/0/prometheus",
    422: "If the answer is too large, lower 'Hours a request'; if a query of your own is refused,"
    " mend it",
    503: "The server gave up: lower 'Hours a request'",
}
# Prometheus warns of odd queries in the same place as of stores that did not answer.
_NOTE = ("PromQL warning", "PromQL info")


_TOO_LARGE = (413, 422)


@dataclass(frozen=True)
class Answer:
    """`series` are (labels, [[unix seconds, "value"], …]). `warnings` say the answer is partial,
    `notes` say something else."""

    query: Query
    series: list[tuple[Mapping[str, str], list]]
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[dict[str, object]]:
        """One a series, in the order of their labels, after one about the query itself."""
        told = {"query": self.query.name, "promql": self.query.promql, "step": self.query.step_s}
        if self.warnings:
            told["warnings"] = self.warnings
        yield told
        for metric, values in sorted(self.series, key=lambda one: sorted(one[0].items())):
            yield {"query": self.query.name, "metric": metric, "values": values}


class Server:
    """Asks one server. `tries`: how often again, where it does not answer."""

    def __init__(self, config: Mapping, tries: int = http.TRIES_MAX) -> None:
        headers = {"Accept": "application/json"}
        if config["token"]:
            headers["Authorization"] = f"Bearer {config['token']}"
        if config["tenant"]:
            headers["X-Scope-OrgID"] = str(config["tenant"])
        self.url = http.checked_url(str(config["url"]).removesuffix("/").removesuffix("/api/v1"))
        self.session = http.session(headers, tries)
        if config["user"] and not config["token"]:
            self.session.auth = (str(config["user"]), str(config["password"] or ""))

    def range(self, query: Query, first: datetime, last: datetime) -> Answer:
        """One value every step from first to last. What is too large for the server is asked in
        halves."""
        steps = int((last - first).total_seconds()) // query.step_s
        try:
            return self._range(query, first, last)
        except http.Refusal as refusal:
            if refusal.status not in _TOO_LARGE or not steps:
                raise
        middle = first + timedelta(seconds=(steps - 1) // 2 * query.step_s)
        step = timedelta(seconds=query.step_s)
        return _joined(
            query, self.range(query, first, middle), self.range(query, middle + step, last)
        )

    def _range(self, query: Query, first: datetime, last: datetime) -> Answer:
        told, warnings = self._post(
            "query_range",
            query=query.promql,
            start=str(int(first.timestamp())),
            end=str(int(last.timestamp())),
            step=str(query.step_s),
        )
        try:
            series = [(dict(one["metric"]), list(one["values"])) for one in told["result"]]
        except (KeyError, TypeError) as error:
            raise FetchError(f"{self.url} answers no matrix to {query.name}") from error
        notes = [one for one in warnings if one.startswith(_NOTE)]
        return Answer(query, series, [one for one in warnings if one not in notes], notes)

    def number(self, promql: str, at: datetime) -> float | None:
        """The one value of an instant query; None for an empty answer."""
        told, _ = self._post("query", query=promql, time=str(int(at.timestamp())))
        result = told.get("result")
        value = result if told.get("resultType") == "scalar" else result and result[0]["value"]
        return float(value[1]) if value else None

    def runtime(self) -> Mapping[str, object]:
        """What Prometheus says of itself; Thanos and others do not."""
        answer = http.read_json(self.session, "GET", f"{self.url}/api/v1/status/runtimeinfo")
        data = answer.get("data") if isinstance(answer, dict) else None
        return data if isinstance(data, dict) else {}

    def _post(self, endpoint: str, **form: str) -> tuple[Mapping, list[str]]:
        url = f"{self.url}/api/v1/{endpoint}"
        answer = http.read_json(self.session, "POST", url, cures=_CURES, data=form)
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise FetchError(f"{url} does not answer as Prometheus does", _CURES[404])
        warnings = [str(one)[:500] for key in ("warnings", "infos") for one in answer.get(key, [])]
        return answer.get("data", {}), warnings


def _joined(query: Query, early: Answer, late: Answer) -> Answer:
    series: dict[tuple, tuple[Mapping[str, str], list]] = {}
    for metric, values in (*early.series, *late.series):
        key = tuple(sorted(metric.items()))
        series.setdefault(key, (metric, []))[1].extend(values)
    both = [
        list(dict.fromkeys((*getattr(early, kind), *getattr(late, kind))))
        for kind in ("warnings", "notes")
    ]
    return Answer(query, list(series.values()), *both)
