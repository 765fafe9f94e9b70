"""Prices of our own: what holds today, what calls have no price, a form to add, change and end."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.scope import may_see_margin, may_see_sources
from aicost.kernel.money import plain
from aicost.kernel.periods import utc_today
from aicost.web.exports import files, sent
from aicost.web.lists import heads_of, order_by
from aicost.web.shell import for_people, frame, refuse
from aicost.web.sorting import Sorting
from attribution.reports.columns import COUNT, DAY, DECIMAL, TEXT
from attribution.reports.sheets import Column, listed
from ingest.models import Price
from ingest.price_book import PRICE_CLASSES
from ingest.price_overlaps import PriceRefused
from ingest.prices import end_price, save_price
from ingest.sources.canonical_prices import BASES, PRICES

SHOWN = 500
SORTS = Sorting(
    {"model": "model", "class": "token_class", "price": "price", "per": "per_units",
     "basis": "basis", "valid_from": "valid_from"},
    words=("model", "class", "basis"),
)  # fmt: skip
UNASKED = ("provider", "model", "token_class", "-valid_from")
# The form in its order: (field, label, help).
FIELDS = (
    ("provider", "Provider", "empty: any"),
    ("model", "Model", "as calls name it; empty only for a discount"),
    ("token_class", "For", "what is counted; empty only for a discount"),
    ("price", "Price", "or a discount below"),
    ("per_units", "per so many", ""),
    ("currency", "Currency", "USD, EUR …"),
    ("discount_percent", "Discount, % off the list", "instead of a price"),
    ("basis", "From", ""),
    ("service_tier", "Service tier", "batch, flex, priority; empty: any"),
    ("region", "Region", "empty: any"),
    ("context_over", "Only for calls with more input tokens than", "0: all"),
    ("valid_from", "Valid from", "midnight UTC of this day"),
    ("valid_to", "Valid to", "first day no longer; empty: open"),
    ("origin", "Where it was read", "contract number, page"),
    ("note", "Note", ""),
)
KINDS = {"price": DECIMAL, "discount_percent": DECIMAL, "per_units": COUNT, "context_over": COUNT,
         "valid_from": DAY, "valid_to": DAY}  # fmt: skip
CHOICES = {"token_class": ("", *PRICE_CLASSES), "basis": BASES}
DEFAULTS = {"per_units": "1000000", "basis": BASES[0], "context_over": "0", "currency": "USD"}


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, price_id: int | None = None) -> HttpResponse:
    """The list beside the form; with an id, the form holds that price."""
    if not may_see_sources(request.user):
        return refuse(request, "prices")
    price = get_object_or_404(Price, pk=price_id) if price_id else None
    if request.method == "GET":
        return _show(request, price, _values(request, price), {})
    if not may_see_margin(request.user):
        return refuse(request, "prices")
    given = {name: request.POST.get(name, "").strip() for name, _, _ in FIELDS}
    values, errors = parsed(given)
    if not errors:
        try:
            save_price(values, request.user, price)
        except PriceRefused as error:
            errors[""] = f"{error}. {error.cure}"
        else:
            return redirect("prices")
    return _show(request, price, given, errors, status=400)


def parsed(given: Mapping[str, str]) -> tuple[dict[str, object], dict[str, str]]:
    """The texts of the form as values of a price, by the rules of the price file; and errors."""
    values, errors = {}, {}
    for column in PRICES.columns:
        text = given.get(column.name, "")
        try:
            if not text and column.required:
                raise ValueError("is needed")
            values[column.into] = column.parse(text) if text else column.default
        except ValueError as error:
            errors[column.name] = str(error)
    return values, errors


@for_people
def taken(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The list as a file, as the page shows it."""
    if not may_see_sources(request.user):
        return refuse(request, f"prices.{kind}")
    names = [name for name, _, _ in FIELDS]
    rows = [{name: getattr(price, name) for name in names} for price in _listed(request)]
    columns = [Column(name, KINDS.get(name, TEXT)) for name in names]
    return sent(request, listed("Own prices", columns, rows), "prices", "prices", kind)


def _asked(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()


def _kept(request: HttpRequest) -> dict[str, str]:
    """What the file has to know to be as the page is."""
    told = {"q": _asked(request), "sort": request.GET.get("sort", "")}
    return {name: text for name, text in told.items() if text}


def _listed(request: HttpRequest) -> QuerySet[Price]:
    found = Price.objects.order_by(*order_by(request, SORTS, UNASKED))
    asked = _asked(request)
    return found.filter(model__icontains=asked) if asked else found


@login_required
@require_POST
def end(request: HttpRequest, price_id: int) -> HttpResponse:
    """Let a price hold no longer from a day on."""
    if not may_see_margin(request.user):
        return refuse(request, "prices")
    price = get_object_or_404(Price, pk=price_id)
    try:
        end_price(price, date.fromisoformat(request.POST.get("day", "")), request.user)
    except PriceRefused as error:
        return _show(request, None, DEFAULTS, {"": f"{error}. {error.cure}"}, status=400)
    except ValueError:
        return _show(request, None, DEFAULTS, {"": "Give a day as YYYY-MM-DD"}, status=400)
    return redirect("prices")


def _values(request: HttpRequest, price: Price | None) -> dict[str, str]:
    if price is None:
        asked = {name: request.GET[name] for name, _, _ in FIELDS if name in request.GET}
        return {**DEFAULTS, "valid_from": utc_today().replace(day=1).isoformat(), **asked}
    return {name: _text(getattr(price, name)) for name, _, _ in FIELDS}


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | date) else plain(value) or ""


def _show(
    request: HttpRequest, price: Price | None, values: Mapping, errors: dict, status: int = 200
) -> HttpResponse:
    asked = _asked(request)
    context = frame(request, "prices") | {
        "title": "Prices",
        "prices": _listed(request)[:SHOWN],
        "p": {"sorting": heads_of(request, SORTS)},
        "files": files("prices_file", urlencode(_kept(request))),
        "today": utc_today(),
        "asked": asked,
        "price": price,
        "may_edit": may_see_margin(request.user),
        "problem": errors.get("", ""),
        "fields": [
            {
                "name": name,
                "label": label,
                "help": words,
                "value": values.get(name, ""),
                "error": errors.get(name, ""),
                "choices": CHOICES.get(name),
            }
            for name, label, words in FIELDS
        ],
    }
    return render(request, "pages/prices.html", context, status=status)
