"""Standard layouts (params/sources/<name>.yml): a mapping that ships, which a study's own keys are laid over."""

from pathlib import Path

from pydantic import ValidationInfo, field_validator

from analysis.params import ParamsError, Record, Words, did_you_mean, read_record
from analysis.tables import SENT


class Layout(Record):
    """params/sources/<name>.yml: for which table it is, where it is from, and what a table of source.yml may say.

    `mapping` is checked where it is used, with the study's own keys laid over it.
    """

    table: str
    about: Words
    mapping: dict

    @field_validator("table")
    @classmethod
    def _of_the_contract(cls, name: str, info: ValidationInfo) -> str:
        if name not in SENT:
            raise ValueError(f"is not a table of the contract{did_you_mean(name, list(SENT))}")
        return name


def with_layouts(content: dict, *, root: Path, where: str) -> dict:
    """A source.yml's content in which every `layout: name` has become that layout's keys, the study's own over them."""
    tables = content.get("tables")
    if not isinstance(tables, dict):
        return content
    whole = {}
    for name, table in tables.items():
        if isinstance(table, dict) and isinstance(table.get("parts"), list):
            parts = [
                _laid_over(part, name, root=root, where=f"{where}: tables.{name}.parts.{number}")
                for number, part in enumerate(table["parts"], start=1)
            ]
            whole[name] = {**table, "parts": parts}
        else:
            whole[name] = _laid_over(table, name, root=root, where=f"{where}: tables.{name}")
    return {**content, "tables": whole}


def _laid_over(table: object, name: str, *, root: Path, where: str) -> object:
    """One table's keys over its layout's: a column of the study takes the place of the layout's, an empty one takes it out."""
    if not isinstance(table, dict) or not isinstance(table.get("layout"), str):
        return table
    folder = root / "params" / "sources"
    known = sorted(path.stem for path in folder.glob("*.yml"))
    if table["layout"] not in known:
        raise ParamsError(
            f'{where}.layout: "{table["layout"]}" is not a layout of params/sources/{did_you_mean(table["layout"], known)}. '
            f"Layouts: {', '.join(known) or 'none'}."
        )
    layout = read_record(folder / f"{table['layout']}.yml", Layout)
    if layout.table != name:
        raise ParamsError(f'{where}.layout: "{table["layout"]}" is for the table {layout.table}. Use it there.')
    whole = {**layout.mapping, **table}
    for part in ("columns", "join"):
        base, own = layout.mapping.get(part), table.get(part)
        if isinstance(base, dict) and (own is None or isinstance(own, dict)):
            whole[part] = {key: value for key, value in {**base, **(own or {})}.items() if value is not None}
    return whole
