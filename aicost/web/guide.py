"""The documentation of a source, shown beside the form that asks for it."""

from functools import cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# Raw HTML in the text is shown as text, so what comes out is only what the renderer makes.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
# Links lead to other files of the documentation, which are no pages here: their words stay.
_MARKDOWN.add_render_rule("link_open", lambda *args: "")
_MARKDOWN.add_render_rule("link_close", lambda *args: "")


@cache
def guide(connector_name: str) -> SafeString:
    """docs/sources/<connector>.md as HTML without its links; '' where there is none."""
    path = settings.BASE_DIR / "docs" / "sources" / f"{connector_name}.md"
    if not path.is_file():
        return SafeString("")
    return mark_safe(_MARKDOWN.render(path.read_text(encoding="utf-8")))
