"""What happens to files on their way: each mutation turns good bytes into a file gone wrong."""

from collections.abc import Callable
import gzip
import random
import re

Mutation = Callable[[bytes, random.Random], tuple[bytes, str]]
"""(bytes, chance) -> (bytes, suffix of the file's name)."""

_NUMBER = re.compile(rb"(?<=[,;|\s:])-?\d+(\.\d+)?(?=[,;|\s}\n])")
_WORD = re.compile(rb"[A-Za-z]{4,}")


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def truncated(data: bytes, chance: random.Random):
    return data[: chance.randrange(1, max(2, len(data)))], ""


def cut_gzip(data: bytes, chance: random.Random):
    packed = gzip.compress(data)
    return packed[: chance.randrange(len(packed) // 3, len(packed) - 1)], ".gz"


def bad_gzip(data: bytes, chance: random.Random):
    packed = bytearray(gzip.compress(data))
    packed[chance.randrange(20, len(packed) - 8)] ^= 0xFF
    return bytes(packed), ".gz"


def gzip_bomb(data: bytes, chance: random.Random):
    return gzip.compress(data + b"\n" + b"0" * (40 * 1024 * 1024)), ".gz"


def two_marks(data: bytes, chance: random.Random):
    first, *rest = _lines(data)
    return b"\xef\xbb\xbf" * 2 + first + b"\xef\xbb\xbf" + b"".join(rest), ""


def latin_letters(data: bytes, chance: random.Random):
    return _WORD.sub(lambda m: m[0] + "ü".encode("latin-1"), data, count=8), ""


def utf16(data: bytes, chance: random.Random):
    return data.decode("utf-8", errors="replace").encode("utf-16"), ""


def nul_bytes(data: bytes, chance: random.Random):
    at = chance.randrange(len(data))
    return data[:at] + b"\x00\x00" + data[at:], ""


def noise(data: bytes, chance: random.Random):
    mixed = bytearray(data)
    for _ in range(12):
        mixed[chance.randrange(len(mixed))] = chance.randrange(256)
    return bytes(mixed), ""


def number_to(word: bytes) -> Mutation:
    def changed(data: bytes, chance: random.Random):
        places = [m.span() for m in _NUMBER.finditer(data, len(_lines(data)[0]))]
        if not places:
            return data + word, ""
        start, end = chance.choice(places)
        return data[:start] + word + data[end:], ""

    changed.__name__ = f"number_to_{word.decode()}"
    return changed


def column_renamed(data: bytes, chance: random.Random):
    first, *rest = _lines(data)
    words = list(_WORD.finditer(first))
    if not words:
        return data, ""
    hit = chance.choice(words)
    return first[: hit.start()] + b"Renamed" + first[hit.end() :] + b"".join(rest), ""


def column_lost(data: bytes, chance: random.Random):
    rows = [line.rstrip(b"\r\n").split(b",") for line in _lines(data)]
    at = chance.randrange(len(rows[0]))
    return b"\n".join(b",".join(r[:at] + r[at + 1 :]) for r in rows) + b"\n", ""


def ragged(data: bytes, chance: random.Random):
    lines = _lines(data)
    at = chance.randrange(len(lines))
    lines[at] = lines[at].rstrip(b"\r\n") + b",one,more\n"
    return b"".join(lines), ""


def open_quote(data: bytes, chance: random.Random):
    at = data.find(b",", chance.randrange(len(data)))
    return data[: at + 1] + b'"' + data[at + 1 :], ""


def other_delimiter(data: bytes, chance: random.Random):
    return data.replace(b",", b";"), ""


def no_header(data: bytes, chance: random.Random):
    return b"".join(_lines(data)[1:]) or b"\n", ""


def header_again(data: bytes, chance: random.Random):
    lines = _lines(data)
    return b"".join([*lines, lines[0]]), ""


def empty(data: bytes, chance: random.Random):
    return b"", ""


def web_page(data: bytes, chance: random.Random):
    return b"<!doctype html><title>Sign in</title><p>Your session has ended</p>\n", ""


def endless_word(data: bytes, chance: random.Random):
    at = data.find(b",", len(data) // 2)
    return data[: at + 1] + b"x" * 3_000_000 + data[at + 1 :], ""


def odd_characters(data: bytes, chance: random.Random):
    return _WORD.sub("\u202e\ud7ff💸'); drop".encode(), data, count=chance.randrange(5, 30)), ""


def lying_parquet(data: bytes, chance: random.Random):
    return b"PAR1" + data[:200] + (2**31 - 1).to_bytes(4, "little") + b"PAR1", ".parquet"


MUTATIONS: tuple[Mutation, ...] = (
    truncated,
    cut_gzip,
    bad_gzip,
    gzip_bomb,
    two_marks,
    latin_letters,
    utf16,
    nul_bytes,
    noise,
    number_to(b"NaN"),
    number_to(b"1e400"),
    number_to(b"-1"),
    number_to(b"Infinity"),
    number_to(b"1_000"),
    number_to(b"99999999999999999999999999999999999999999"),
    column_renamed,
    column_lost,
    ragged,
    open_quote,
    other_delimiter,
    no_header,
    header_again,
    empty,
    web_page,
    endless_word,
    odd_characters,
    lying_parquet,
)
