"""Text in cells of a CSV that people open in a spreadsheet: none of it may become a formula."""

# A spreadsheet runs a cell that begins so.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def quoted(text: str) -> str:
    """With a quote before what a spreadsheet would run."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unquoted(text: str) -> str:
    """Without the quote that stands before what a spreadsheet would run."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text
