"""Addresses of the pages that show what a tool answered."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse

from aicost.kernel.periods import Period
from aicost.web.filters import GROUPS_MAX, STEPS, View, is_dimension
from aicost.web.spans import CUSTOM
from attribution.reports.spec import Spec


def view_of(spec: Spec, against: Period | None = None) -> View:
    """The question as pages have it: at most two groups, and dimensions that they know."""
    groups = tuple(name for name in spec.group_by if is_dimension(name))[:GROUPS_MAX]
    return View(
        period=spec.period,
        compare=CUSTOM if against else "none",
        base=against,
        group_by=groups or ("feature",),
        filters={name: tuple(v) for name, v in spec.filters.items() if is_dimension(name)},
        step=spec.granularity if spec.granularity in STEPS else "",
        basis=spec.basis,
        idle=spec.idle,
        shared=spec.shared,
        in_currency=spec.in_currency,
        long=spec.long,
    )


def page(name: str, spec: Spec, against: Period | None = None, args: tuple = ()) -> str:
    """The path of a page with the question's view."""
    return f"{reverse(name, args=args)}?{view_of(spec, against).query()}"


def why(pairs: Mapping[str, object], spec: Spec) -> str:
    """The page that says why a figure is what it is."""
    told = [(k, one) for k, v in pairs.items() for one in (v if isinstance(v, list) else [v]) if v]
    return f"{reverse('why')}?{'&'.join(filter(None, (view_of(spec).query(), urlencode(told))))}"
