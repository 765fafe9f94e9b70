"""What could be done that nobody has done yet: alerts that say what to switch off, and rules that
would place unattributed money. Each figure is that of its report."""

from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from aicost.accounts.scope import may_see_sources
from aicost.notify.digests.noticed import ALERTS, is_new, is_of, page_of
from aicost.notify.message import Item, Section
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.pacing import stated
from attribution.models.alerts import STANDING
from attribution.reports import REPORTS

SUGGESTIONS, ITEMS_MAX = "rule_suggestions", 5
ZERO = Decimal(0)
# Alerts that end when somebody switches something off, or makes it smaller.
TO_DO = ("idle_gpu", "weekend", "forgotten_experiment", "uncalled_model", "storage_growth")


def open_ones(ask: Ask) -> Section | None:
    """The dearest first; None where there is nothing to do. What began in these days stands among
    the new anomalies already."""
    rows = [row for row in stated(ask, ALERTS).rows if _is_open(row) and is_of(row, ask)]
    old = [row for row in rows if not is_new(row, ask)]
    items = [Item(row["title"], _monthly(row), page_of(row)) for row in old[:ITEMS_MAX]]
    items += _rules(ask)
    if not items:
        return None
    more = len(old) - ITEMS_MAX
    return Section("Open recommendations", tuple(items), f"{more} more alerts." if more > 0 else "")


def _is_open(row: dict) -> bool:
    return row["kind"] in TO_DO and row["state"] in STANDING and row["parent_id"] is None


def _monthly(row: dict) -> str:
    if row["monthly"] is None:
        return ""
    return f"{numbers.money(row['monthly'], row['currency'])} in 30 days"


def _rules(ask: Ask) -> list[Item]:
    """One line for all rules that are suggested, in the currency with most of it; for who sees all
    money, in a digest of all of it."""
    if SUGGESTIONS not in REPORTS or ask.view.filters or not may_see_sources(ask.user):
        return []
    rows = [row for row in stated(ask, SUGGESTIONS).rows if row["conditions"] and row["cost"] > 0]
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], ZERO) + row["cost"]
    if not sums:
        return []
    currency = max(sums, key=lambda one: sums[one])
    many = numbers.plural(sum(row["currency"] == currency for row in rows), "rule")
    url = f"{settings.AICOST_URL}{reverse('rule_suggestions')}?{ask.view.query()}"
    return [Item(f"Place unattributed cost: {many} suggested",
                 numbers.money(sums[currency], currency), url)]  # fmt: skip
