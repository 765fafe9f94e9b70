"""The page of a name that nobody knows: it says so, and where to look."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from aicost.accounts.scope import may_describe
from aicost.web.ask import Ask
from aicost.web.filters import label
from aicost.web.names import entity_said
from aicost.web.pages.search import page_of
from aicost.web.shell import sentence
from attribution.entities.find import KINDS
from attribution.entities.known import is_known
from attribution.entities.naming import spans_of

CUSTOMER = "customer"


def unknown(request: HttpRequest, ask: Ask, kind: str, name: str) -> HttpResponse | None:
    """404 for a name that no cost of the view, no call, no row and no register knows, else None.
    `ask` is of this name; reports of cost know no customers."""
    is_customer = kind == CUSTOMER
    if not is_customer and (ask.report("cost").rows or entity_said(kind, name)):
        return None
    if is_known(kind, name):
        return None
    called = label(kind).lower()
    text = f"No {called} is called “{name[:80]}”: no cost, no call, no file and nobody names it."
    links = [
        (f"It is another name of {span.value}", page_of(kind, span.value, ask.view))
        for span in spans_of(kind, name)
    ]
    links.append(("Search for it", f"{reverse('search')}?{urlencode({'q': name})}"))
    listed = f"{kind}s" if kind in KINDS else "targets"
    links.append((f"All {listed}" if kind in KINDS else "All names", reverse(listed)))
    if not is_customer and may_describe(request.user):
        edit = reverse("target_edit", args=[kind, name])
        links.append((f"Register it as a new {called}", edit))
    return sentence(request, 404, f"No such {called}", text, links)
