"""Somebody at a real browser."""

from tests.web.world import PASSWORD


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

    def log_in(self, username: str = "finance") -> None:
        self.go("/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("text=Log in >> nth=-1")
        self.page.wait_for_load_state("networkidle")

    def sideways(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
