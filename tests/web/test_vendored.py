"""The vendored scripts are what VENDORED.md says, and Plotly is the one plotly.py names."""

import hashlib
from pathlib import Path
import re

from django.conf import settings
from plotly.offline import get_plotlyjs_version

VENDOR = Path(settings.BASE_DIR) / "static" / "vendor"
ROW = re.compile(r"\| (\S+\.js) \| (\S+) \| (\S+) \| \S+ \| ([0-9a-f]{64}) \|")


def test_it_ships_the_scripts_it_lists():
    rows = ROW.findall((VENDOR / "VENDORED.md").read_text(encoding="utf-8"))
    assert {name for name, *_ in rows} == {path.name for path in VENDOR.glob("*.js")}
    for name, _, version, checksum in rows:
        content = (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum
        if name.startswith("plotly"):
            assert version == get_plotlyjs_version()
