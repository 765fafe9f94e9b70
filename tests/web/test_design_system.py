"""docs/design-system.md says what the stylesheets do, and the colours can be told apart by all.

Contrast: WCAG 2.2, relative luminance and contrast ratio. Colour blindness: Machado, Oliveira and
Fernandes 2009, severity 1.0, applied to linear RGB. Difference: ΔE*ab, CIE 1976, from D65.
"""

from itertools import combinations
import math
from pathlib import Path
import re

from django.conf import settings
import pytest

CSS = Path(settings.BASE_DIR) / "static" / "css"
DOC = (Path(settings.BASE_DIR) / "docs" / "design-system.md").read_text(encoding="utf-8")
TOKENS = (CSS / "tokens.css").read_text(encoding="utf-8")
SHEETS = {path.name: path.read_text(encoding="utf-8") for path in CSS.glob("*.css")}
DECLARED = re.compile(r"([a-z-]+)\s*:\s*([^;{}]+)[;}]")
SIZES = {"11px", "12px", "13px", "14px", "16px", "20px", "25px"}
# What stands outside the scale and the grid. These numbers only get smaller.
ODD_SIZES = {
    "narrow.css": 1,
    "print.css": 2,
}
OFF_GRID = {
    "base.css": 6,
    "finance.css": 6,
    "kept.css": 1,
    "narrow.css": 7,
    "parts.css": 23,
    "print.css": 5,
    "rules.css": 5,
}
SPACED = ("padding", "margin", "gap", "top", "left", "right", "bottom")
TEXT = ("ink", "ink-second", "ink-third", "accent", "bad", "warn", "good")
SERIES = tuple(f"series-{n}" for n in range(1, 9))
LINEAR = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)


def tokens(selector: str) -> dict[str, str]:
    at = TOKENS.index(selector)
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", TOKENS[at : TOKENS.index("}", at)]))


THEMES = {"light": tokens(":root {"), "dark": tokens(':root[data-theme="dark"]')}


def linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    return tuple(x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)


def times(matrix, vector) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((times(TO_XYZ, linear(x))[1] for x in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, by: str) -> tuple[float, float, float]:
    """CIE L*a*b* of what somebody with this colour blindness sees."""
    rgb = [min(1.0, max(0.0, x)) for x in times(LINEAR[by], linear(colour))]
    ratios = [x / white for x, white in zip(times(TO_XYZ, rgb), WHITE, strict=True)]
    x, y, z = (r ** (1 / 3) if r > 216 / 24389 else (24389 / 27 * r + 16) / 116 for r in ratios)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_it_lists_every_token_with_its_colours():
    """And the two ways into the dark, the system's and one's own, are the same."""
    assert tokens(':root:not([data-theme="light"])') == THEMES["dark"]
    assert THEMES["light"].keys() == THEMES["dark"].keys()
    for name, light in THEMES["light"].items():
        assert f"| `--{name}` | `{light}` | `{THEMES['dark'][name]}` |" in DOC, name


def test_its_components_exist():
    """Every class the page names is in a stylesheet."""
    named = set(re.findall(r"`\.([a-z][a-z0-9-]*)`", DOC))
    styled = {name for text in SHEETS.values() for name in re.findall(r"\.([a-z][\w-]*)", text)}
    assert len(named) > 20
    assert named - styled == set()


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_marks_stand_out(theme):
    colours = THEMES[theme]
    for name in TEXT:
        for ground in ("page", "nav", "sunk", "accent-ground"):
            if (name, ground) != ("ink-third", "accent-ground"):  # parts.css makes it ink-second
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    for name in (*SERIES, "shared", "idle", "empty-idle"):
        assert contrast(colours[name], colours["page"]) >= 3, name


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("by", LINEAR)
def test_series_are_told_apart(theme, by):
    colours = THEMES[theme]
    for one, other in combinations((*SERIES, "shared", "idle"), 2):
        apart = math.dist(seen(colours[one], by), seen(colours[other], by))
        assert apart >= 12, (one, other)


def test_no_colour_is_written_outside_the_tokens():
    """In stylesheets, scripts and charts; wholly transparent is no colour."""
    base = Path(settings.BASE_DIR)
    files = [*CSS.glob("*.css"), *(base / "static/js").glob("*.js")]
    files += [*(base / "aicost/web").rglob("*.py")]
    colour = re.compile(
        r"#[0-9a-f]{6}\b|(?<=[:\s])#[0-9a-f]{3}(?=[;\s])|\b(?:rgb|hsl|oklch|color)a?\((?!0,0,0,0\))"
        r"|(?:color|background|fill|stroke|border[a-z-]*):[^;]*\b(?:black|white|red|gr[ae]y|blue)\b"
    )
    found = {
        path.name: colour.findall(path.read_text(encoding="utf-8"))
        for path in files
        if path.name != "tokens.css"
    }
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_type_sizes_are_of_the_scale():
    odd = {}
    for name, text in SHEETS.items():
        for key, value in DECLARED.findall(text):
            size = re.search(r"\d+(?:\.\d+)?px", value) if key in ("font", "font-size") else None
            if size and size[0] not in SIZES:
                odd[name] = odd.get(name, 0) + 1
    assert odd == ODD_SIZES


def test_spacing_is_on_the_grid():
    """Multiples of four; hairs of one and two pixels are rules, not spaces."""
    off = {}
    for name, text in SHEETS.items():
        for key, value in DECLARED.findall(text):
            if key.startswith(SPACED):
                sizes = [float(size) for size in re.findall(r"(\d+(?:\.\d+)?)px", value)]
                count = sum(size > 2 and size % 4 != 0 for size in sizes)
                off[name] = off.get(name, 0) + count
    assert {name: count for name, count in off.items() if count} == OFF_GRID
