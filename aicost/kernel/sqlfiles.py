"""SQL lives in .sql files beside the code that runs it, one query a file, with named binds."""

from functools import cache
from importlib.resources import files


@cache
def sql(package: str, name: str) -> str:
    """The text of `<package>/<name>.sql`. Raises FileNotFoundError naming both."""
    resource = files(package).joinpath(f"{name}.sql")
    if not resource.is_file():
        raise FileNotFoundError(f"no query {name}.sql in {package}")
    return resource.read_text(encoding="utf-8")
