"""A mail as it is seen: 600 and 320 px wide, light and dark, whatever names are in it."""

from decimal import Decimal

import pytest

from aicost.notify.message import DIGEST, Fact, Item, Message, Section
from aicost.notify.render import HTML_BYTES_MAX, Bars, rendered
from tests.web.visitor import AXE, CHECK

LONG = "a-name-without-any-place-to-break-it-" * 4
EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)> & "quoted"'
WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


def told(lines: int = 6) -> Message:
    items = (
        Item(
            f"{LONG}: 11% fewer GPU hours of training −$1,076", "−$1,000.67", "https://x.example/"
        ),
        *(Item(f"{EVIL} {n}", "+$1,186.54") for n in range(lines)),
    )
    facts = (
        Fact("Spend", "$46,324.12", "−$23.11, 0.0% on 9–15 Nov", "https://x.example/a?b=1&c=2"),
        Fact(LONG, "$1,234,567,890.12", EVIL),
    )
    sections = (Section("What moved", items, "all of it"), Section(LONG, items))
    message = Message(DIGEST, f"AI spend {EVIL}", "A lead.", facts, sections, (LONG, EVIL),
                      "You get this because.", "https://x.example/")  # fmt: skip
    days = [(f"{n} Nov", None if n == 3 else Decimal(n * 100)) for n in range(1, 31)]
    return rendered(
        message, Bars("Cost of each day", days, "USD"), unsubscribe="https://x.example/"
    )


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_and_can_be_used_by_all(browser, theme):
    said: list[str] = []
    page = browser.new_context(color_scheme=theme).new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    for width in (600, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.set_content(told().html)
        assert page.evaluate(WIDE) <= 0, width
        page.evaluate(AXE)
        assert page.evaluate(CHECK) == [], width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if theme == "light" else "rgb(20, 21, 24)")
    assert said == []


def test_names_are_written_out_and_a_long_mail_is_below_what_programs_cut(settings):
    message = told(40)
    assert "<script>alert" not in message.html and "<img" not in message.html
    assert "&lt;script&gt;" in message.html
    assert EVIL in message.text
    assert len(message.html.encode()) <= HTML_BYTES_MAX
