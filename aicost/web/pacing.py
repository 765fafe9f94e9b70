"""Where the running month ends, and what the budgets say to it.

It is the forecast, p50 with its band. Where there is none, it is a pace, and says why: the days to
come cost, each, what the days so far did on average; that knows no week and no trend."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.urls import reverse

from aicost.accounts.scope import may_edit_names
from aicost.kernel.periods import Period, month_of
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.names import last_day
from aicost.web.parts import Figure, money_figure
from aicost.web.tables import Block
from attribution.models.budgets import BREACH
from attribution.models.entities import MONTH
from attribution.reports.budgets import WHOLE
from attribution.reports.spec import SHOWN, Answer

ZERO = Decimal(0)
EFFECTIVE = "effective"


@dataclass(frozen=True)
class Ending:
    """The month of the view: what it cost so far, and costs in all. `low` and `high` hold four of
    five cases; both are None where `why` says why it is a pace."""

    month: Period
    days: int
    so_far: Decimal
    whole: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    why: str = ""

    @property
    def rest(self) -> Decimal:
        return self.whole - self.so_far

    @property
    def words(self) -> str:
        """What the rest of the month is, on charts."""
        return "at this pace" if self.why else "forecast"


def ending_of(ask: Ask, so_far: Decimal, currency: str) -> Ending | None:
    """None unless the view is the beginning of a month that is not over."""
    month = month_of(last_day(ask))
    if ask.period.start != month.start or ask.period.end >= month.end:
        return None
    days = ask.period.length_days
    found = [
        row
        for row in ask.report("forecast", group_by=()).rows
        if row["horizon"] == MONTH and row["currency"] == currency
    ]
    told = found[0] if len(found) == 1 else {"p50": None, "reason": "it is not one series of cost"}
    if told["p50"] is None:
        pace = so_far * month.length_days / days
        return Ending(month, days, so_far, pace, why=told["reason"] or "no forecast")
    return Ending(month, days, so_far, told["p50"], told["p10"], told["p90"])


def stated(ask: Ask, report: str) -> Answer:
    """A report of budgets, which knows of the view its days alone."""
    return ask.report(report, group_by=(), filters={}, idle=SHOWN, shared=SHOWN, basis=EFFECTIVE)


@dataclass(frozen=True)
class Plan:
    """The company's budget for the month, or the features' monthly budgets together, and what all
    these are expected to cost. `broken` of `count` are used up already."""

    amount: Decimal
    whole: Decimal
    count: int
    broken: int
    is_company: bool
    odds: Decimal | None = None

    @property
    def named(self) -> str:
        if self.is_company:
            return "the company’s budget"
        return f"the budgets of {numbers.plural(self.count, 'feature')}"

    @property
    def over(self) -> Decimal:
        return self.whole - self.amount


def plan_of(ask: Ask, block: Block) -> Plan | None:
    """None where nobody said what the month may cost, or not to this asker. The company's budget
    goes first; only features with a budget are held against theirs: experiments, idle and shared
    cost have none."""
    if is_narrowed(ask):
        return None
    rows = [
        row
        for row in stated(ask, "budgets").rows
        if row["budget_period"] == MONTH and row["currency"] == block.currency
        and row["available"] is not None
    ]  # fmt: skip
    company = [row for row in rows if row["kind"] == WHOLE]
    features = [row for row in rows if row["kind"] == "feature"]
    broken = sum(row["level"] == BREACH for row in features)
    if company:
        row = company[0]
        return Plan(row["available"], whole_of(row), len(features), broken, True,
                    row["probability_percent"])  # fmt: skip
    if not features:
        return None
    amount = sum((row["available"] for row in features), ZERO)
    whole = sum((whole_of(row) for row in features), ZERO)
    return Plan(amount, whole, len(features), broken, False)


def is_narrowed(ask: Ask) -> bool:
    """Budgets are of all cost, effective, in their own currency."""
    view = ask.view
    return bool(view.filters or view.in_currency or view.basis != EFFECTIVE)


def whole_of(row: dict) -> Decimal:
    """Where a row of report `budgets` ends: by forecast, at its pace, or as it is."""
    return next(row[name] for name in ("p50", "at_this_pace", "used") if row[name] is not None)


def ending_figure(ask: Ask, block: Block) -> Figure | None:
    """The key figure: where the month ends, beside the budgets there are."""
    ending = ending_of(ask, block.total.cost, block.currency)
    if ending is None:
        return None
    plan = plan_of(ask, block)
    under = [_band(ending, block.currency)]
    if not is_narrowed(ask):
        under = [*_against(plan, block.currency), *under]
    more = (
        "Budgets" if plan or not may_edit_names(ask.user) else "Set a budget",
        reverse("budgets"),
    )
    name = f"{ending.month.start:%B} {ending.words}"
    return money_figure(name, numbers.rounded(ending.whole, 0), block.currency, final=False,
                        under=tuple(under), more=more, whole=True)  # fmt: skip


def _band(ending: Ending, currency: str) -> tuple[str, str, bool]:
    if ending.low is None or ending.high is None:
        days = f"{ending.days} of {ending.month.length_days} days"
        return ("", f"pace of {days}, no forecast: {ending.why}", False)
    low, high = (numbers.short_money(one, currency) for one in (ending.low, ending.high))
    return ("", f"{low} to {high} in four of five cases", False)


def _against(plan: Plan | None, currency: str) -> list[tuple[str, str, bool]]:
    if plan is None:
        return [("", "no budget set", False)]
    short = numbers.short_money(abs(plan.over), currency)
    amount, whole = (numbers.short_money(one, currency) for one in (plan.amount, plan.whole))
    held = f"the {amount} budget of the company"
    if plan.odds is not None:
        held += f"; over with a probability of {numbers.percent_of(plan.odds, 0)}"
    if not plan.is_company:
        held = f"the {amount} {plan.named.removeprefix('the ')}, which head for {whole}"
    said = [(f"{short} {'over' if plan.over > 0 else 'under'}", held, plan.over > 0)]
    if plan.broken:
        many = f"{plan.broken} of {numbers.plural(plan.count, 'feature')}"
        said.append((many, "over budget already", True))
    if not plan.is_company:
        said.append(("", "no budget for the whole company", False))
    return said


def ending_words(ask: Ask, block: Block) -> str:
    """What the lead says of the end of the month; nothing for a month that is over."""
    ending = ending_of(ask, block.total.cost, block.currency)
    if ending is None:
        return ""
    left = ending.month.end - timedelta(days=1)
    amount = numbers.money(ending.whole, block.currency, 0)
    if ending.why:
        return f" At this pace {left:%B} ends at {amount}."
    said = f" {left:%B} is forecast to end at {amount}"
    plan = plan_of(ask, block)
    if plan is None or not plan.is_company:
        return f"{said}."
    over = numbers.money(abs(plan.over), block.currency, 0)
    way = "over" if plan.over > 0 else "within"
    return f"{said}, {over} {way} the budget of {numbers.money(plan.amount, block.currency, 0)}."
