"""Commands that read stores and journals: ``trackers``, ``runs``, ``show``, ``recover``."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.status import Status
from rich.text import Text

from taximeter.cli.output import (
    console,
    moment,
    plain,
    print_json,
    print_matrix,
    print_table,
    short_number,
    stderr,
)
from taximeter.courier.recover import Recovered, recover
from taximeter.environments import list_environments
from taximeter.errors import InputError, TaximeterError
from taximeter.journal.home import Home
from taximeter.plugins import load_all, tracker_name, vendor_version
from taximeter.record import RunRecord, pack_floats
from taximeter.redact import redact
from taximeter.store.address import find_store
from taximeter.store.client import Store
from taximeter.tracker import Feature, Tracker, gap_of

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
StoreAddress = Annotated[
    str, typer.Argument(metavar="STORE", help="TRACKER, TRACKER:LOCATION, or the path of a store.")
]


def list_trackers(as_json: Json = False) -> None:
    """List the installed trackers: version, where they live and write, what they can do by themselves.

    Example: taximeter trackers
    """
    found, broken = load_all()
    if as_json:
        print_json([_describe(tracker) for tracker in found])
        return
    rows = [
        (item["name"], item["vendor"], item["version"], item["standing"].state, item["location"])
        for item in map(_describe, found)
    ]
    print_table("Installed trackers", ("tracker", "vendor", "version", "standing", "usual store"), rows)
    apart = [(one.name, one.vendor, one.version, one.python) for one in list_environments()]
    _print_if_any("In environments of their own", ("environment", "vendor", "version", "python"), apart)
    for tracker in found:
        if tracker.standing.reason:
            console.print(plain(f"{tracker.name} is {tracker.standing.state}: {tracker.standing.reason}."))
    marks = [
        (feature, *(("●" if feature in tracker.features else "–") for tracker in found)) for feature in Feature
    ]
    print_matrix("What each can do by itself", "feature", [tracker.name for tracker in found], marks)
    for problem in broken.values():
        console.print(problem, style="bold", markup=False)
    console.print("Another one is added by installing its distribution, taximeter-<name>.", style="dim")


def _describe(tracker: type[Tracker]) -> dict[str, Any]:
    return {
        "name": tracker.name,
        "vendor": tracker.vendor,
        "version": vendor_version(tracker),
        "environments": [one for one in list_environments() if tracker_name(one.name) == tracker.name],
        "standing": tracker.standing,
        "location": tracker.location_in(Path()),
        "features": sorted(tracker.features),
        "gaps": {feature: gap_of(tracker, feature) for feature in Feature if feature not in tracker.features},
    }


def list_runs(store: StoreAddress, as_json: Json = False) -> None:
    """List the runs of a store, oldest first.

    Example: taximeter runs csv:results
    """
    with Store(find_store(store, Path.cwd())) as opened:
        runs = opened.runs()
    if as_json:
        print_json(runs)
        return
    rows = [(run.run_id, run.experiment, run.name, run.status, moment(run.started)) for run in runs]
    print_table(f"{len(runs)} runs", ("run", "experiment", "name", "status", "started (UTC)"), rows)


def show_run(
    store: StoreAddress,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or the beginning of it.")],
    native: Annotated[bool, typer.Option(help="Only what the tracker itself keeps.")] = False,
    as_json: Json = False,
) -> None:
    """Show a run as its store holds it.

    Example: taximeter show csv:. 3f2a9c --native
    """
    with Store(find_store(store, Path.cwd())) as opened:
        record = opened.read(_complete(opened, run), native=native)
    if as_json:
        print_json(record.head() | {"metrics": {key: _columns(record, key) for key in sorted(record.metrics)}})
    else:
        _print_record(record)


def _complete(store: Store, start: str) -> str:
    """Return the id of the one run that begins so; the text itself where that is not so."""
    found = {run.run_id for run in store.runs() if start in (run.run_id, run.vendor_id)}
    found = found or {run.run_id for run in store.runs() if run.run_id.startswith(start)}
    if len(found) > 1:
        raise InputError(
            f"{start!r} begins the ids of {len(found)} runs; give more of it: {', '.join(sorted(found))}."
        )
    return found.pop() if found else start


def _columns(record: RunRecord, key: str) -> dict[str, Any]:
    series = record.metrics[key]
    return {
        "values": pack_floats(series.values),
        "steps": series.steps.tolist(),
        "times": series.times.tolist(),
    }


def _print_record(record: RunRecord) -> None:
    facts = [
        ("run", record.run_id),
        ("experiment", record.experiment),
        ("name", record.name),
        ("status", record.status),
        ("started (UTC)", moment(record.started)),
        ("ended (UTC)", moment(record.ended)),
        ("parent", record.parent_id),
        ("hypothesis", record.hypothesis),
        ("commit", record.source.commit if record.source else None),
        ("python", record.environment.python if record.environment else None),
    ]
    print_table("Run", ("fact", "value"), [fact for fact in facts if fact[1] is not None])
    _print_if_any(
        "Params", ("name", "value"), [(name, repr(value)) for name, value in sorted(record.params.items())]
    )
    _print_if_any("Metrics", ("key", "points", "last", "lowest", "highest"), _summaries(record))
    _print_if_any("Tags", ("name", "text"), sorted(record.tags.items()))
    datasets = [(data.role, data.name, data.rows, data.sha256[:12]) for data in record.datasets]
    _print_if_any("Datasets", ("role", "name", "rows", "sha256"), datasets)
    files = [(path, file.size, file.media_type) for path, file in sorted(record.artifacts.items())]
    _print_if_any("Artifacts", ("path", "bytes", "type"), files)
    for note in record.notes:
        console.print(plain(note))


def _summaries(record: RunRecord) -> list[tuple[Any, ...]]:
    return [
        (key, len(series), series[-1].value, short_number(min(series.values)), short_number(max(series.values)))
        for key, series in sorted(record.metrics.items())
        if len(series)
    ]


def _print_if_any(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        numbers = {"points", "last", "lowest", "highest", "rows", "bytes"}
        print_table(title, columns, rows, right=numbers)


def export_runs(
    store: StoreAddress,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook to write.")],
    native: Annotated[bool, typer.Option(help="Only what the tracker itself keeps.")] = False,
) -> None:
    """Write a store's runs as an Excel workbook: a sheet of runs, and a sheet of their points.

    Example: taximeter export csv:. runs.xlsx
    """
    from taximeter.excel import write_workbook  # noqa: PLC0415 - needed here only

    destination = find_store(store, Path.cwd())
    with Store(destination) as opened, stderr.status("reading") as status:
        records = (_read_named(opened, run.run_id, native, status) for run in opened.runs())
        count = write_workbook(records, file, redact(str(destination)))
    console.print(f"{file}: {count} runs", markup=False, highlight=False, soft_wrap=True)


def _read_named(store: Store, run_id: str, native: bool, status: Status) -> RunRecord:
    status.update(plain(f"reading {run_id}"))
    return store.read(run_id, native=native)


def recover_runs(
    home: Annotated[
        Path | None, typer.Option(help="The journal folder; else TAXIMETER_HOME or .taximeter.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Deliver what is safe in the journal but not yet in a store.

    Runs whose training was killed are closed as killed; runs that are still being logged are left alone.

    Example: taximeter recover
    """
    with stderr.status("delivering what is left") as status:
        done = recover(Home(home), on_recovered=lambda one: status.update(_recovered_line(one)))
    if as_json:
        print_json([_without_secrets(one) for one in done])
    elif done:
        print_table(f"{len(done)} deliveries", ("run", "store", "state", "problem"), map(_recovered_row, done))
    else:
        console.print("Nothing is left to deliver.")
    bad = [one for one in done if one.receipt and not one.receipt.is_good]
    if bad:
        raise TaximeterError(f"{len(bad)} of {len(done)} deliveries failed; the runs stay safe in the journal.")


def _recovered_line(one: Recovered) -> Text:
    return plain(redact(f"{one.destination}: {one.run_id}"))


def _without_secrets(one: Recovered) -> Recovered:
    location = redact(one.destination.location)
    return msgspec.structs.replace(one, destination=msgspec.structs.replace(one.destination, location=location))


def _recovered_row(one: Recovered) -> tuple[str, ...]:
    state = one.receipt.state if one.receipt else "still being logged"
    return one.run_id, redact(str(one.destination)), state, one.receipt.problem if one.receipt else ""
