"""Lists of pages without panels in the order one asks for, by the same heads as tables of panels:

    PEOPLE = Sorting({"name": "user.username", "last": "user.last_login"}, words=("name",))

    "people": in_order_of(request, PEOPLE, rows),

and in the template {% with p=people %}{% head "name" %}Login{% endhead %} … {% for r in p.rows %}.
Lists that are cut into pages are sorted by the database: `order_by(request, SENT, ("-pk",))`, where
the columns are names of fields.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.http import HttpRequest, QueryDict

from aicost.web.sorting import Heads, Sorting

# What an address says of the rows that stand on one page; another order begins anew.
OF_A_PAGE = ("sort", "page", "before")


@dataclass(frozen=True)
class Address:
    """The address of a list: how it is sorted, and the same list in another order."""

    sort: str
    params: QueryDict

    def here(self, *, sort: str) -> str:
        params = self.params.copy()
        for name in OF_A_PAGE:
            params.pop(name, None)
        if sort:
            params["sort"] = sort
        return params.urlencode()


def address_of(request: HttpRequest) -> Address:
    return Address(request.GET.get("sort", ""), request.GET)


def heads_of(request: HttpRequest, sorting: Sorting) -> Heads:
    return Heads(sorting, address_of(request))


def in_order_of(request: HttpRequest, sorting: Sorting, rows: Iterable) -> dict:
    """{rows, sorting}: all rows as the address asks, and what their heads are written from."""
    return {
        "rows": sorting.rows(address_of(request), rows),
        "sorting": heads_of(request, sorting),
    }


def order_by(request: HttpRequest, sorting: Sorting, unasked: Sequence[str]) -> list:
    """What a queryset is ordered by: the column asked for, nothing last, then as unasked."""
    asked = sorting.field_asked(address_of(request))
    if asked is None:
        return list(unasked)
    field, up = F(asked[0]), asked[1]
    first = field.asc(nulls_last=True) if up else field.desc(nulls_last=True)
    return [first, *unasked]
