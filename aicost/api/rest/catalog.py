"""/api/v1/catalog and /api/v1/dimensions: what there is to ask by, and its values."""

from datetime import timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.api.rest import described as d
from aicost.api.rest.cursors import page, question_of
from aicost.api.rest.frame import Resource, address_after, document_of, operation
from aicost.api.rest.given import DAY, NUMBER, Param
from aicost.api.rest.problems import Refused
from aicost.api.rest.reports import told_of
from aicost.kernel.periods import Period, utc_today
from attribution.reports import REPORTS, run
from attribution.reports.columns import kind_of
from attribution.reports.cost import DIMENSIONS
from attribution.reports.spec import (
    ANY_TAG,
    BASES,
    CHARGE_DAYS_MAX,
    ESTIMATE_OPTIONS,
    GRANULARITIES,
    LEFT_OUT,
    POOL_OPTIONS,
    TAG,
    BadSpec,
    Spec,
    is_charge_dimension,
)

DAYS, VALUES_MAX = 90, 1_000
WORDS = {"sku": "SKU", "sku_meter": "SKU meter", ANY_TAG: "Tag"}


def _dimension(name: str, request: HttpRequest) -> dict:
    is_tag = name == ANY_TAG
    url = request.build_absolute_uri(f"/api/v1/dimensions/{name}/values")
    return {
        "name": name,
        "title": WORDS.get(name, name.replace("_", " ").capitalize()),
        "from_charges": is_charge_dimension(name),
        "url": None if is_tag else url,
    }


class Catalog(Resource):
    @operation(
        "Reports, dimensions, columns and choices in one document",
        answers={
            200: d.thing(
                reports=d.listed(d.of("ReportDescribed")),
                dimensions=d.listed(d.of("Dimension")),
                columns=d.listed(d.of("Column")),
                choices={"type": "object"},
            )
        },
        operation_id="read_catalog",
        tags=["reports"],
    )
    def get(self, request) -> HttpResponse:
        told = [told_of(report, self.asker, request) for report in REPORTS.values()]
        names = sorted({column["name"] for one in told for column in one["columns"]})
        return document_of(
            {
                "reports": told,
                "dimensions": [_dimension(name, request) for name in DIMENSIONS],
                "columns": [{"name": name, "kind": kind_of(name)} for name in names],
                "choices": {
                    "granularity": GRANULARITIES,
                    "basis": BASES,
                    "idle": POOL_OPTIONS,
                    "shared": POOL_OPTIONS,
                    "estimates": ESTIMATE_OPTIONS,
                },
            }
        )


class DimensionList(Resource):
    @operation(
        "All dimensions",
        answers={200: d.thing(dimensions=d.listed(d.of("Dimension")))},
        operation_id="list_dimensions",
        tags=["reports"],
        says="What cost can be grouped and filtered by. `from_charges`: only single charges know "
        f"it, so that a question takes {CHARGE_DAYS_MAX} days, or `long=1`.",
    )
    def get(self, request) -> HttpResponse:
        return document_of({"dimensions": [_dimension(name, request) for name in DIMENSIONS]})


class DimensionValues(Resource):
    @operation(
        "The values of a dimension",
        params=(
            Param("q", "Only values that hold this, whatever their case."),
            Param("from", f"The first day; else {DAYS} days ago, of charges 31.", DAY),
            Param("to", "The first day no longer included; else tomorrow.", DAY),
            Param("limit", "How many at most.", NUMBER, low=1, high=VALUES_MAX, default="100"),
            Param("cursor", "`next_cursor` of the page before; all else repeated."),
        ),
        answers={200: d.paged("Value", "values")},
        operation_id="list_values",
        tags=["reports"],
        says="Values that cost stands on in the period, for those rows that whoever asks may see, "
        "in the order of their names, with their cost.",
    )
    def get(self, request, name: str) -> HttpResponse:
        if name not in DIMENSIONS and not (name.startswith(TAG) and name != TAG):
            told = f"there is no dimension {name[:60]!r}"
            raise Refused(404, told, "/api/v1/dimensions lists them")
        answer = run(self._spec(name))
        wanted = (self.given["q"] or "").casefold()
        summed: dict[tuple[str, str], Decimal] = {}
        for row in answer.rows:
            if row[name] and wanted in str(row[name]).casefold():
                key = (row[name], row["currency"])
                summed[key] = summed.get(key, Decimal(0)) + row["cost"]
        rows = [{"value": value, "currency": currency, "cost": cost}
                for (value, currency), cost in summed.items()]  # fmt: skip
        question = question_of(name, wanted, answer.spec.period)
        told = self.given["cursor"], self.given["limit"], question
        taken, after = page(rows, ("value", "currency", "cost"), *told)
        following = None if after is None else address_after(request._request, after)
        return document_of({"values": taken, "next": following, "next_cursor": after})

    def _spec(self, name: str) -> Spec:
        days = CHARGE_DAYS_MAX if is_charge_dimension(name) else DAYS
        end = self.given["to"] or utc_today() + timedelta(days=1)
        start = self.given["from"] or end - timedelta(days=days)
        if start >= end:
            raise BadSpec(f"from {start} to {end} (excluded) is empty")
        return Spec("cost", Period(start, end), self.asker, group_by=(name,), estimates=LEFT_OUT)
