"""GET /api/v1/explain: why a figure is what it is (docs/api.md)."""

from datetime import date

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.api.problems import for_readers
from aicost.kernel.periods import Period
from attribution.reports.explain_figures import Question, answer, at_of, charge_of, document
from attribution.reports.spec import Asker, BadSpec, Spec

ONE = ("figure", "from", "to", "line", "column", "currency", "charge", "rows", "basis", "idle",
       "shared", "long")  # fmt: skip
SEVERAL = ("at", "filter")
FIRST_YEAR, LAST_YEAR, DAYS_MAX = 2000, 2199, 1100


@for_readers
def explain(request: HttpRequest, user: User) -> HttpResponse:
    """The explanation as JSON, under the role and the teams of who asks."""
    asked = question_of(request.GET, asker_of(user))
    found = JsonResponse(document(asked, answer(asked)), json_dumps_params={"ensure_ascii": False})
    found["Cache-Control"] = "no-store"
    return found


def question_of(params: QueryDict, asker: Asker) -> Question:
    """The question of a query string; `to` is the first day not included. Raises BadSpec."""
    told = _checked(params)
    at = at_of(params.getlist("at"))
    filters: dict[str, tuple[str, ...]] = {}
    for pair in params.getlist("filter"):
        for name, value in at_of([pair], "filter").items():
            filters[name] = (*filters.get(name, ()), value)
    spec = Spec(
        report="cost",
        period=_period(told),
        asker=asker,
        filters=filters,
        basis=told.get("basis", "effective"),
        idle=told.get("idle", "shown"),
        shared=told.get("shared", "shown"),
        long=_yes(told, "long"),
    )
    return Question(
        figure=told.get("figure", "cost"),
        spec=spec,
        at=at,
        line=told.get("line") or ("owned" if at else "total"),
        column=told.get("column", ""),
        currency=told.get("currency") or None,
        charge=charge_of(told.get("charge")),
        rows=_yes(told, "rows"),
    )


def _checked(params: QueryDict) -> dict[str, str]:
    unknown = sorted(set(params) - {*ONE, *SEVERAL})
    if unknown:
        known = ", ".join((*ONE, *SEVERAL))
        raise BadSpec(f"the parameter {unknown[0][:40]!r} is not one of: {known}")
    for name, values in params.lists():
        if name in ONE and len(values) > 1:
            raise BadSpec(f"{name} is given {len(values)} times")
        if any(
            "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value) for value in values
        ):
            raise BadSpec(f"{name} holds a character that no name has")
    return {name: params[name] for name in ONE if name in params}


def _period(told: dict[str, str]) -> Period:
    start, end = _day(told, "from"), _day(told, "to")
    if not 0 < (end - start).days <= DAYS_MAX:
        raise BadSpec(f"from {start} to {end} (excluded) is empty or longer than {DAYS_MAX} days")
    return Period(start, end)


def _day(told: dict[str, str], name: str) -> date:
    text = told.get(name, "")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadSpec(f"{name}={text[:40]} is no date: write {name}=YYYY-MM-DD") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadSpec(f"{name}={text} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _yes(told: dict[str, str], name: str) -> bool:
    if told.get(name, "") not in ("", "0", "1"):
        raise BadSpec(f"{name}={told[name][:40]} is not 0 or 1")
    return told.get(name) == "1"
