"""A message as mail: text, and HTML that holds without pictures, scripts and style sheets.

Colours are those of static/css/tokens.css: mail programs know no variables, so they are filled in
here, light ones inline and dark ones in the one style block that stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
import re

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from aicost.notify.message import Message
from aicost.web import numbers

BAR_PIXELS, LABELS_MAX = 72, 8
HTML_BYTES_MAX = 80 * 1024  # a mail program cuts longer ones off
CUT = "The list is longer; all of it is in the text of this message."
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)
_TOKEN = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6})")


@dataclass(frozen=True)
class Bars:
    """A strip of bars: (label, cost) in order; None is a day of which nothing is known."""

    title: str
    costs: Sequence[tuple[str, Decimal | None]]
    currency: str


@cache
def colours(theme: str) -> dict[str, str]:
    """token -> colour of `light` or `dark`, with _ for - as templates have it."""
    css = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    begins = ":root {" if theme == "light" else ':root[data-theme="dark"] {'
    block = css[css.index(begins) :]
    found = _TOKEN.findall(block[: block.index("}")])
    return {name.replace("-", "_"): value for name, value in found}


def rendered(message: Message, bars: Bars | None = None, *, unsubscribe: str = "") -> Message:
    """The message with its mail in it."""
    context = {
        "m": message,
        "bars": _bars(bars) if bars else None,
        "unsubscribe": unsubscribe,
        "settings_url": f"{settings.AICOST_URL}/reports/" if message.url else "",
        "light": colours("light"),
        "dark": colours("dark"),
    }
    text = render_to_string("mail/message.txt", context)
    return replace(message, text=_tidy(text), html=_fitted(message, context))


def _fitted(message: Message, context: dict) -> str:
    """The HTML; of one that mail programs would cut off, the last lists end earlier, and say so."""
    html = _html(context)
    while len(html.encode()) > HTML_BYTES_MAX and any(x.items for x in message.sections):
        longest = max(message.sections, key=lambda one: len(one.items))
        kept = replace(longest, items=longest.items[: len(longest.items) // 2], note=CUT)
        sections = tuple(kept if one is longest else one for one in message.sections)
        message = replace(message, sections=sections)
        html = _html(context | {"m": message})
    return html


def _html(context: dict) -> str:
    html = INLINER.inline(render_to_string("mail/message.html", context))
    return re.sub(r">\s*\n\s*<", ">\n<", html)


def _bars(bars: Bars) -> dict:
    top = max((cost for _, cost in bars.costs if cost is not None), default=Decimal(0))
    shown = [
        {
            "name": label,
            "cost": cost,
            "pixels": int(max(cost, 0) / top * BAR_PIXELS) if cost is not None and top > 0 else 0,
        }
        for label, cost in bars.costs
    ]
    highest = next((one["name"] for one in shown if one["cost"] == top and top > 0), "")
    gaps = sum(1 for one in shown if one["cost"] is None)
    note = f"highest {numbers.money(top, bars.currency)} on {highest}" if highest else ""
    if gaps:
        note += f"{'; ' if note else ''}{numbers.plural(gaps, 'day')} without a bill"
    return {"title": bars.title, "shown": shown, "note": note, "currency": bars.currency,
            "height": BAR_PIXELS, "few": len(shown) <= LABELS_MAX,
            "left": len(shown) // 2, "right": len(shown) - len(shown) // 2}  # fmt: skip


def _tidy(text: str) -> str:
    """At most one empty line in a row, and spaces that any program knows."""
    return re.sub(r"\n{3,}", "\n\n", text).replace("\xa0", " ").strip() + "\n"
