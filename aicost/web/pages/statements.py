"""Statements per team, department and cost centre: list, print, CSV, and the journal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of, may_see_margin
from aicost.kernel.periods import Period, month_of, previous_month, utc_today
from aicost.web import numbers
from aicost.web.exports import answer_file, files
from aicost.web.lists import address_of, heads_of
from aicost.web.months import months_offered
from aicost.web.shell import for_people, frame, refuse
from aicost.web.sorting import Sorting
from aicost.web.statements import HEADS, Statement, statements, why_changed
from attribution.closing.pinned import close_of
from attribution.reports import run
from attribution.reports.compare import previous_period
from attribution.reports.spec import LEFT_OUT, SHOWN, SPREAD, Answer, Asker, BadSpec, Spec
from attribution.reports.statement import HOLDERS, IN_BILL

ZERO = Decimal(0)
CHARGEBACK, SHOWBACK = WAYS = ("chargeback", "showback")
SORTS = Sorting(
    {"name": "title", "cost": "cost", "previous": "previous", "change": "delta"}, "cost"
)
LABELS = {"team": "Team", "department": "Department", "cost_centre": "Cost centre"}


@dataclass(frozen=True)
class Chosen:
    """What the address asks for."""

    month: Period
    holder: str
    way: str

    def query(self, **changes) -> str:
        told = {"month": f"{self.month.start:%Y-%m}", "by": self.holder, "as": self.way}
        return urlencode(told | changes)

    def spec(self, asker: Asker, name: str | None = None, report: str = "statement") -> Spec:
        pools = SPREAD if self.way == CHARGEBACK else SHOWN
        filters = {} if name is None else {self.holder: (name,)}
        group = (self.holder,) if report == "statement" else ()
        return Spec(report, self.month, asker, group_by=group, filters=filters, idle=pools,
                    shared=pools)  # fmt: skip


def chosen(params: QueryDict, user: User, month: str = "", holder: str = "") -> Chosen:
    """Raises BadSpec for what cannot be read. Whoever sees only some teams sees statements of
    teams: a department's would be a part of it that looks like the whole."""
    text = month or params.get("month", f"{previous_month(utc_today()):%Y-%m}")
    try:
        period = month_of(date.fromisoformat(f"{text}-01"))
        previous_period(period)
    except ValueError as error:
        raise BadSpec(f"month={text[:20]} is no month: write YYYY-MM") from error
    offered = HOLDERS if asker_of(user).teams is None else HOLDERS[:1]
    by, way = holder or params.get("by", HOLDERS[0]), params.get("as", CHARGEBACK)
    for name, value, choices in (("by", by, offered), ("as", way, WAYS)):
        if value not in choices:
            raise BadSpec(f"{name}={value[:40]} is not known: take one of {', '.join(choices)}")
    return Chosen(period, by, way)


@for_people
def listing(request: HttpRequest) -> HttpResponse:
    """All statements of a month with what is on none; together they are the bill."""
    ask, asker = chosen(request.GET, request.user), asker_of(request.user)
    answer = run(ask.spec(asker))
    found, bills = statements(answer.rows, ask.holder), _bills(ask, asker)
    blocks = [
        _block(request, bills.get(currency), currency, [x for x in found if x.currency == currency])
        for currency in dict.fromkeys(one.currency for one in found)
    ]
    context = frame(request, "statements") | _common(ask, answer) | {
        "title": "Statements",
        "blocks": blocks,
        "months": months_offered(ask.month.start),
        "holders": HOLDERS if asker.teams is None else HOLDERS[:1],
        "labels": LABELS,
        "whole": asker.teams is None,
        "may_book": may_see_margin(request.user),
    }  # fmt: skip
    return render(request, "pages/statements.html", context)


@for_people
def page(request: HttpRequest, month: str, holder: str, name: str) -> HttpResponse:
    """One statement, made to be read on paper."""
    ask, asker = chosen(request.GET, request.user, month, holder), asker_of(request.user)
    answer = run(ask.spec(asker, name))
    found = [one for one in statements(answer.rows, ask.holder) if one.name == name]
    if not found:
        raise Http404(f"no statement of {holder} {name} in {month}")
    calls = _calls(ask, asker, name) if ask.holder == "team" else {}
    context = frame(request, "statements") | _common(ask, answer) | {
        "title": f"Statement of {name}",
        "name": name,
        "files": files("statements_file", ask.query(name=name)),
        "statements": [(one, why_changed(one, calls)) for one in found],
        "made": timezone.now(),
    }  # fmt: skip
    return render(request, "pages/statement.html", context)


