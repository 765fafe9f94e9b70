"""Reports in time buckets, paged, as the providers of model APIs offer them. They land as one file
a report and UTC day, or month, with one bucket a line: a bucket that is polled again and says
something else replaces what it said before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
import json
from pathlib import Path

import requests

from aicost.kernel.periods import midnight, months_between, next_month, utc_today
from ingest.fetch.base import Check, Fetched, FetchError
from ingest.fetch.http import Refusal, read_json
from ingest.fetch.landing import is_held, land_lines

WINDOW = timedelta(days=7)  # of hours: as many buckets as one answer may hold
PAGES_MAX = 10_000

Params = list[tuple[str, str]]
Bucket = dict[str, object]


@dataclass(frozen=True)
class Report:
    """One report of a provider. `reader` is who reads its files. `groupings` are tried in order,
    the finest first: what may be combined differs between organizations, and a 400 says no."""

    reader: str
    endpoint: str
    path: str
    groupings: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Api:
    """How one provider is asked. `asks(report, start, end)` gives the parameters of a period, UTC;
    `start_of(bucket)` the UTC time a bucket starts at; `cures` what to do about a status."""

    session: requests.Session
    base: str
    cures: Mapping[int, str]
    asks: Callable[[Report, datetime, datetime], Params]
    start_of: Callable[[Bucket], datetime]


def buckets(api: Api, report: Report, start: date, end: date) -> list[Bucket]:
    """All buckets that start within [start, end), pages joined, in order of time. Raises
    `FetchError`; then none of them counts."""
    last = report.groupings[-1]
    for grouping in report.groupings:
        try:
            found = list(_pages(api, report, grouping, start, end))
        except Refusal as refusal:
            if refusal.status != 400 or grouping == last:
                raise
            continue
        within = [(api.start_of(one), one) for one in found]
        within = [(at, one) for at, one in within if start <= at.date() < end]
        return [_ordered(one) for _, one in sorted(within, key=lambda pair: pair[0])]
    return []


def _pages(
    api: Api, report: Report, grouping: tuple[str, ...], start: date, end: date
) -> Iterator[Bucket]:
    url = f"{api.base}{report.path}"
    params = api.asks(report, midnight(start), midnight(end))
    params += [("group_by[]", name) for name in grouping]
    page, seen = None, set()
    while True:
        told = params + ([("page", page)] if page else [])
        answer = read_json(api.session, "GET", url, params=told, cures=api.cures)
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise FetchError(f"{url} answers no report", "Check the address of the API")
        yield from data
        if not answer.get("has_more"):
            return
        page = answer.get("next_page")
        if not page or page in seen or len(seen) >= PAGES_MAX:
            raise FetchError(f"{url} says there is more, but not where", "Run the source again")
        seen.add(page)


def _ordered(bucket: Bucket) -> Bucket:
    """The same bucket always as the same text: then an unchanged day is known by its bytes."""
    results = bucket.get("results")
    if isinstance(results, list):
        bucket = {**bucket, "results": sorted(results, key=lambda one: json.dumps(one))}
    return bucket


Envelope = Callable[[Report, Bucket], Mapping[str, object]]


def fetch_reports(
    api: Api,
    usage: Sequence[Report],
    costs: Report,
    config: Mapping,
    state: Mapping,
    folder: Path,
    envelope: Envelope,
) -> Iterator[Fetched]:
    """What the settings `reads`, `start` and `poll_days` ask for: usage first, so that a day of
    costs finds what weighs it."""
    given = {
        "start": date.fromisoformat(str(config["start"])),
        "poll_days": int(config.get("poll_days") or 0),
    }
    reads, known = config.get("reads") or "both", dict(state)
    if reads != "costs":
        yield from fetch_usage(api, usage, known, folder, envelope, **given)
    if reads != "usage":
        yield from fetch_costs(api, costs, known, folder, envelope, **given)


def fetch_usage(
    api: Api,
    reports: Sequence[Report],
    known: dict[str, object],
    folder: Path,
    envelope: Envelope,
    *,
    start: date,
    poll_days: int,
) -> Iterator[Fetched]:
    """Hourly buckets of each report since `start`, a week a set, a file a day. `known` holds per
    endpoint the day up to which it is complete, and is kept up to date; the `poll_days` before it
    are asked again."""
    today = utc_today()
    for report in reports:
        for first, end in _weeks(_since(known, report.endpoint, start, poll_days), today):
            by_day: dict[date, list[Bucket]] = {}
            for bucket in buckets(api, report, first, end):
                by_day.setdefault(api.start_of(bucket).date(), []).append(bucket)
            paths = tuple(
                land_lines(
                    folder / f"{report.reader}-{report.endpoint}-{day}.jsonl",
                    [{**envelope(report, one), "bucket": one} for one in found],
                )
                for day, found in sorted(by_day.items())
                if any(one.get("results") for one in found)
            )
            before = known.get(report.endpoint)
            known[report.endpoint] = min(end, today).isoformat()
            results = sum(len(b.get("results") or ()) for found in by_day.values() for b in found)
            last = end - timedelta(days=1)
            name = f"{report.endpoint} {first} to {last}"
            yield Fetched(paths, name, dict(known), {"results": results})
            if is_held(paths):  # what lies behind it waits, or the next run would pass over it
                known[report.endpoint] = before
                break


def fetch_costs(
    api: Api,
    report: Report,
    known: dict[str, object],
    folder: Path,
    envelope: Envelope,
    *,
    start: date,
    poll_days: int,
) -> Iterator[Fetched]:
    """Daily buckets by whole months since that of `start`, a set and a file a month: what is in
    force for a month is always one answer about all of it. `known` as in `fetch_usage`."""
    today = utc_today()
    first = _since(known, report.endpoint, start, poll_days)
    for month in months_between(first, today):
        found = buckets(api, report, month, next_month(month))
        lines = [{**envelope(report, one), "bucket": one} for one in found if one.get("results")]
        path = folder / f"{report.reader}-{month:%Y-%m}.jsonl"
        paths = (land_lines(path, lines),) if lines else ()
        before = known.get(report.endpoint)
        known[report.endpoint] = min(next_month(month), today).isoformat()
        facts = {"results": sum(len(one["bucket"]["results"]) for one in lines)}
        yield Fetched(paths, f"{report.endpoint} {month:%Y-%m}", dict(known), facts)
        if is_held(paths):  # what lies behind it waits, or the next run would pass over it
            known[report.endpoint] = before
            break


def _since(state: Mapping[str, object], endpoint: str, start: date, poll_days: int) -> date:
    told = state.get(endpoint)
    if not told:
        return start
    return max(start, date.fromisoformat(str(told)) - timedelta(days=poll_days))


def _weeks(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Half-open weeks from `first` up to the end of `last`."""
    while first <= last:
        end = min(first + WINDOW, last + timedelta(days=1))
        yield first, end
        first = end


