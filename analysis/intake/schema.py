"""The contract as a pandera schema: a last look at every table before it is written."""

import pandas as pd
import pandera.pandas as pa

from analysis.intake.texts import plain
from analysis.tables import Column, Table

AT_REST = {
    "key": "Int64",
    "number": "Float64",
    "share": "Float64",
    "count": "Int64",
    "flag": "boolean",
    "day": "datetime64[us]",
}


def schema(table: Table) -> pa.DataFrameSchema:
    """What a table at rest must satisfy: types, codes, ranges, patterns, no missing key, each key once.

    >>> from analysis.tables import SITES
    >>> schema(SITES).columns["site_id"].nullable
    False
    """
    return pa.DataFrameSchema(
        {column.name: _column(column) for column in table.columns}, unique=list(table.key), strict=True, name=table.name
    )


def _column(column: Column) -> pa.Column:
    checks = []
    if column.kind == "code":
        checks.append(pa.Check.isin(list(column.codes)))
    if column.pattern:
        checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$"))
    if column.at_least is not None:
        checks.append(pa.Check.ge(column.at_least))
    if column.at_most is not None:
        checks.append(pa.Check.le(column.at_most))
    # A clock's type holds the study's time zone, which the contract does not know.
    kind = None if column.kind == "clock" else AT_REST.get(column.kind, "string")
    return pa.Column(kind, checks, nullable=not column.required)


def at_rest(rows: pd.DataFrame, table: Table, *, time_zone: str, key_type: str = AT_REST["key"]) -> pd.DataFrame:
    """The rows with every column of the contract, in its order and type; a column that the study lacks is all missing.

    Rejected rows hold hashes for keys: their `key_type` is text.
    """
    kinds = {**AT_REST, "clock": f"datetime64[us, {time_zone}]", "key": key_type}
    whole = {
        column.name: (
            plain(rows[column.name]) if column.name in rows else pd.Series(pd.NA, index=rows.index, dtype=object)
        ).astype(kinds.get(column.kind, "string"))
        for column in table.columns
    }
    return pd.DataFrame({name: values.array for name, values in whole.items()}, copy=False)
