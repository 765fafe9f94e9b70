"""`manage.py aggregate`, and the same on a cluster without Django's settings or a database:
spark-submit … ingest/engines/command.py FILES --reader aws_cur --engine spark --out FOLDER"""

import argparse
from collections.abc import Mapping
import sys

from ingest.engines.summed import Summed
from ingest.sources import SOURCES
from ingest.sources.base import BillReader, Unreadable

READERS = {reader.name: reader for reader in SOURCES if isinstance(reader, BillReader)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders of one bill")
    parser.add_argument("--reader", required=True, choices=sorted(READERS))
    parser.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb")
    parser.add_argument("--master", default="", help="Spark's, local[2] for instance")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="a folder not there yet")


def run(options: Mapping[str, object]) -> Summed:
    """Sum the bill by the engine that is asked for. Raises `Unreadable`."""
    reader, paths, out = READERS[options["reader"]], options["paths"], options["out"]
    if options["engine"] == "duckdb":
        from ingest.engines import duck  # needs Django's settings

        return duck.aggregate(reader, paths, out)
    try:
        from ingest.engines import spark
    except ModuleNotFoundError as error:
        if error.name != "pyspark":
            raise
        cure = "pip install -r requirements-spark.txt, and Java 17"
        raise Unreadable("PySpark is not installed", cure=cure) from error
    with spark.session(options["master"]) as running:
        return spark.aggregate(running, reader, paths, out)


def told(summed: Summed, out: str) -> str:
    return (
        f"{summed.rows} rows of {len(summed.files)} files are {summed.series_days} series and days"
        f" in {out}. Load them: manage.py ingest {out} --source NAME"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    options = vars(parser.parse_args())
    try:
        print(told(run(options), options["out"]))
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
