"""{% nothing "gpu" "GPU time" %}: why there are no rows, and what to do (aicost.web.nothing)."""

from django import template

from aicost.web.nothing import why

register = template.Library()


@register.inclusion_tag("parts/nothing.html", takes_context=True)
def nothing(context, report: str = "cost", what: str = "cost") -> dict:
    """Needs the page's `ask`, which every page and panel has in its context. A filter that the
    path of the address names is what the page is about."""
    ask = context["ask"]
    match = context["request"].resolver_match
    named = set(match.kwargs.values()) if match else set()
    fixed = frozenset(n for n, values in ask.view.filters.items() if named & set(values))
    return {"nothing": why(ask, report, what, fixed)}
