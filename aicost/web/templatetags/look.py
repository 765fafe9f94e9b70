"""The figures of aicost.web.numbers as template filters; templates never format by themselves."""

from datetime import datetime
from decimal import Decimal
import re

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from aicost.kernel.money import plain as exact
from aicost.web import numbers
from aicost.web.zone import zone_words

register = template.Library()
# A signed amount within a sentence: browsers break a line after its minus.
_SIGNED = re.compile(r"[+−][^\s\d]{0,4}[\d.,]*\d[A-Za-z%]?")


@register.filter
def money(amount, currency=""):
    return numbers.money(amount, currency)


@register.filter
def big_money(amount, currency=""):
    """The key figure: cents smaller."""
    whole, dot, cents = numbers.money(amount, currency).rpartition(".")
    return format_html("{}<small>.{}</small>", whole, cents) if dot else cents


@register.filter
def change(amount, currency=""):
    return numbers.change(amount, currency)


@register.filter
def points(difference):
    """Percentage points, sign shown, one decimal like the percentages beside them."""
    return numbers.change(difference, "", 1)


@register.filter
def change_rounded(amount, currency=""):
    return numbers.change(amount, currency, 0)


@register.filter
def money_rounded(amount, currency=""):
    return numbers.money(amount, currency, 0)


@register.filter
def unit_money(amount, currency=""):
    return numbers.unit_money(amount, currency)


@register.filter
def plain(amount):
    """As a form writes a number: no sign of its own, nothing for zero."""
    return (exact(amount) or "") if amount else ""


@register.filter
def count(number):
    return numbers.count(number)


@register.filter
def short_count(number):
    return numbers.short_count(number)


@register.filter
def share(part, whole):
    return numbers.percent(part, whole)


@register.filter
def percent_of(value):
    return numbers.percent_of(value)


@register.filter
def growth(now, before):
    return numbers.change_percent(now, before)


@register.filter
def arrow(difference):
    return numbers.arrow(difference)


@register.filter
def sign(currency):
    return numbers.sign_of(currency).strip()


@register.filter
def day(when):
    return numbers.day(when)


@register.filter
def moment(when):
    return numbers.moment(when)


@register.filter
def moment_zone(when):
    return numbers.moment_zone(when)


@register.filter
def written_moment(text):
    """A moment that is kept as text, 2026-11-22T06:10:00Z."""
    return numbers.moment(datetime.fromisoformat(text))


@register.simple_tag
def zone():
    """What the timestamps of a column are written in."""
    return zone_words()


@register.filter
def words(name):
    """unused_commitment -> unused commitment"""
    return str(name).replace("_", " ")


@register.filter
def unbroken(sentence):
    """A sentence whose signed amounts stay on one line."""
    text = conditional_escape(sentence)
    return mark_safe(_SIGNED.sub(r'<span class="nowrap">\g<0></span>', text))


@register.filter
def is_loss(amount) -> bool:
    return isinstance(amount, Decimal) and amount < 0


@register.filter
def at(mapping, key):
    """The value under a key that a template has in a variable."""
    return mapping.get(key, "")


@register.simple_block_tag(takes_context=True)
def head(context, content, name="", css=""):
    """{% head "cost" "num wide" %}Cost, ${% endhead %}: the head of a column, a link where the
    panel's table can be sorted by it."""
    panel = context.get("p")
    heads = panel.get("sorting") if isinstance(panel, dict) else None
    one = heads.of(name) if heads is not None and name else None
    told = format_html(' class="{}"', css) if css else ""
    if one is None:
        return format_html('<th scope="col"{}>{}</th>', told, content)
    anchor = format_html(' id="{}"', one.anchor) if one.anchor else ""
    order = format_html(' aria-sort="{}"', one.order) if one.order else ""
    arrow = format_html(' <span aria-hidden="true">{}</span>', one.arrow) if one.order else ""
    return format_html(
        '<th scope="col"{}{}{}><a class="sort" href="{}">{}{}</a></th>',
        *(told, anchor, order, one.href, content, arrow),
    )


@register.simple_tag(takes_context=True)
def person(context) -> str:
    user = context["request"].user
    return user.get_full_name() or user.get_username()
