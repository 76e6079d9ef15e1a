"""Where the cohort is worked out: DuckDB in process, or Spark with ENGINE=spark; the same expressions on both.

Inside, a day is a whole number (days since 1970-01-01), so that both engines count days alike.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.params import ParamsError
from analysis.tables import TABLES, Column, Table

ENGINES = ("duckdb", "spark")
EPOCH = pd.Timestamp("1970-01-01")
MEMORY = "2500MB"  # of a machine with 8 GB; what does not fit goes to disk
BATCH_ROWS = 500_000
AT_REST = {
    "key": pa.int64(),
    "count": pa.int64(),
    "number": pa.float64(),
    "share": pa.float64(),
    "flag": pa.bool_(),
    "day": pa.timestamp("us"),
}
INSIDE = {
    **dict.fromkeys(("key", "count", "day", "clock"), "int64"),
    "number": "float64",
    "share": "float64",
    "flag": "boolean",
}


def connect(scratch: Path, *, engine: str | None = None, threads: int = 2, memory: str = MEMORY) -> ibis.BaseBackend:
    """The engine named by ENGINE (DuckDB where it is not set), with its scratch files below `scratch`.

    >>> connect(Path("."), engine="dukdb")
    Traceback (most recent call last):
    analysis.params.ParamsError: ENGINE is "dukdb"; allowed are duckdb and spark.
    """
    name = engine or os.environ.get("ENGINE") or "duckdb"
    if name not in ENGINES:
        raise ParamsError(f'ENGINE is "{name}"; allowed are {" and ".join(ENGINES)}.')
    scratch.mkdir(parents=True, exist_ok=True)
    if name == "spark":
        return _spark(scratch, threads)
    connection = ibis.duckdb.connect(
        scratch / "cohort.duckdb",
        threads=threads,
        memory_limit=memory,
        temp_directory=str(scratch / "spill"),
        preserve_insertion_order=False,
    )
    connection.con.execute("SET enable_progress_bar = false")
    return connection


def _spark(scratch: Path, threads: int) -> ibis.BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ParamsError("ENGINE=spark needs pyspark and Java 17: pip install 'mrss-workspace[spark]'.") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # its workers need the packages of this environment
    session = (
        SparkSession.builder.master(f"local[{threads}]")
        .appName("cohort")
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.sql.shuffle.partitions", str(2 * threads))
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "false")
        .getOrCreate()
    )
    return ibis.pyspark.connect(session)


def days_inside(table: ir.Table, contract: Table) -> ir.Table:
    """The table with a whole number in place of every day; columns that are not of the contract are dropped."""
    return table.select({
        column.name: _day_number(table[column.name]) if column.kind == "day" else table[column.name].cast(
            INSIDE.get(column.kind, "string"))
        for column in contract.columns
        if column.name in table.columns and column.kind != "clock"
    })  # fmt: skip


def _day_number(value: ir.Value) -> ir.IntegerValue:
    return value.cast("date").delta(ibis.date("1970-01-01"), unit="day").cast("int64")


def day_number(day: object) -> int:
    """A calendar day as a whole number.

    >>> day_number("1970-01-02")
    1
    """
    return (pd.Timestamp(day) - EPOCH).days


def read_tables(connection: ibis.BaseBackend, folder: Path, names: tuple[str, ...]) -> dict[str, ir.Table]:
    """The tables of data/processed/<study>/ that are there, by name, days as whole numbers."""
    found = {name: folder / f"{name}.parquet" for name in names}
    return {
        name: days_inside(connection.read_parquet(_files(path), table_name=f"raw_{name}"), TABLES[name])
        for name, path in found.items()
        if path.exists()
    }


def _files(path: Path) -> str:
    """One file, or all files of a folder: a table too large for one."""
    return str(path / "*.parquet") if path.is_dir() else str(path)


def from_frame(connection: ibis.BaseBackend, name: str, frame: pd.DataFrame, contract: Table) -> ir.Table:
    """A small pandas table as one of the engine's, days as whole numbers; columns of the contract that it lacks are empty."""
    columns = {column.name: _inside(frame, column) for column in contract.columns if column.kind != "clock"}
    arrow = pa.table({name: pa.array(values, type=kind, from_pandas=True) for name, (values, kind) in columns.items()})
    if connection.name == "duckdb":
        return connection.create_table(name, arrow, overwrite=True)
    # Through a file: on its way through pandas Spark takes a missing text for one.
    folder = Path(connection._session.conf.get("spark.sql.warehouse.dir").removeprefix("file:")) / "given"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(arrow, folder / f"{name}.parquet")
    return connection.read_parquet(folder / f"{name}.parquet", table_name=name)


