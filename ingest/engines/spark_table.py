"""Bill files as one view of Spark: the thin input adapter before a reader's expression, to the
same text as `ingest.bill_table` makes for DuckDB. No Django."""

from collections.abc import Iterable, Sequence
import csv
from pathlib import PurePosixPath

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as st
from pyspark.sql.functions import expr

from ingest.bill_table import COLUMNS_MAX, unique_names
from ingest.engines.spark_sql import compared, literal, name, shortest
from ingest.fetch.landing import may_hold_data
from ingest.sources.base import BillReader, Unreadable

FILE = "file\x1f"
VIEW = "bill"
PARQUET = ("PAR1",)  # what stands for the header of a Parquet file
_HEAD_LINES = 20
_NULLS = "'', 'NULL', 'null', '(null)'"
_WHOLE = (st.ByteType, st.ShortType, st.IntegerType, st.LongType)


def bill_files(spark: SparkSession, paths: Iterable[str]) -> list[str]:
    """All data files at the paths: folders and files, of any storage that Spark reads."""
    found: list[str] = []
    for path in paths:
        place = spark._jvm.org.apache.hadoop.fs.Path(str(path))
        system = place.getFileSystem(spark._jsc.hadoopConfiguration())
        if not system.exists(place):
            raise Unreadable("no such file", str(path), "Check the path")
        root = system.makeQualified(place).toUri().getPath()
        listing = system.listFiles(place, True)
        while listing.hasNext():
            status = listing.next()
            full = status.getPath().toUri().getPath()
            below = PurePosixPath(full.removeprefix(root).strip("/"))
            if full == root or may_hold_data(below, status.getLen()):
                found.append(status.getPath().toString())
    if not found:
        raise Unreadable("nothing to read", ", ".join(map(str, paths)), "Check the path")
    return sorted(dict.fromkeys(found))