def tried(what: str, call: Callable[[], object]) -> Check:
    """One line of Test connection."""
    try:
        call()
    except FetchError as error:
        return Check(False, f"{what}: {error.message}", error.cure)
    return Check(True, what)


def names(api: Api, path: str, cursor: str) -> dict[str, str]:
    """id → name of everything a list endpoint holds; `cursor` is the parameter that goes on after
    an id."""
    found: dict[str, str] = {}
    params: Params = [("limit", "100"), ("include_archived", "true")]
    after = None
    for _ in range(PAGES_MAX):
        told = params + ([(cursor, after)] if after else [])
        answer = read_json(api.session, "GET", f"{api.base}{path}", params=told, cures=api.cures)
        data = answer.get("data") if isinstance(answer, dict) else None
        for one in data or []:
            if one.get("id") and one.get("name"):
                found[str(one["id"])] = str(one["name"])
        last = answer.get("last_id") if isinstance(answer, dict) else None
        if not data or not answer.get("has_more") or not last or last == after:
            break
        after = last
    return found


def names_if_allowed(api: Api, path: str, cursor: str) -> dict[str, str]:
    """As `names`; {} where the key may not read them: the ids stand for themselves then."""
    try:
        return names(api, path, cursor)
    except Refusal as refusal:
        if refusal.status not in (400, 401, 403, 404):
            raise
        return {}
