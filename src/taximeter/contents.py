"""Writes figures, tables, texts and models into the files that a run keeps."""

import json
from pathlib import Path
from typing import Any

from taximeter.errors import InputError
from taximeter.record import Model
from taximeter.values import check_text

MODEL_FILE = "model.skops"
EXAMPLE_FILE = "input_example.json"


def write_text(text: Any, file: Path) -> None:
    """Write text as UTF-8, as it is."""
    if not isinstance(text, str):
        raise InputError(f"log_text keeps a string, not {type(text).__name__}.")
    file.write_bytes(check_text(text, "the text").encode())


def figure_ending(figure: Any) -> str:
    """Return the ending of the file that a figure goes to unless its name has one."""
    return ".html" if hasattr(figure, "write_html") else ".png"


def write_figure(figure: Any, file: Path) -> None:
    """Write a Matplotlib figure in the format of the ending, or a Plotly figure as HTML or JSON."""
    try:
        if hasattr(figure, "savefig"):
            figure.savefig(file)
        elif hasattr(figure, "write_html") and file.suffix in {".html", ".json"}:
            figure.write_html(file) if file.suffix == ".html" else figure.write_json(file)
        else:
            raise InputError(
                f"a {type(figure).__name__} cannot be kept as {file.suffix}; give a Matplotlib figure "
                "(.png, .svg, .pdf) or a Plotly figure (.html, .json)."
            )
    except ValueError as error:
        raise InputError(f"the figure cannot be written as {file.suffix}: {error}") from error


def write_table(table: Any, file: Path) -> None:
    """Write a data frame, without its index, as CSV, Parquet or JSON records; floats keep every digit."""
    import pandas as pd  # noqa: PLC0415 - a second to import, and only tables need it

    frame = table if isinstance(table, pd.DataFrame) else _to_frame(table)
    try:
        match file.suffix:
            case ".csv":
                frame.to_csv(file, index=False)
            case ".parquet":
                frame.to_parquet(file, index=False)
            case ".json":
                file.write_text(json.dumps(frame.to_dict(orient="records"), default=str))
            case ending:
                raise InputError(f"a table cannot be kept as {ending}; name it .csv, .parquet or .json.")
    except (TypeError, ValueError) as error:  # those of pyarrow are ValueErrors and TypeErrors too
        raise InputError(f"the table cannot be written as {file.suffix}: {error}") from error


def write_model(model: Any, folder: Path, input_example: Any = None) -> Model:
    """Write a scikit-learn estimator as a skops file, with a few rows of its input where given.

    Raises:
        InputError: skops has no safe way to keep it.
    """
    import skops.io  # noqa: PLC0415 - seconds to import, and only models need it

    try:
        skops.io.dump(model, folder / MODEL_FILE)
    except Exception as error:  # whatever a foreign object's own serialisation raises
        raise InputError(f"a {type(model).__name__} cannot be kept without pickle: {error}") from error
    signature: dict[str, Any] = {"class": f"{type(model).__module__}.{type(model).__qualname__}"}
    if input_example is None:
        return Model("sklearn", signature)
    rows = _rows(input_example)
    (folder / EXAMPLE_FILE).write_text(json.dumps(rows, default=str))
    signature |= {"inputs": _types(rows)} | _outputs(model, input_example)
    return Model("sklearn", signature, EXAMPLE_FILE)


def _to_frame(table: Any) -> Any:
    import pandas as pd  # noqa: PLC0415 - as above

    try:
        return pd.DataFrame(table)
    except (TypeError, ValueError) as error:
        raise InputError(f"log_table keeps a data frame, not {type(table).__name__}: {error}") from error


def _rows(example: Any) -> list[Any]:
    """Return rows of input as lists and mappings of plain values."""
    if hasattr(example, "to_dict"):
        example = example.to_dict(orient="records")
    elif hasattr(example, "toarray"):
        example = example.toarray()
    rows = example.tolist() if hasattr(example, "tolist") else list(example)
    return [dict(row) if hasattr(row, "items") else row for row in rows]


def _outputs(model: Any, example: Any) -> dict[str, Any]:
    """Return the type of what the model predicts, if it predicts anything for the example."""
    try:
        return {"outputs": [model.predict(example).dtype.name]}
    except Exception:  # noqa: BLE001 - whatever a foreign model raises: it says nothing of its outputs then
        return {}


def _types(rows: list[Any]) -> Any:
    """Return the columns' types, by the first row."""
    first = rows[0] if rows else []
    if isinstance(first, dict):
        return {str(name): type(value).__name__ for name, value in first.items()}
    return [type(value).__name__ for value in first] if isinstance(first, list) else [type(first).__name__]
