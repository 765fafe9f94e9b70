"""Where the running month ends at the pace so far, and what the features' budgets say to it.

A pace is arithmetic: the days to come cost, each, what the days so far did on average. It knows no
week and no trend, and is called a pace wherever it is shown."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.urls import reverse

from aicost.kernel.periods import Period, month_of
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.names import budgets_on, last_day, may_see_plans
from aicost.web.parts import Figure, money_figure
from aicost.web.tables import Block
from attribution.models.entities import MONTH

ZERO = Decimal(0)


@dataclass(frozen=True)
class Pace:
    """The month of the view: what it cost so far, and costs in all at this pace."""

    month: Period
    days: int
    so_far: Decimal

    @property
    def whole(self) -> Decimal:
        return self.so_far * self.month.length_days / self.days

    @property
    def rest(self) -> Decimal:
        return self.whole - self.so_far


def pace_of(ask: Ask, so_far: Decimal) -> Pace | None:
    """None unless the view is the beginning of a month that is not over."""
    month = month_of(last_day(ask))
    if ask.period.start != month.start or ask.period.end >= month.end:
        return None
    return Pace(month, ask.period.length_days, so_far)


@dataclass(frozen=True)
class Plan:
    """The monthly budgets of features together, and what these features cost at their pace."""

    amount: Decimal
    features: int
    whole: Decimal
    broken: int
    """How many of them have cost more than their budget already."""

    @property
    def named(self) -> str:
        return numbers.plural(self.features, "feature")

    @property
    def over(self) -> Decimal:
        return self.whole - self.amount


def plan_of(ask: Ask, block: Block) -> Plan | None:
    """None where nobody said what a feature may cost a month, or not to this asker. Only features
    with a budget are held against it: experiments, idle and shared cost have none."""
    if not may_see_plans(ask.asker, "feature") or ask.view.filters:
        return None
    held = {
        name: budget.amount
        for name, budget in budgets_on("feature", last_day(ask)).items()
        if budget.period == MONTH and budget.currency == block.currency
    }
    if not held:
        return None
    lines = [x for x in block.lines if x.line == "owned" and x.key[1] in held]
    cost = sum((x.cost for x in lines), ZERO)
    broken = sum(x.cost > held[x.key[1]] for x in lines)
    pace = pace_of(ask, cost)
    return Plan(sum(held.values(), ZERO), len(held), pace.whole if pace else cost, broken)


def pace_figure(ask: Ask, block: Block) -> Figure | None:
    """The key figure: the month at this pace, beside the budgets there are."""
    pace, plan = pace_of(ask, block.total.cost), plan_of(ask, block)
    if pace is None:
        return None
    under = [("", f"pace of {pace.days} of {pace.month.length_days} days, no forecast", False)]
    if plan is None:
        under.append(("", "no budget set", False))
    else:
        short = numbers.short_money(abs(plan.over), block.currency)
        budgets = numbers.short_money(plan.amount, block.currency)
        way = "over" if plan.over > 0 else "under"
        whole = numbers.short_money(plan.whole, block.currency)
        held = f"the {budgets} budgets of {plan.named}, which head for {whole}"
        under.insert(0, (f"{short} {way}", held, plan.over > 0))
        if plan.broken:
            under.insert(1, (f"{plan.broken} of {plan.features}", "over budget already", True))
        under.append(("", "no budget for the whole company", False))
    more = ("Budgets" if plan else "Set a budget", reverse("budgets"))
    name = f"{pace.month.start:%B} at this pace"
    return money_figure(name, numbers.rounded(pace.whole, 0), block.currency, final=False,
                        under=tuple(under), more=more, whole=True)  # fmt: skip


def budget_words(ask: Ask, block: Block) -> str:
    """What the lead says of the end of the month; nothing for a month that is over."""
    pace = pace_of(ask, block.total.cost)
    if pace is None:
        return ""
    left = pace.month.end - timedelta(days=1)
    amount = numbers.money(pace.whole, block.currency, 0)
    return f" At this pace {left:%B} ends at {amount}."
