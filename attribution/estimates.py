"""Hourly estimates from usage and prices until the bill is final (docs/estimates.md).

A day is made anew whole, in one transaction, and compared with what stands: what is the same stays,
what is not is superseded, nothing is deleted. Running it again changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
import json

from django.db import connection, transaction

from aicost.kernel.money import plain
from aicost.kernel.periods import utc_today
from aicost.kernel.sqlfiles import sql
from attribution.anticipation import SEVERAL, Bills, anticipations, api_bills
from attribution.classify import gpus_by_instance_type
from ingest.fx import MissingRate, Rates
from ingest.list_prices import context_thresholds
from ingest.price_book import LAST_BILLED, UNIT_CLASSES, Asked, PriceBook, PriceFound
from ingest.prices import price_book

# A bill that has not come for so long is not coming; what was estimated for older days stays.
OPEN_DAYS_MAX = 45
TABLES = (
    *("w_alias", "w_metered", "w_rate", "w_part", "w_made", "w_instance", "w_twice", "w_gpu"),
    "w_pods",
    "w_workload",
)


@dataclass(frozen=True)
class Finality:
    """Per source id: its last final day (None: none is), its currency and its name."""

    through: dict[int, date | None]
    currencies: dict[int, str | None]

    def open_on(self, day: date) -> list[int]:
        return [pk for pk, last in self.through.items() if last is None or day > last]

    def final_on(self, day: date) -> list[int]:
        return [pk for pk, last in self.through.items() if last is not None and day <= last]


@dataclass(frozen=True)
class DayEstimated:
    day: date
    made: int
    superseded: int
    finalised: int


@dataclass
class _Work:
    """What the days of one run share; without `keep`, `models` (None: all) are priced anew."""

    finality: Finality
    book: PriceBook
    bills: Bills
    thresholds: tuple[int, ...]
    keep: bool = True
    models: tuple[str, ...] | None = None
    also_final: bool = False
    bill_of: dict[tuple[int, str], int] = field(default_factory=dict)
    self_hosted: set[str] = field(default_factory=set)

    @property
    def billing(self) -> set[int]:
        """Sources that usage foretells, and those whose bills may hold nodes."""
        billed = {pk for pk, through in self.finality.through.items() if through is not None}
        return billed | set(self.bill_of.values())


def finality() -> Finality:
    rows = _rows("estimate_finality", {"today": utc_today()})
    through = {pk: through for pk, _, _, through, _ in rows}
    return Finality(through, {pk: currency for pk, _, _, _, currency in rows})


def estimate(
    start: date | None = None,
    end: date | None = None,
    *,
    reprice: bool = False,
    models: tuple[str, ...] | None = None,
) -> list[DayEstimated]:
    """Estimate the days of [start, end) that are not final, all open ones without a period. Prices
    that estimates stand on stay unless `reprice` (of `models`) says otherwise. A period that is
    asked for is estimated even where the bill is final, so that the two can be compared; the bill
    supersedes it at once."""
    today = utc_today()
    asked = start is not None and end is not None and not reprice
    start = start or today - timedelta(days=OPEN_DAYS_MAX)
    end = min(end or today + timedelta(days=1), today + timedelta(days=1))
    work = _work(start, end, reprice, models, asked)
    days = [start + timedelta(days=n) for n in range(max((end - start).days, 0))]
    left = [] if reprice or asked else _rows("estimate_left_days", {"start": start})
    done = [estimate_day(day, work, make=False) for (day,) in left]
    done += [estimate_day(day, work) for day in days]
    return [one for one in done if one is not None]


def _work(start: date, end: date, reprice: bool, models, also_final: bool) -> _Work:
    book, bills = price_book(), api_bills()
    thresholds = tuple(sorted({*book.thresholds(), *context_thresholds()}))
    work = _Work(finality(), book, bills, thresholds, not reprice, models, also_final)
    for one in anticipations(start, end, bills):
        if one.estimated_for is not None:
            work.bill_of[one.usage_source.pk, one.provider] = one.estimated_for.pk
    work.self_hosted = self_hosted(start, end)
    return work


def self_hosted(start: date, end: date) -> set[str]:
    """Canonical names of models that run on GPUs of the ledger."""
    return {model for (model,) in _rows("self_hosted_models", {"start": start, "end": end})}


def estimate_day(day: date, work: _Work, make: bool = True) -> DayEstimated | None:
    """Make one day, or only let what stands give way to a final bill; None if nothing changed."""
    final = work.finality.final_on(day)
    stand = {pk for (pk,) in _rows("estimate_sources", {"day": day})}
    wanted = stand | work.billing
    open_ids = [pk for pk in work.finality.open_on(day) if make and pk in wanted]
    if work.also_final:  # those the bill superseded before are kept as they were
        was = {pk for (pk,) in _rows("estimate_finalised", {"day": day})}
        open_ids = [*open_ids, *(pk for pk in final if pk not in was)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('estimates', 0))")
        cursor.execute("set local work_mem = '128MB'")
        cursor.execute("set local jit = off")
        binds = {"day": day, "open": open_ids, "final": final}
        made = superseded = 0
        if open_ids:
            _make(day, work, open_ids)
            superseded = _run("estimate_supersede", binds)
            made = _run("estimate_insert", binds)
            cursor.execute(f"drop table if exists {', '.join(TABLES)}")
        finalised = _run("estimate_final", binds) if stand & set(final) or work.also_final else 0
        if made or superseded or finalised:
            _run("estimate_clear_rollup", binds)
            _run("estimate_rollup", binds)
            return DayEstimated(day, made, superseded, finalised)
    return None


def _make(day: date, work: _Work, open_ids: list[int]) -> None:
    """Fill w_made with what should stand of the day."""
    bands = [threshold + 1 for threshold in work.thresholds]
    _run("day_alias", {"day": day})
    usage = sorted({pk for (pk, _), bill in work.bill_of.items() if bill in open_ids})
    _run("estimate_metered", {"day": day, "bands": bands, "usage": usage})
    _run("estimate_tables", {})
    with connection.cursor() as cursor:
        cursor.execute("analyze w_metered")
        rates = list(_rates(day, work, set(open_ids)))
        with cursor.copy("copy w_rate from stdin") as copy:
            for row in rates:
                copy.write_row(row)
        cursor.execute("analyze w_rate")
    _run("estimate_tokens", {})
    if billed := [pk for pk in open_ids if work.finality.through.get(pk) is not None]:
        _gpu_parts(day, work, billed)
    _run("day_stage1_targets", {})
    _run("estimate_made", {})
    with connection.cursor() as cursor:
        cursor.execute("analyze w_made")


def _gpu_parts(day: date, work: _Work, open_ids: list[int]) -> None:
    through = _final_json(work.finality)
    _run("estimate_instances", {"day": day, "open": open_ids})
    _run("gpu_twice", {"day": day}, "attribution.rules")
    _run("estimate_gpu_hours", {"day": day})
    for name in ("no_pods", "workloads"):
        _run(name, {"day": day}, "attribution.rules")
    types = gpus_by_instance_type()
    gpus = {"instance_types": list(types), "instance_gpus": list(types.values())}
    asked = {"day": day, "sources": open_ids, "final": through, **gpus}
    found = _rows("estimate_billed_instances", asked)
    columns = list(zip(*found, strict=True)) or [(), (), (), (), ()]
    currencies = {str(pk): code or "" for pk, code in work.finality.currencies.items()}
    _run(
        "estimate_gpu",
        {
            "rate_sources": list(columns[0]),
            "rate_types": list(columns[1]),
            "rate_currencies": list(columns[2]),
            "rate_resources": list(columns[3]),
            "rate_prices": list(columns[4]),
            "currencies": json.dumps(currencies),
        },
    )


def _rates(day: date, work: _Work, open_ids: set[int]) -> Iterator[tuple]:
    """A row of w_rate for every key metered that is to be estimated."""
    standing = _standing(day, work)
    billed = _billed_tokens(day, work, open_ids)
    fx = Rates()
    memo: dict[tuple, PriceFound | None] = {}
    for key in _rows("estimate_keys", {}):
        usage, hour, provider, raw, model, region, tier, band, token_class = key
        source = work.bill_of.get((usage, provider))
        if source is None or source not in open_ids:
            continue
        asked = (hour, provider, raw, model, region, tier, band, token_class, source)
        if asked not in memo:
            memo[asked] = _price(work, billed, *asked)
        found = memo[asked]
        if found is None and (token_class in UNIT_CLASSES or model in work.self_hosted):
            continue
        named = work.bills.provider_of(source, model, provider)
        currency = work.finality.currencies.get(source)
        row = _converted(found, day, currency, fx)
        over = found.context_over if found else 0
        kept = standing.get((source, usage, hour, named, model, region, tier, over, token_class))
        if kept and (work.keep or (work.models is not None and model not in work.models)):
            row = kept
        yield (usage, hour, provider, raw, model, region, tier, band, token_class, source, named,
               over, *row)  # fmt: skip


def _price(
    work: _Work, billed: dict, hour, provider, raw, model, region, tier, band, token_class, source
) -> PriceFound | None:
    context = work.thresholds[band - 1] + 1 if band else 0

    def last_billed(asked: Asked) -> PriceFound | None:
        return billed.get((source, model, asked.token_class))

    return work.book.price_of(
        provider,
        (model, raw),
        token_class,
        hour,
        service_tier=tier,
        region=region,
        context_tokens=context,
        guess_provider=model not in work.self_hosted,
        billed=last_billed,
    )


def _billed_tokens(day: date, work: _Work, sources: set[int]) -> dict[tuple, PriceFound]:
    """(source, model, token class) -> the rate last billed. Where a bill has several currencies,
    none is."""
    binds = {"day": day, "sources": sorted(sources), "final": _final_json(work.finality)}
    found: dict[tuple, PriceFound] = {}
    several = set()
    for source, model, token_class, currency, rate in _rows("estimate_billed_tokens", binds):
        key = (source, model, token_class)
        several |= {key} & found.keys()
        origin = "billed over the last 30 final days"
        found[key] = PriceFound(rate, currency, LAST_BILLED, token_class, origin)
    return {key: price for key, price in found.items() if key not in several}


def billed_classes(day: date) -> dict[tuple[str, str], PriceFound]:
    """(model, token class) -> a rate at which some bill charged it in the 30 final days before."""
    known = finality()
    binds = {"day": day, "sources": list(known.through), "final": _final_json(known)}
    return {
        (model, name): PriceFound(rate, currency, LAST_BILLED, name, "")
        for _, model, name, currency, rate in _rows("estimate_billed_tokens", binds)
    }


def _standing(day: date, work: _Work) -> dict[tuple, tuple]:
    """Price columns of what stands, by key; a key that stands at two prices is asked anew."""
    found: dict[tuple, tuple] = {}
    twice = set()
    for *key, price, basis, origin, currency in _rows("estimate_standing", {"day": day}):
        twice |= {tuple(key)} & found.keys()
        found[tuple(key)] = (price, basis, origin, currency)
    return {key: price for key, price in found.items() if key not in twice}


def _converted(found: PriceFound | None, day: date, currency: str | None, fx: Rates) -> tuple:
    """(unit price, basis, origin, currency), in the currency of the bill where a rate of the month
    is known; otherwise in the price's own: a missing rate is never 1."""
    if found is None:
        return None, "", "", currency or ""
    price, code, origin = found.unit_price, found.currency, found.origin
    if currency and code != currency:
        try:
            rate = fx.rate(day, code, currency)
        except MissingRate:
            origin = f"{origin}, no rate {code} to {currency}"
        else:
            price, origin, code = price * rate, f"{origin}, {code} at {plain(rate)}", currency
    return round(price, 30), found.basis, origin, code


def _final_json(finality: Finality) -> str:
    return json.dumps({str(pk): day.isoformat() for pk, day in finality.through.items() if day})


def undecided(start: date, end: date) -> list:
    """Usage that could stand on several bills and is not estimated until somebody says on which."""
    return [one for one in anticipations(start, end) if one.how == SEVERAL]


def _run(name: str, binds: dict, package: str = "attribution.sql") -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(package, name), binds)
        return cursor.rowcount


def _rows(name: str, binds: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", name), binds)
        return cursor.fetchall()
