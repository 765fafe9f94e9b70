"""Lists of rows picked by a FilterSet of django-filter, whose filters are the parameters."""

from collections.abc import Mapping

from django.db.models import QuerySet
from django.http import QueryDict
from django_filters import filters
from django_filters.rest_framework import FilterSet

from aicost.api.rest.given import DAY, TEXT, Param
from attribution.reports.spec import BadSpec

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
