"""/api/v1/budgets: read as report `budgets`, changed as on the page."""

from datetime import date

from django.http import Http404, HttpResponse
from rest_framework import serializers

from aicost.accounts.scope import may_edit_names
from aicost.api.rest import described as d
from aicost.api.rest.frame import Resource, document_of, operation
from aicost.api.rest.given import DAY, Param
from aicost.kernel.periods import Period, utc_today
from attribution.budgeting.edit import FIELDS, remove_budget, save_budget, texts_of
from attribution.budgeting.plans import UNITS, of_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.models import Budget
from attribution.models.budgets import PERIODS, ROLL_OVERS
from attribution.reports import run
from attribution.reports.spec import Spec

TAGS = ["budgets"]
CHANGED = "The fields are texts, as budgets.csv has them (docs/budgets.md); `reason` is kept with "\
    "the change."  # fmt: skip


SAYS = {
    "title": "What it is called, once.",
    "filters": "`feature=search, answers; team=a`, or the same as JSON; empty: the whole company.",
    "amount": "Above 0, such as `12000`.",
    "currency": "Such as `USD`.",
    "period": f"One of {', '.join(PERIODS)}.",
    "per": f"For so many of a unit: one of {', '.join(UNITS)}.",
    "per_count": "Of how many units the amount is; 1 unless told.",
    "roll_over": f"One of {', '.join(ROLL_OVERS)}.",
    "owner": "A person or a mail address.",
    "warn_percent": "Probability to end above from which it warns.",
    "alert_percent": "Probability to end above from which it alerts.",
    "used_percents": "Shares of the budget that warn once, `50, 80, 100`.",
    "stop_on": "Of an experiment: the day by which it ends.",
    "stop_unused_days": "Of an experiment: days without use.",
    "stop_points": "Of an experiment: points of quality it has to gain.",
    "stop_points_percent": "Of the budget, by which it has to have gained them.",
    "valid_from": "The first day.",
    "valid_to": "The first day on which it no longer holds.",
}


class BudgetBody(serializers.Serializer):
    """Every field may be left out; one that is empty is its default."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000)

    def get_fields(self):
        texts = {
            name: serializers.CharField(
                required=False, allow_blank=True, max_length=2000, help_text=SAYS.get(name, "")
            )
            for name in FIELDS
        }
        return super().get_fields() | texts


class NewBudget(BudgetBody):
    """A new one has a title, an amount and a currency."""

    def get_fields(self):
        told = super().get_fields()
        for name in ("title", "amount", "currency"):
            told[name] = serializers.CharField(max_length=2000, help_text=SAYS.get(name, ""))
        return told


class EndBody(serializers.Serializer):
    on = serializers.DateField(help_text="The first day on which it no longer holds.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000)


def document_of_budget(row: Budget) -> dict:
    return {"budget_id": row.pk} | texts_of(row)


class Budgets(Resource):
    @operation(
        "Budgets on the evening of a day",
        params=(Param("on", "The day; else yesterday.", DAY),),
        answers={200: d.thing(day=d.DAY, rows=d.listed(d.ROW))},
        operation_id="list_budgets",
        tags=TAGS,
        says="The rows of report `budgets`: used, where it ends, how likely above.",
    )
    def get(self, request) -> HttpResponse:
        day = self.given["on"] or date.fromordinal(utc_today().toordinal() - 1)
        period = Period(day, date.fromordinal(day.toordinal() + 1))
        answer = run(Spec("budgets", period, self.asker))
        return document_of({"day": day, "rows": answer.rows})

    @operation(
        "Add a budget",
        body=NewBudget,
        answers={201: d.of("Budget")},
        key=d.KEY,
        operation_id="create_budget",
        tags=TAGS,
        says=CHANGED,
    )
    def post(self, request) -> tuple[int, dict]:
        self.allow(may_edit_names, "adding budgets")
        return 201, document_of_budget(_saved(self, None))


class OneBudget(Resource):
    @operation(
        "One budget, as it was written",
        answers={200: d.of("Budget")},
        operation_id="read_budget",
        tags=TAGS,
    )
    def get(self, request, budget_id: int) -> HttpResponse:
        row = _found(budget_id)
        if not of_budget(row).is_seen_by(self.asker.teams):
            raise Http404
        return document_of(document_of_budget(row))

    @operation(
        "Change a budget",
        body=BudgetBody,
        answers={200: d.of("Budget")},
        key=d.KEY,
        operation_id="edit_budget",
        tags=TAGS,
        says=f"{CHANGED} What is left out stays as it is.",
    )
    def patch(self, request, budget_id: int) -> tuple[int, dict]:
        self.allow(may_edit_names, "changing budgets")
        return 200, document_of_budget(_saved(self, _found(budget_id)))

    @operation(
        "Remove a budget",
        answers={200: d.thing(budget_id=d.WHOLE, removed=d.YES_NO)},
        key=d.KEY,
        operation_id="remove_budget",
        tags=TAGS,
        says="With what its days said; that it was there stays in the history. To let it end and "
        "keep what it said, end it.",
    )
    def delete(self, request, budget_id: int) -> tuple[int, dict]:
        self.allow(may_edit_names, "removing budgets")
        remove_budget(_found(budget_id), By(self.user_asks, "by the API"))
        return 200, {"budget_id": budget_id, "removed": True}


class EndBudget(Resource):
    @operation(
        "End a budget on a day",
        body=EndBody,
        answers={200: d.of("Budget")},
        key=d.KEY,
        operation_id="end_budget",
        tags=TAGS,
    )
    def post(self, request, budget_id: int) -> tuple[int, dict]:
        self.allow(may_edit_names, "ending budgets")
        row = _found(budget_id)
        self.body["valid_to"] = self.body.pop("on").isoformat()
        return 200, document_of_budget(_saved(self, row))


def _found(budget_id: int) -> Budget:
    row = Budget.objects.filter(pk=budget_id).first()
    if row is None:
        raise Http404
    return row


def _saved(view: Resource, row: Budget | None) -> Budget:
    """Raises EntityRefused."""
    texts = dict(view.body)
    reason = texts.pop("reason", "")
    made = save_budget(texts, By(view.user_asks, reason), row)
    remember(only=(made.pk, "", ""))
    return Budget.objects.get(pk=made.pk)
