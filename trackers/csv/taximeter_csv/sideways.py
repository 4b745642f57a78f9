"""Prints one run's row of the table on its side, a line for each cell: a terminal is no spreadsheet."""

import csv
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_sideways(file: Path, run_id: str) -> None:
    """Print the cells of a run that are not empty, each beside the name of its column."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        row = next(row for row in csv.DictReader(stream) if row["run_id"] == run_id)
    table = Table("column", "cell", title=file.name, expand=True)
    for column, cell in row.items():
        if cell:
            table.add_row(Text(column, "bold"), Text(cell, overflow="ellipsis", no_wrap=True))
    Console().print(table)


if __name__ == "__main__":
    print_sideways(Path(sys.argv[1]), sys.argv[2])