@for_people
def taken(request: HttpRequest, kind: str = "csv") -> HttpResponseBase:
    """The rows behind the list, or behind one statement with `name`."""
    ask, name = chosen(request.GET, request.user), request.GET.get("name")
    answer = run(ask.spec(asker_of(request.user), name))
    return answer_file(request, answer, "statement", f"statements-{ask.month.start:%Y-%m}", kind)


@for_people
def journal(request: HttpRequest, kind: str = "csv") -> HttpResponseBase:
    """The month's journal; with `accruals` also what is used but not billed."""
    if not may_see_margin(request.user):
        return refuse(request, "journal.csv")
    ask = chosen(request.GET, request.user)
    spec = ask.spec(asker_of(request.user), report="journal")
    estimates = SHOWN if request.GET.get("accruals") else LEFT_OUT
    answer = run(Spec(**{**vars(spec), "estimates": estimates}))
    return answer_file(request, answer, "journal", f"journal-{ask.month.start:%Y-%m}", kind)


def _common(ask: Chosen, answer: Answer) -> dict:
    return {
        "ask": ask,
        "month": ask.month.start,
        "before": previous_month(ask.month.start),
        "after": ask.month.end,
        "label": LABELS[ask.holder],
        "query": ask.query(),
        "files": files("statements_file", ask.query()),
        "answer": answer,
        "close": close_of(ask.month.start),
        "charges": ask.way == CHARGEBACK,
    }


def _block(request: HttpRequest, whole: dict | None, currency: str, found: list[Statement]) -> dict:
    """The statements of one currency, what is on none, and the bill they sum to; `whole` None:
    whoever asks sees no whole bill."""
    named = [one for one in found if one.line == "owned"]
    named = SORTS.rows(address_of(request), named)
    # A section in which nobody has anything has no column.
    shown = [name for name in IN_BILL if any(one.of(name) for one in named)]
    total, before = (sum((getattr(x, n) for x in found), ZERO) for n in ("cost", "previous"))
    on_names, was = (sum((getattr(x, n) for x in named), ZERO) for n in ("cost", "previous"))
    bill = whole and whole["cost"]
    return {
        "currency": currency,
        "heads": [HEADS[name] for name in shown],
        "sorting": heads_of(request, SORTS),
        "named": [(one, [one.of(section) for section in shown]) for one in named],
        "rest": [one for one in found if one.line != "owned" and (one.cost or one.previous)],
        "sums": [sum((one.of(section) for one in named), ZERO) for section in shown],
        "on_names": on_names,
        "names_before": was,
        "names_delta": on_names - was,
        "total": total,
        "before": before,
        "delta": total - before,
        "bill": bill,
        "rounding": numbers.rounding((one.cost for one in found), total),
        "difference": None if bill is None else bill - total,
        "ai": whole if whole and whole["ai_percent"] is not None else None,
    }


def _bills(ask: Chosen, asker: Asker) -> dict[str, dict]:
    """Currency -> the month's whole bill, and how much of it is AI; nothing for an asker who sees
    only some teams."""
    if asker.teams is not None:
        return {}
    # Of several sources their total stands last.
    return {row["currency"]: row for row in run(Spec("ai_share", ask.month, asker)).rows}


def _calls(ask: Chosen, asker: Asker, team: str) -> dict[str, tuple]:
    """Feature -> (calls of the month, of the month before) of one team."""
    both = Period(previous_period(ask.month).start, ask.month.end)
    spec = Spec("unit_cost", both, asker, granularity="month", group_by=("feature",),
                filters={"team": (team,)})  # fmt: skip
    now, was = {}, {}
    for row in run(spec).rows:
        into = now if row["period"] == ask.month.start else was
        into[row["feature"]] = row["requests"]
    return {feature: (calls, was.get(feature)) for feature, calls in now.items()}
