"""What all pages share: who may open them, the frame around them, panels that fail alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
import logging
from urllib.parse import parse_qsl

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from aicost.accounts.audit import DENIED, record
from aicost.accounts.models import User
from aicost.accounts.scope import asker_of, role_of
from aicost.web.ask import Ask, ask_of
from aicost.web.exports import exports
from aicost.web.filters import DIMENSIONS, View, label
from aicost.web.navigation import everybody, navigation
from aicost.web.picks import chips, picks
from aicost.web.saved import everywhere, pick
from aicost.web.sorting import Heads, Sorting
from attribution.reports.explain_words import NoFigure
from attribution.reports.sheets import Sheet
from attribution.reports.spec import BadSpec, NotAllowed

# What the addresses that search finds keep of the page it was asked on.
CARRIED_BY_SEARCH = ("from", "to", "period", "compare", "base_from", "base_to")
logger = logging.getLogger(__name__)
WHOLE = "whole"  # in an address: panels that come later come at once


@dataclass(frozen=True)
class Panel:
    """One box of a page. `build` makes its context, `figure` its chart, `table` what it shows as
    data (aicost.web.exports), named `title` in the menu of exports; each may fail alone. A `lazy`
    panel measured slow: the page is sent with a skeleton of its `size` (low, medium, tall) and
    htmx fetches it; with whole=1 in the address, as browsers without script go, it is inline. What
    of it other panels ask anyhow, `first` shows until then. One whose time grows with the names of
    the ledger says when: `lazy=is_large`. `sorting` are the columns its table can be sorted by."""

    slug: str
    template: str
    build: Callable[[Ask], dict]
    figure: Callable[[Ask], dict] | None = None
    table: Callable[[Ask], Sheet] | None = None
    title: str = ""
    lazy: bool | Callable[[], bool] = False
    size: str = "medium"
    sorting: Sorting | None = None
    first: Callable[[Ask], dict] | None = None

    @property
    def name(self) -> str:
        return self.title or self.slug.replace("_", " ").capitalize()

    def comes_later(self) -> bool:
        return self.lazy if isinstance(self.lazy, bool) else self.lazy()


@dataclass(frozen=True)
class Page:
    """A page with an address named `slug`: its template places the panels by their slugs.
    `filters` are the dimensions it can filter by (None: any), `under` the page it belongs to.
    A page with keys of its own in the address names them as `own`, and `reads` makes of a request
    the page that they ask for, and the ask. A page of one thing names the filter that says which as
    `needs`: a part of it asked for without would answer for all. `asks` is what the page groups
    cost by where it does not do so as the view says, so that its stamp asks nothing of its own."""

    slug: str
    title: str
    panels: tuple[Panel, ...]
    picks: tuple[str, ...] = ("period", "compare", "basis", "pools", "currency")
    filters: tuple[str, ...] | None = None
    export: str = ""
    allowed: Callable[[User], bool] = everybody
    under: str = ""
    own: tuple[str, ...] = ()
    reads: Callable[[HttpRequest], tuple["Page", Ask]] | None = None
    needs: str = ""
    asks: tuple[str, ...] | None = None

    def scoped(self, ask: Ask) -> Ask:
        """The ask without filters that this page's reports do not know, in the currencies of the
        bill where the page offers no other, and in an order that one of its tables knows."""
        changes: dict = {}
        if self.filters is not None:
            kept = {k: v for k, v in ask.view.filters.items() if k in self.filters}
            changes["filters"] = kept
        if ask.view.in_currency and "currency" not in self.picks:
            changes["in_currency"] = ""
        if ask.view.sort and not self._sorts(ask.view.sort):
            changes["sort"] = ""
        return ask.with_view(**changes) if changes else ask

    def _sorts(self, sort: str) -> bool:
        """Whether a table of the page stands so, and does not anyway."""
        known = [one.sorting for one in self.panels if one.sorting and one.sorting.knows(sort)]
        return any(not one.is_first(sort) for one in known)

    def here(self, params: QueryDict, ask: Ask) -> Ask:
        """The scoped ask with the page's own keys, which every link of the page to itself keeps.
        What was answered already stays so."""
        own = tuple((k, params[k]) for k in self.own if params.get(k))
        ask = self.scoped(ask)
        return replace(ask, view=replace(ask.view, own=own), asks=self._stamped_by())

    def _stamped_by(self) -> tuple[str, ...] | None:
        """What its stamp asks for: where the residual comes later, as little as can be."""
        last = self.panel("residual")
        return () if self.asks is None and last and last.comes_later() else self.asks

    @property
    def template(self) -> str:
        return f"pages/{self.slug}.html"

    def panel(self, slug: str) -> Panel | None:
        return next((panel for panel in self.panels if panel.slug == slug), None)

    def asked(self, request: HttpRequest) -> tuple["Page", Ask]:
        """The page and the ask of a request for it or for a part of it. Raises `BadSpec` for a part
        of a page of one thing that does not say which."""
        page, ask = self.reads(request) if self.reads else (self, ask_of(request))
        ask = page.here(request.GET, ask)
        if page.needs and not any(ask.view.filters.get(page.needs, ())):
            raise BadSpec(f"{page.needs}= is missing: say which {page.needs}")
        return page, ask

    def query(self, params: QueryDict, view: View) -> str:
        """The state of the page: the view's, and the page's own."""
        own = tuple((k, params[k]) for k in self.own if params.get(k))
        return replace(view, own=own).here()


def frame(request: HttpRequest, here: str, query: str = "") -> dict:
    """The context of templates/base.html."""
    return {
        "nav": navigation(request.user, here, query),
        "search_keeps": [pair for pair in parse_qsl(query) if pair[0] in CARRIED_BY_SEARCH],
        "role": role_of(request.user).capitalize(),
    }


def sentence(
    request: HttpRequest, status: int, title: str, text: str, links: Sequence[tuple] = ()
) -> HttpResponse:
    """A page that says one thing: what is wrong, and what to do; `links` are (text, address)."""
    context = frame(request, "") | {"title": title, "text": text, "links": links}
    return render(request, "pages/sentence.html", context, status=status)


def refuse(request: HttpRequest, what: str) -> HttpResponse:
    """Say no, and write down that it was asked."""
    record(request.user, DENIED, what)
    if asker_of(request.user).teams is not None:
        text = "You see the rows of your teams; this stands above teams. An admin can change that."
        return sentence(request, 403, "Not for one team", text)
    text = (
        f"Your role, {role_of(request.user)}, does not see this. "
        "Finance, FinOps and admin do; an admin can change your role."
    )
    return sentence(request, 403, "Not for your role", text)


def for_people(view: Callable) -> Callable:
    """Login first; a question that cannot be answered becomes a page that says why."""

    @login_required
    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            _refuse_odd_text(request)
            return view(request, *args, **kwargs)
        except BadSpec as error:
            return sentence(request, 400, "This address cannot be read", f"{error}.")
        except NoFigure as error:
            return sentence(request, 404, "There is no such figure", f"{str(error).capitalize()}.")
        except NotAllowed:
            return refuse(request, request.path)

    return shown


def _refuse_odd_text(request: HttpRequest) -> None:
    """Raises `BadSpec` for characters that no name in the ledger can have."""
    told = [request.path, *(v for values in request.GET.lists() for v in (values[0], *values[1]))]
    if any("\x00" in text or any("\ud800" <= c <= "\udfff" for c in text) for text in told):
        raise BadSpec("it holds a character that no name has")


def built(page: Page, panel: Panel, ask: Ask) -> dict:
    """The context of one panel; whatever goes wrong is logged and shown inside its own box."""
    figure = ""
    if panel.figure is not None:
        query = ask.view.query(sort="")
        figure = f"{reverse('figure', args=[page.slug, panel.slug])}?{query}"
    ask.as_billed.clear()
    try:
        made = {"template": panel.template, "figure": figure, **panel.build(ask)}
        if panel.sorting is not None:
            made["sorting"] = Heads(panel.sorting, ask.view)
        return _told_apart(made, ask)
    except (BadSpec, NotAllowed) as error:
        return {"template": "parts/failed.html", "reason": str(error)}
    except Exception:
        logger.exception("panel %s of page %s failed", panel.slug, page.slug)
        reason = "The server's log says why; the other boxes of this page are not affected."
        return {"template": "parts/failed.html", "reason": reason}


def _told_apart(made: dict, ask: Ask) -> dict:
    """The panel, with what of it does not stand in the currency that was asked for."""
    if not ask.as_billed:
        return made
    told = {"wanted": ask.view.in_currency, "as_billed": sorted(ask.as_billed)}
    return made | told | {"inner": made["template"], "template": "parts/as_billed.html"}


def later(page: Page, panel: Panel, ask: Ask, query: str) -> dict:
    """The context of a panel that is fetched after the page."""
    address, first = reverse("panel", args=[page.slug, panel.slug]), None
    if panel.first is not None:
        first = built(page, replace(panel, build=panel.first, figure=None), ask)
    return {
        "first": first,
        "template": "parts/later.html",
        "address": f"{address}?{query}" if query else address,
        "whole": "&".join(filter(None, (query, f"{WHOLE}=1"))),
        "name": panel.name,
        "size": panel.size,
    }


def context_of(request: HttpRequest, page: Page, ask: Ask) -> dict:
    """What templates of pages and of panels may read, besides the panels themselves."""
    view = ask.view
    return {
        "page": page,
        "ask": ask,
        "view": view,
        "query": view.query(),
        "here": view.here(),
        "chips": chips(view),
    }


def render_page(request: HttpRequest, page: Page, ask: Ask, **more) -> HttpResponse:
    """The whole page, or 403 with an audit event."""
    if not page.allowed(request.user):
        return refuse(request, page.slug)
    wanted = request.GET.get("in_currency", "")
    ask = page.here(request.GET, ask)
    view = ask.view
    query, state = view.query(sort=""), view.here()
    whole = bool(request.GET.get(WHOLE))
    names = DIMENSIONS if page.filters is None else page.filters
    context = (
        frame(request, page.under or page.slug, query)
        | context_of(request, page, ask)
        | {
            "share": view.frozen_dates().here(),
            "not_in": wanted if wanted != view.in_currency else "",
            "picks": picks(view, page.picks),
            "filter_dimensions": [(name, label(name)) for name in names],
            "exports": exports(page, state),
            "saved": pick(
                ask.user,
                ask.asker,
                request.path,
                page.query(request.GET, everywhere(view)),
                page.slug,
            ),
            "panels": {
                one.slug: built(page, one, ask)
                if whole or not one.comes_later()
                else later(page, one, ask, state)
                for one in page.panels
            },
        }
    )
    return render(request, page.template, context | more)


def page_view(page: Page) -> Callable:
    """The view function of a page without arguments of its own."""

    @for_people
    def view(request: HttpRequest) -> HttpResponse:
        return render_page(request, *page.asked(request))

    return view
