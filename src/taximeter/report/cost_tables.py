"""What logging costs, as it was measured on each way, in tables."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from taximeter.measure.kind import Measurement
from taximeter.measure.workloads import WORKLOADS
from taximeter.report.costs import first_point, scalar_found, workload_found
from taximeter.report.samples import ADAPTER, WAYS, Found, estimates, found_in, medians
from taximeter.report.tables import Cell, Table, text
from taximeter.report.text import capital, counted


class _Column(NamedTuple):
    title: str
    unit: str
    value: Callable[[Any], float]


_CALL: Final = (
    _Column("a call, p50, µs", "µs", lambda sample: sample.p50),
    _Column("p99, µs", "µs", lambda sample: sample.p99),
    _Column("longest, µs", "µs", lambda sample: sample.longest),
    _Column("a call until it is stored, µs", "µs", lambda sample: 1e6 * sample.complete / sample.calls),
    _Column("bytes a call", "bytes", lambda sample: sample.size / sample.calls),
    _Column("until the first point, s", "s", first_point),
)
_RUN: Final = (
    _Column("imports, s", "s", lambda sample: sample.imported),
    _Column("start, s", "s", lambda sample: sample.started),
    _Column("calls, s", "s", lambda sample: sample.loop),
    _Column("finish, s", "s", lambda sample: sample.finished),
    _Column("memory of the training, MB", "MB", lambda sample: sample.memory / 1e6),
    _Column("of all, MB", "MB", lambda sample: sample.memory_all / 1e6),
    _Column("processes", "", lambda sample: sample.processes),
    _Column("threads", "", lambda sample: sample.threads),
    _Column("open files", "", lambda sample: sample.files),
)


def costs_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return one row for each tracker with all that one scalar a call costs, two tables for each way."""
    return [
        table
        for way, words in (WAYS | ADAPTER).items()
        if way in WAYS or _is_measured(measurements, way)
        for table in (_calls(measurements, way, "cost", words), _runs(measurements, way, "run", words))
    ]


def releases_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return the same for several releases of the same vendors, each in an environment of its own."""
    return [
        table
        for way, words in WAYS.items()
        if measurements
        for table in (
            _calls(measurements, way, "releases", f"by release, {words}"),
            _runs(measurements, way, "releases-run", f"by release, {words}"),
        )
    ]


def _is_measured(measurements: Sequence[Measurement[Any, Any]], way: str) -> bool:
    return any(row.settings.way == way for each in measurements for row in each.rows)


def _calls(measurements: Sequence[Measurement[Any, Any]], way: str, name: str, words: str) -> Table:
    table = _table(measurements, way, f"{name}-{way}", f"One value of one metric a call, {words}", _CALL)
    note = (
        f"{table.note} A call is stored when the vendor's finish has returned, and through taximeter when the "
        "courier has read it back: the time from the first call until then, and the bytes of the whole store, are "
        "shared out among the calls."
    )
    if way != "interface":
        return msgspec.structs.replace(table, note=note)
    mine, theirs = ([scalar_found(each, which) for each in measurements] for which in (way, "vendor"))
    return msgspec.structs.replace(
        table,
        columns=[*table.columns, "from start to stored, × the vendor's time"],
        rows=[[*row, cell] for row, cell in zip(table.rows, _times(mine, theirs), strict=True)],
        note=f"{note} Times the vendor's time counts from the start of the run, with its import on both ways.",
    )


def _runs(measurements: Sequence[Measurement[Any, Any]], way: str, name: str, words: str) -> Table:
    table = _table(measurements, way, f"{name}-{way}", f"The run of these calls, {words}", _RUN)
    note = f"{table.note} Processes, threads and open files are the most at once of all that was started."
    return msgspec.structs.replace(table, note=note)


def _table(
    measurements: Sequence[Measurement[Any, Any]], way: str, name: str, caption: str, columns: Sequence[_Column]
) -> Table:
    """Return a row for each measurement; the note says what the figures are."""
    found = [scalar_found(each, way) for each in measurements]
    problems = [each.problem for each in found]
    known = [[each.estimate(column.value) for each in found] for column in columns]
    cells = [estimates(each, problems, column.unit) for each, column in zip(known, columns, strict=True)]
    return Table(
        id=name,
        caption=caption,
        columns=["tracker", "version", *(column.title for column in columns)],
        rows=[
            [text(each.tracker), text(each.version or "–"), *(column[row] for column in cells)]
            for row, each in enumerate(measurements)
        ],
        note=medians([one for each in known for one in each]),
    )


def _times(mine: Sequence[Found], theirs: Sequence[Found]) -> list[Cell]:
    """Return how many times the vendor's time it takes a call from the run's start until it is stored.

    The time is shared out among the calls, of which both may have made fewer than they were to.
    """
    pairs = list(zip(mine, theirs, strict=True))
    ratios = [ours.ratio(other, _whole_time) for ours, other in pairs]
    vendors = [f"{WAYS['vendor']}: {other.problem}" if other.problem else "" for _, other in pairs]
    problems = [
        "; ".join(filter(None, both)) for both in zip((each.problem for each in mine), vendors, strict=True)
    ]
    return estimates(ratios, problems)


def _whole_time(sample: Any) -> float:
    return (first_point(sample) + float(sample.complete)) / int(sample.calls)


def workloads_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return the median call of every workload, a table for each way."""
    return [
        _workloads(measurements, way, words)
        for way, words in (WAYS | ADAPTER).items()
        if way in WAYS or _is_measured(measurements, way)
    ]


def _workloads(measurements: Sequence[Measurement[Any, Any]], way: str, words: str) -> Table:
    names = [
        name
        for name in WORKLOADS
        if any(row.settings.workload == name for each in measurements for row in each.rows)
    ]
    found = [[workload_found(each, way, name) for each in measurements] for name in names]
    known = [[each.estimate(_milliseconds) for each in column] for column in found]
    columns = [
        estimates(middles, [each.problem for each in column], "ms")
        for middles, column in zip(known, found, strict=True)
    ]
    return Table(
        id=f"workloads-{way}",
        caption=f"A call of each sort, {words}: p50",
        columns=["tracker", *(f"{name}, ms" for name in names)],
        rows=[
            *([text(each.tracker), *(cells[row] for cells in columns)] for row, each in enumerate(measurements)),
            *(_attached(measurements, names) if way == "interface" else ()),
        ],
        note=f"{medians([one for each in known for one in each])} "
        f"{capital('; '.join(f'{name}: {WORKLOADS[name].sentence}' for name in names))}.",
    )


def _milliseconds(sample: Any) -> float:
    return float(sample.p50 / 1000)


def _attached(measurements: Sequence[Measurement[Any, Any]], names: Sequence[str]) -> list[list[Cell]]:
    """Return a row for each time that several trackers have the run, which is measured with one workload."""
    rows = [(each.tracker, row) for each in measurements for row in each.rows if row.settings.attached]
    found = [found_in(row) for _, row in rows]
    cells = estimates([each.estimate(_milliseconds) for each in found], [each.problem for each in found], "ms")
    gap = Cell(text="–", problem="with several trackers at once it was not measured", kind="number")
    return [
        [
            text(f"{tracker} and {counted(len(row.settings.attached), 'other')} at once"),
            *(cell if name == row.settings.workload else gap for name in names),
        ]
        for (tracker, row), cell in zip(rows, cells, strict=True)
    ]