def _nullable(kind: pa.DataType) -> object:
    return {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.float64(): pd.Float64Dtype()}.get(
        kind, pd.StringDtype()
    )


def _inside(frame: pd.DataFrame, column: Column) -> tuple[pd.Series, pa.DataType]:
    kind = {"int64": pa.int64(), "float64": pa.float64(), "boolean": pa.bool_()}.get(
        INSIDE.get(column.kind), pa.string()
    )
    if column.name not in frame:
        return pd.Series(pd.NA, index=frame.index, dtype=object), kind
    values = frame[column.name]
    if column.kind == "day":
        values = ((pd.to_datetime(values) - EPOCH) / pd.Timedelta(days=1)).astype("Int64")
    return values, kind


def keep(connection: ibis.BaseBackend, name: str, expression: ir.Table) -> ir.Table:
    """The expression worked out once, as a table of the engine under that name."""
    return connection.create_table(name, expression, overwrite=True)


def to_arrow(expression: ir.Table, contract: Table) -> pa.Table:
    """The result in the contract's columns and types at rest, ordered by its key."""
    return pa.Table.from_batches(list(_batches(expression, contract)), schema=_at_rest(contract))


def write(expression: ir.Table, contract: Table, folder: Path) -> Path:
    """Write data/processed/<study>/<table>.parquet batch by batch, ordered by its key: the same rows give the same bytes."""
    path = folder / f"{contract.name}.parquet"
    unfinished = path.with_suffix(".new")
    with pq.ParquetWriter(unfinished, _at_rest(contract)) as writer:
        for batch in _batches(expression, contract):
            writer.write_batch(batch, row_group_size=BATCH_ROWS)
    unfinished.replace(path)
    return path


def _at_rest(contract: Table) -> pa.Schema:
    return pa.schema([(column.name, AT_REST.get(column.kind, pa.string())) for column in contract.columns])


def _batches(expression: ir.Table, contract: Table) -> Iterator[pa.RecordBatch]:
    schema = _at_rest(contract)
    rows = expression.select(contract.names).order_by(list(contract.key))
    for batch in _read(rows):
        columns = [_as_rest(batch[column.name], column) for column in contract.columns]
        yield pa.record_batch(columns, schema=schema)


def _read(rows: ir.Table) -> Iterator[pa.RecordBatch]:
    connection = rows.get_backend()
    if connection.name != "duckdb":
        yield from rows.to_pyarrow().to_batches(BATCH_ROWS)
        return
    # ibis 12 asks DuckDB 2 for batches by a name that it no longer has.
    yield from connection.con.sql(connection.compile(rows)).to_arrow_reader(BATCH_ROWS)


def _as_rest(values: pa.Array, column: Column) -> pa.Array:
    if column.kind == "day":
        return pc.multiply(values.cast(pa.int64()), 86_400_000_000).cast(pa.timestamp("us"))
    return values.cast(AT_REST.get(column.kind, pa.string()))


def to_pandas(expression: ir.Table, contract: Table) -> pd.DataFrame:
    """The result as pandas holds it at rest."""
    return to_arrow(expression, contract).to_pandas(types_mapper=_nullable_at_rest)


def _nullable_at_rest(kind: pa.DataType) -> object | None:
    return None if pa.types.is_timestamp(kind) else _nullable(kind)


def empty(connection: ibis.BaseBackend, name: str) -> ir.Table:
    """The table of that name without a row: for one that the study lacks."""
    contract = TABLES[name]
    return from_frame(connection, f"raw_{name}", pd.DataFrame({each: [] for each in contract.names}), contract)


def complete(
    connection: ibis.BaseBackend, tables: Mapping[str, ir.Table], names: tuple[str, ...]
) -> dict[str, ir.Table]:
    """The tables with an empty one for each name that is lacking."""
    return {name: tables[name] if name in tables else empty(connection, name) for name in names}
