"""Tables in the form of MLflow's ``log_table``, which its UI shows and ``load_table`` reads."""

from json import dumps
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from taximeter.tracker import RECORD_FOLDER

LONGEST = 10_000
_PARQUET = "application/vnd.apache.parquet"


def table_path(path: str) -> str:
    """Return where the table goes that a file among the artifacts holds."""
    return f"{RECORD_FOLDER}/tables/{path}.json"


def table_of(file: Path, media_type: str) -> str | None:
    """Return the first `LONGEST` rows of a CSV or Parquet file as MLflow's table, or None if it holds no table."""
    try:
        frame = (
            _read_parquet(file) if media_type == _PARQUET else pd.read_csv(file, nrows=LONGEST, low_memory=False)
        )
        return frame.to_json(orient="split", index=False, date_format="iso", double_precision=15)
    except Exception:  # noqa: BLE001 - a file may have any content, whatever its name, and is kept as an artifact too
        return None


def table_tag(paths: list[str], longest: int) -> str:
    """Return the text of the tag that lists a run's tables, as many of them as a tag has room for."""
    listed = [{"path": path, "type": "table"} for path in paths]
    while len(text := dumps(listed)) > longest:
        del listed[-1]
    return text


def _read_parquet(file: Path) -> pd.DataFrame:
    with pq.ParquetFile(file) as parquet:
        batch = next(parquet.iter_batches(LONGEST), None)
        rows = parquet.schema_arrow.empty_table() if batch is None else batch
        frame: pd.DataFrame = rows.to_pandas(ignore_metadata=True)  # which may name types of PyArrow's
    return frame
