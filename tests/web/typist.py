"""Somebody at a real browser without a mouse."""

from tests.web.visitor import Visitor

TABS_MAX = 80
# What cannot be hit with a finger, or has no name for whoever does not see it.
UNFIT = """() => [...document.querySelectorAll('main :is(button, input, select, textarea)')]
  .filter((one) => one.type !== 'hidden' && one.tabIndex >= 0 && one.offsetParent)
  .filter((one) => {
    const label = one.closest('label');
    const named = label || one.getAttribute('aria-label') || one.innerText.trim();
    const box = (one.type === 'checkbox' && label ? label : one).getBoundingClientRect();
    return !named || box.height < 24 || box.width < 24;
  }).map((one) => one.outerHTML.slice(0, 120))"""


class Typist(Visitor):
    """Somebody without a mouse."""

    def reach(self, selector: str, back: bool = False) -> None:
        """Tab until the element has the focus."""
        for _ in range(TABS_MAX):
            if self.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"no way to {selector} by keyboard on {self.page.url}")

    def type(self, selector: str, text: str) -> None:
        self.reach(selector)
        self.page.keyboard.type(text)

    def press(self, selector: str, then: str, back: bool = False) -> None:
        """Enter on an element, and wait for what it brings."""
        self.reach(selector, back)
        self.enter(then)

    def enter(self, then: str) -> None:
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(then)
        self.page.wait_for_load_state("networkidle")

    def focused(self) -> str:
        return self.page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.id"
        )

    def fits(self) -> None:
        assert self.page.evaluate(UNFIT) == []
        assert self.sideways() <= 0
