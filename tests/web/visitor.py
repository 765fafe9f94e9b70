"""Somebody at a real browser."""

from pathlib import Path

from playwright.sync_api import TimeoutError

from tests.web.world import PASSWORD

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
# The whole of WCAG 2.2 AA and axe's own good practice; what passes is not written out.
CHECK = """axe.run(document, {
  resultTypes: ["violations"], iframes: false, elementRef: false
}).then((found) => found.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => one.id + ": " + one.nodes.slice(0, 3).map((node) =>
    node.html.slice(0, 160) + " (" + node.failureSummary.split("\\n").slice(1, 2).join("").trim()
    + ")").join(" | ")))"""
# The same by the rules that a theme decides.
COLOURS = CHECK.replace(
    "elementRef: false", """elementRef: false, runOnly: ["color-contrast", "link-in-text-block"]"""
)
# Nothing is being fetched any more: charts are drawn, and no part of the page is on its way.
SETTLED = """() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")
  && [...document.querySelectorAll("[data-figure]")]
    .every((box) => box.dataset.drawn || box.querySelector(".failed"))"""

FITS = "() => document.documentElement.scrollWidth <= window.innerWidth"
WIDEST = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
  .slice(-1).map((one) => one.outerHTML.slice(0, 120)).join()"""
REDRAW_MS = 2000


class Visitor:
    """A page that remembers whatever the browser complained about."""

    def __init__(self, browser, live_server, width: int, theme: str = "light"):
        self.base = live_server.url
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, accept_downloads=True
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message) -> None:
        if message.type in ("error", "warning", "trace"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, address: str) -> None:
        self.page.goto(self.base + address)
        self.page.wait_for_load_state("networkidle")

    def arrive(self, address: str) -> None:
        """Like `go`, without waiting half a second for silence."""
        self.page.goto(self.base + address)
        self.page.wait_for_function(SETTLED)

    def log_in(self, username: str = "finance") -> None:
        self.arrive("/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        with self.page.expect_navigation():
            self.page.click("text=Log in >> nth=-1")
        self.page.wait_for_function(SETTLED)

    def turn(self, theme: str) -> None:
        """As somebody whose system changes between light and dark; charts follow."""
        self.page.emulate_media(color_scheme=theme)

    def resize(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.wait_for_function(SETTLED)

    def sideways(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def overflow(self) -> list[str]:
        """How far the page scrolls sideways, once charts have followed a change of width."""
        try:
            self.page.wait_for_function(FITS, timeout=REDRAW_MS)
        except TimeoutError:
            return [f"{self.sideways()} px sideways by {self.page.evaluate(WIDEST)}"]
        return []

    def barriers(self, colours_alone: bool = False) -> list[str]:
        """What axe finds serious or critical on the page. The script goes in by the debugger,
        whose code no policy of the page forbids, so that the policy stays in force."""
        session = self.page.context.new_cdp_session(self.page)
        try:
            there = session.send("Runtime.evaluate", {"expression": "typeof axe"})
            if there["result"]["value"] == "undefined":
                session.send("Runtime.evaluate", {"expression": AXE})
            check = COLOURS if colours_alone else CHECK
            found = session.send(
                "Runtime.evaluate",
                {"expression": check, "awaitPromise": True, "returnByValue": True},
            )
        finally:
            session.detach()
        if "exceptionDetails" in found:
            raise AssertionError(f"axe failed on {self.page.url}: {found['exceptionDetails']}")
        return found["result"]["value"]
