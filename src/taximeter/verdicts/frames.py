"""Tables in the formats that trackers keep them in."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
from pyarrow import csv, parquet


def frame_in(content: bytes) -> dict[str, list[Any]] | None:
    """Return the columns of a table in JSON, Parquet or CSV, or None where there is no table.

    JSON may be rows, or what pandas and several trackers write: `columns` and `data`, or `rowData`.
    """
    try:
        if content.startswith(b"PAR1"):
            return _columns(parquet.read_table(pa.BufferReader(content)))
        if content.startswith(b"<table"):
            return _from_html(content.decode())
        return _from_json(json.loads(content))
    except (ValueError, ET.ParseError):
        return _from_csv(content)


def _from_json(tree: Any) -> dict[str, list[Any]] | None:
    if isinstance(tree, dict) and {"columns", "data"} <= tree.keys():
        return {name: [row[place] for row in tree["data"]] for place, name in enumerate(tree["columns"])}
    if isinstance(tree, dict) and "rowData" in tree:
        return _from_json(tree["rowData"])
    if isinstance(tree, list) and tree and all(isinstance(row, dict) for row in tree):
        return {name: [row.get(name) for row in tree] for name in tree[0]}
    return None


def _from_html(text: str) -> dict[str, list[Any]]:
    """Return the texts of a table whose first row has the names of its columns."""
    names, *rows = ET.fromstring(text).iter("tr")  # noqa: S314 - it was written a moment ago, by a vendor
    columns = zip(*(["".join(cell.itertext()) for cell in row] for row in rows), strict=True)
    return dict(zip(("".join(name.itertext()) for name in names), map(list, columns), strict=True))


def _from_csv(content: bytes) -> dict[str, list[Any]] | None:
    if b"," not in content.partition(b"\n")[0]:
        return None
    try:
        return _columns(csv.read_csv(pa.BufferReader(content)))
    except pa.ArrowException:
        return None


def _columns(table: pa.Table) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = table.to_pydict()
    return columns
