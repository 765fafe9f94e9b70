"""Pictures of every page for the README, of whatever ledger there is: `make screenshots`.

Light at 1440 px, some also dark or at 390 px; a PNG of few colours each, at most BYTES_MAX."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
import io
from pathlib import Path
import re
import shutil

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from aicost.accounts.models import ADMIN, User
from aicost.kernel.periods import Period, utc_today
from aicost.runtime.page_examples import addresses
from aicost.runtime.serving import serving, session_of

BYTES_MAX = 150 * 1024
HEIGHT, HEIGHT_MAX = 1000, 2000
COLOURS = (256, 192, 128, 96, 64, 48, 32, 16)
TOKEN_WEIGHT = 50
DARK = ("overview", "explore", "gpus")
NARROW = ("overview", "explore")
# Pages that are not made of panels.
OTHERS = (
    "statements", "close", "finance", "sources", "source_choose", "prices", "rule_suggestions",
    "upload", "why", "people", "audit", "tokens", "files", "views",
)  # fmt: skip


class NoPictures(RuntimeError):
    """There is nothing to take pictures of, or nothing to take them with; the text says what."""


@dataclass(frozen=True)
class Shot:
    """One picture: its file's name, what it shows, and how."""

    name: str
    address: str
    theme: str = "light"
    width: int = 1440


def shots(period: Period) -> Iterator[Shot]:
    found = addresses(period)
    for slug in OTHERS:
        try:
            found[slug] = reverse(slug)
        except NoReverseMatch:
            continue
    for slug, address in found.items():
        yield Shot(slug, address)
        if slug in DARK:
            yield Shot(f"{slug}-dark", address, theme="dark")
        if slug in NARROW:
            yield Shot(f"{slug}-390", address, width=390)


def take(folder: Path, say: Callable[[str], None]) -> None:
    """Writes the pictures and removes those of pages that are gone. Raises `NoPictures`."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NoPictures("chromium is not installed; apt-packages.txt names it")
    admin = User.objects.filter(role=ADMIN, is_active=True).order_by("pk").first()
    if admin is None:
        raise NoPictures("nobody may see every page yet: run `make demo` once, then this again")
    period = Period(utc_today() - timedelta(days=30), utc_today())
    wanted = list(shots(period))
    cookie = session_of(admin)
    folder.mkdir(parents=True, exist_ok=True)
    log = Path(settings.AICOST_HOME) / "logs" / "screenshots.log"
    log.parent.mkdir(exist_ok=True)
    with serving(log) as port:
        for shot, picture in _pictures(wanted, f"http://127.0.0.1:{port}", cookie, chromium):
            data = compressed(picture)
            (folder / f"{shot.name}.png").write_bytes(data)
            say(f"{shot.name}.png {len(data) // 1024} KB")
    for old in folder.glob("*.png"):
        if old.stem not in {shot.name for shot in wanted}:
            old.unlink()


def _pictures(
    wanted: list[Shot], base: str, cookie: str, chromium: str
) -> Iterator[tuple[Shot, bytes]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in wanted:
            size = {"width": shot.width, "height": HEIGHT}
            context = browser.new_context(viewport=size, color_scheme=shot.theme)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": cookie, "url": base}])
            page = context.new_page()
            page.goto(base + shot.address)
            page.wait_for_load_state("networkidle")
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size(size | {"height": max(HEIGHT, min(height, HEIGHT_MAX))})
            page.wait_for_load_state("networkidle")
            yield shot, page.screenshot()
            context.close()
        browser.close()


def _tokens() -> set[tuple[int, ...]]:
    """The colours of static/css/tokens.css, light and dark."""
    text = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()
    return {tuple(bytes.fromhex(one)) for one in re.findall(r"#([0-9a-f]{6})\b", text)}


def compressed(picture: bytes) -> bytes:
    """A PNG of at most BYTES_MAX in its own most frequent colours, as many as fit; those of
    tokens.css weigh more, so that a small mark keeps its colour. Raises `NoPictures` if none do."""
    import numpy as np
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    ours = _tokens()
    counted = sorted(
        image.getcolors(image.width * image.height),
        key=lambda one: one[0] * (TOKEN_WEIGHT if one[1] in ours else 1),
        reverse=True,
    )
    codes = np.asarray(image, dtype=np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    known, places = np.unique(codes, return_inverse=True)
    points = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1)
    for colours in COLOURS:
        chosen = np.array([colour for _, colour in counted[:colours]])
        # Pillow's own lookup is by six bits a channel: white would become a light grey.
        nearest = ((points[:, None] - chosen[None]) ** 2).sum(axis=2).argmin(axis=1)
        flat = Image.fromarray(nearest[places].reshape(codes.shape).astype(np.uint8))
        flat.putpalette(chosen.astype(np.uint8).tobytes())
        out = io.BytesIO()
        flat.save(out, "PNG", optimize=True)
        if out.tell() <= BYTES_MAX:
            return out.getvalue()
    raise NoPictures(f"a picture of {image.size} stays above {BYTES_MAX // 1024} KB")
