"""Tables in the formats that trackers keep them in."""

import io
import json
from typing import Any

import pandas as pd


def frame_in(content: bytes) -> dict[str, list[Any]] | None:
    """Return the columns of a table in JSON, Parquet or CSV, or None where there is no table.

    JSON may be rows, columns, or what pandas and several trackers write: `columns` and `data`.
    """
    if content.startswith(b"PAR1"):
        return _columns(pd.read_parquet(io.BytesIO(content)))
    try:
        tree = json.loads(content)
    except ValueError:
        return _csv(content)
    if isinstance(tree, dict) and {"columns", "data"} <= tree.keys():
        return _transposed(tree["columns"], tree["data"])
    if isinstance(tree, list) and tree and all(isinstance(row, dict) for row in tree):
        return {name: [row.get(name) for row in tree] for name in tree[0]}
    return None


def _csv(content: bytes) -> dict[str, list[Any]] | None:
    if b"," not in content.partition(b"\n")[0]:
        return None
    try:
        return _columns(pd.read_csv(io.BytesIO(content), float_precision="round_trip"))
    except (ValueError, UnicodeDecodeError):
        return None


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    frame = frame.astype(object).where(frame.notna(), None)
    return {str(name): frame[name].tolist() for name in frame}


def _transposed(names: list[str], rows: list[list[Any]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