def open_bill(spark: SparkSession, files: Sequence[str], reader: BillReader) -> ir.Table:
    """The view `bill`: the rows of all files with the name of their file, columns by name; a column
    that a file lacks is NULL in its rows. Raises `Unreadable`."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        kinds.setdefault(_header(spark, file), []).append(file)
    parts = []
    for header, alike in kinds.items():
        if header == PARQUET:
            parts += [_parquet(spark, file) for file in alike]  # each has a schema of its own
        else:
            parts.append(_csv(spark, alike, header))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionByName(part, allowMissingColumns=True)
    if any(isinstance(field.dataType, st.NullType) for field in whole.schema):
        whole = whole.select(*(f"cast({name(c)} as string) as {name(c)}" for c in whole.columns))
    shape = {field.name: _ibis_type(field.dataType) for field in whole.schema}
    told = compared(ibis.table(shape, name=VIEW), reader)
    whole.selectExpr(
        *(f"{told.get(c, name(c))} as {name(c)}" for c in shape)
    ).createOrReplaceTempView(VIEW)
    return ibis.table(shape, name=VIEW)


def _header(spark: SparkSession, file: str) -> tuple[str, ...]:
    """The column names of a CSV file, unique; `PARQUET` for Parquet."""
    try:
        lines = [row.value for row in spark.read.text(file).head(_HEAD_LINES)]
    except PySparkException as error:
        raise _broken(error, file) from error
    text = next((line for line in lines if line.strip("\ufeff \t,\r")), "").replace("\ufeff", "")
    if text.startswith("PAR1"):
        return PARQUET
    here = f"{file}, line 1"
    if "\ufffd" in text or "\x00" in text:
        cure = "Convert it, or sum it with --engine duckdb, which reads other alphabets"
        raise Unreadable("the text is not UTF-8", here, cure)
    if text[:1] in ("{", "["):
        raise Unreadable("JSON is no table", here, "Export Parquet, or use --engine duckdb")
    fields = next(csv.reader([text]), [])
    if len(fields) > COLUMNS_MAX:
        cure = f"A bill has at most {COLUMNS_MAX} columns"
        raise Unreadable(f"the header has {len(fields)} columns", here, cure)
    return tuple(unique_names(field.strip() for field in fields))


def _csv(spark: SparkSession, files: Sequence[str], header: Sequence[str]) -> DataFrame:
    """All text, detection off; a row with more or fewer fields than the header fails the job."""
    columns = st.StructType([st.StructField(column, st.StringType()) for column in header])
    read = spark.read.csv(
        list(files), columns, header=True, multiLine=True, mode="FAILFAST", quote='"', escape='"',
        nullValue="", emptyValue="", inferSchema=False, enforceSchema=True, encoding="UTF-8",
        unescapedQuoteHandling="RAISE_ERROR", maxColumns=COLUMNS_MAX,
    )  # fmt: skip
    # Where files were joined, the mark of the second stands before its first field.
    first = f"replace({name(header[0])}, '\ufeff', '')"
    read = read.withColumn(header[0], expr(first))
    told = (
        f"case when {one} in ({_NULLS}) then null else {one} end as {one}"
        for one in map(name, header)
    )
    return read.selectExpr(*told, _file_sql())


def _parquet(spark: SparkSession, file: str) -> DataFrame:
    try:
        read = spark.read.option("recursiveFileLookup", "true").parquet(file)
    except PySparkException as error:
        raise _broken(error, file) from error
    told: list[str] = []
    for field in read.schema:
        told.append(f"{_column(name(field.name), field.dataType)} as {name(field.name)}")
        told += _inner((field.name,), field.dataType)
    return read.selectExpr(*told, _file_sql())


def _file_sql() -> str:
    return f"_metadata.file_path as {name(FILE)}"


def _inner(path: tuple[str, ...], kind: st.DataType) -> list[str]:
    """Each field within a struct as a column of its own beside it: a.b as "a.b"."""
    if not isinstance(kind, st.StructType):
        return []
    found: list[str] = []
    for field in kind:
        names = (*path, field.name)
        quoted = ".".join(map(name, names))
        found.append(f"{_column(quoted, field.dataType)} as {name('.'.join(names))}")
        found += _inner(names, field.dataType)
    return found


def _column(sql: str, kind: st.DataType) -> str:
    """SQL of a column as the expression takes it."""
    if isinstance(kind, (st.StructType, st.MapType, st.ArrayType)):
        text = f"to_json({_told_in_text(sql, kind)}, map('ignoreNullFields', 'false'))"
        return f"case when {sql} is null then null else {text} end"
    if isinstance(kind, (st.DoubleType, st.FloatType)):
        return shortest(sql, kind.typeName())
    if isinstance(kind, st.TimestampNTZType):
        return f"cast({sql} as timestamp)"
    if isinstance(kind, (*_WHOLE, st.DecimalType, st.DateType, st.TimestampType, st.StringType)):
        return sql
    return f"cast({sql} as string)"


def _told_in_text(sql: str, kind: st.DataType) -> str:
    """A nested value whose doubles are text, since Spark's JSON would write them in its own way."""
    if isinstance(kind, (st.DoubleType, st.FloatType)):
        return shortest(sql, kind.typeName())
    if isinstance(kind, st.ArrayType):
        return f"transform({sql}, one -> {_told_in_text('one', kind.elementType)})"
    if isinstance(kind, st.MapType):
        return f"transform_values({sql}, (k, v) -> {_told_in_text('v', kind.valueType)})"
    if isinstance(kind, st.StructType):
        parts = (
            f"{literal(f.name)}, {_told_in_text(f'{sql}.{name(f.name)}', f.dataType)}" for f in kind
        )
        return f"named_struct({', '.join(parts)})"
    return sql


def _ibis_type(kind: st.DataType) -> dt.DataType:
    if isinstance(kind, st.DecimalType):
        return dt.Decimal(kind.precision, kind.scale)
    if isinstance(kind, _WHOLE):
        return dt.int64
    if isinstance(kind, st.DateType):
        return dt.date
    if isinstance(kind, st.TimestampType):
        return dt.timestamp
    return dt.string


def _broken(error: PySparkException, file: str) -> Unreadable:
    cure = "Fetch the file again"
    return Unreadable(f"cannot be read ({str(error).splitlines()[0][:300]})", file, cure)
