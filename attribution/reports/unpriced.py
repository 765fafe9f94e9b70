"""Calls without a price, with the link that fixes them. Unpriced is not 0."""

from datetime import UTC, datetime, time
from decimal import Decimal
from urllib.parse import urlencode

from attribution.estimates import billed_classes, self_hosted
from attribution.reports.base import Report, binds, fetch
from attribution.reports.spec import Spec
from ingest.price_book import INPUT_CLASSES, OUTPUT_CLASSES, PriceBook
from ingest.prices import price_book

COLUMNS = (
    "provider",
    "model",
    "name",
    "token_classes",
    "calls",
    "tokens",
    "first_day",
    "last_day",
    "reported_cost",
    "currency",
    "price_link",
    "alias_link",
)
_CLASSES = INPUT_CLASSES + OUTPUT_CLASSES
# Where a price or a canonical name is entered; both forms take what is known already.
PRICE_FORM, ALIAS_FORM = "/prices/", "/admin/ingest/alias/add/"


def rows(spec: Spec) -> list[dict]:
    """Models with tokens of a class that no price knows on the last day they were called and no
    bill charged lately. One that runs on GPUs of the ledger is none: its money is the GPUs'."""
    book, own = price_book(), self_hosted(spec.period.start, spec.period.end)
    reported, billed = _reported(spec), billed_classes(spec.period.end)
    shown = []
    for row in fetch("unpriced", binds(spec)):
        classes = [name for name in _CLASSES if row[name]]
        lacking = [name for name in classes if not _has_price(book, row, name, own, billed)]
        if not lacking or (row["model"] in own and len(lacking) == len(classes)):
            continue
        cost, currency = reported.get((row["provider"], row["model"]), (None, None))
        shown.append(
            {name: row[name] for name in ("provider", "model", "calls", "first_day", "last_day")}
            | {
                "name": row["raw"],
                "token_classes": ", ".join(lacking),
                "tokens": sum(row[name] for name in lacking),
                "reported_cost": cost,
                "currency": currency,
                "price_link": price_link(
                    row["provider"], row["model"], lacking[0], row["first_day"]
                ),
                "alias_link": alias_link(row["raw"]),
            }
        )
    return sorted(shown, key=lambda row: (-row["tokens"], row["provider"], row["name"]))


def price_link(provider: str, model: str, token_class: str, since) -> str:
    given = {
        "provider": provider,
        "model": model,
        "token_class": token_class,
        "basis": "contract",
        "valid_from": since.isoformat(),
    }
    return f"{PRICE_FORM}?{urlencode(given)}"


def alias_link(raw: str) -> str:
    return f"{ALIAS_FORM}?{urlencode({'dimension': 'model', 'raw': raw})}"


def _has_price(book: PriceBook, row: dict, token_class: str, own: set[str], billed: dict) -> bool:
    at = datetime.combine(row["last_day"], time(), UTC)
    found = book.price_of(
        row["provider"],
        (row["model"], row["raw"]),
        token_class,
        at,
        guess_provider=row["model"] not in own,
        billed=lambda asked: billed.get((row["model"], asked.token_class)),
    )
    return found is not None


def _reported(spec: Spec) -> dict[tuple, tuple[Decimal, str]]:
    """(provider, model) -> what the calls reported, where they did so in one currency."""
    told: dict[tuple, dict[str, Decimal]] = {}
    for row in fetch("reported_cost", binds(spec)):
        told.setdefault((row["provider"], row["model"]), {})[row["currency"]] = row["reported_cost"]
    return {
        key: next((cost, code) for code, cost in sums.items())
        for key, sums in told.items()
        if len(sums) == 1
    }


REPORT = Report(
    name="unpriced",
    title="Calls without a price",
    rows=rows,
    columns=lambda spec: COLUMNS,
    whole_company=True,
)
