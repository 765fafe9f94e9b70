"""Lists of rows of a table: picked by a FilterSet of django-filter, whose filters are the
parameters, and told in pages by their numbers."""

from collections.abc import Callable, Mapping

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django_filters import filters
from django_filters.rest_framework import FilterSet

from aicost.api.rest import described as d
from aicost.api.rest.cursors import numbered, question_of
from aicost.api.rest.frame import Resource, address_after, document_of
from aicost.api.rest.given import DAY, NUMBER, TEXT, Param
from attribution.reports.spec import BadSpec

PAGED = (
    Param("limit", "How many at most.", NUMBER, low=1, high=1000, default="100"),
    Param("cursor", "`next_cursor` of the page before; all else repeated."),
)
_SAYS = {"gte": "From this day on.", "lt": "Before this day.", "icontains": "Names that hold this."}


def params_of(picks: type[FilterSet]) -> tuple[Param, ...]:
    """The parameters of the filters of a FilterSet."""
    return tuple(_param(name, one) for name, one in picks.base_filters.items())


def _param(name: str, one: filters.Filter) -> Param:
    choices = tuple(str(key) for key, _ in one.extra.get("choices", ()))
    many = isinstance(one, filters.MultipleChoiceFilter)
    kind = DAY if isinstance(one, filters.DateFilter) else TEXT
    says = _SAYS.get(one.lookup_expr, f"Only this {name.replace('_', ' ')}.")
    return Param(name, f"{says} Given again: any." if many else says, kind, choices, repeated=many)


def picked(picks: type[FilterSet], given: Mapping, rows: QuerySet) -> QuerySet:
    """The rows that the given values pick. Raises BadSpec."""
    data = QueryDict(mutable=True)
    for name in picks.base_filters:
        value = given[name]
        if isinstance(value, tuple):
            data.setlist(name, [str(one) for one in value])
        elif value is not None:
            data[name] = str(value)
    found = picks(data=data, queryset=rows)
    if not found.is_valid():
        raise BadSpec("; ".join(f"{name}: {told[0]}" for name, told in found.errors.items()))
    return found.qs


def paged(name: str, row: Mapping) -> dict:
    """The schema of what `listed` answers."""
    told = {name: d.listed(row)}
    return d.thing(**told, next=d.maybe(d.TEXT), next_cursor=d.maybe(d.TEXT))


def listed(
    view: Resource, request, name: str, rows: QuerySet, tell: Callable[..., Mapping]
) -> HttpResponse:
    """The page that was asked for with `PAGED`, its rows told under `name`. Raises BadSpec."""
    given = view.given
    asked = {key: value for key, value in given.items() if key != "cursor"}
    question = question_of(request.path, sorted(asked.items(), key=str))
    taken, after = numbered(rows, given["cursor"], given["limit"], question)
    following = None if after is None else address_after(request._request, after)
    told = [tell(one) for one in taken]
    return document_of({name: told, "next": following, "next_cursor": after})
