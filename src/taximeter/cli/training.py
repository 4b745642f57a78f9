"""Commands that train: ``run``, ``compare``, and ``report``, which shows again what was compared."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from taximeter.cli.output import console, print_json, print_table, short_number, size, stderr
from taximeter.environments import check_version
from taximeter.errors import InputError, TaximeterError
from taximeter.plugins import installed
from taximeter.redact import redact
from taximeter.results import Results, TrackerResult, add_verdicts, read_results
from taximeter.run import Run
from taximeter.start import start_run
from taximeter.store.address import parse_store
from taximeter.taxi.settings import Experiment

REPORTS = Path("reports")
EXPERIMENT = "nyc-taxi-duration"

Months = list[str] | None
Train = Annotated[Months, typer.Option("--train", help="Month (2025-01), path or URL; may be given again.")]
Validation = Annotated[Months, typer.Option("--validation", help="As --train.")]
Test = Annotated[Months, typer.Option("--test", help="As --train; optional.")]
Colour = Annotated[str, typer.Option(help="green or yellow: completes the names of months.")]
Data = Annotated[
    str | None, typer.Option(help="Folder of the months, or 'sample'; else TAXIMETER_DATA, then data/.")
]
Model = Annotated[str, typer.Option(help="lasso, ridge, linear, elasticnet, sgd, random-forest, …")]
Set = Annotated[Months, typer.Option("--set", help="A hyperparameter, such as alpha=0.01; may be given again.")]
MaxDistance = Annotated[float | None, typer.Option(help="Leave out longer trips, in miles, in every set alike.")]
AllowLeak = Annotated[bool, typer.Option("--allow-leak", help="Go on where two sets hold the same trips.")]
Verdicts = Annotated[bool, typer.Option("--verdicts", help="Add the latest saved verdicts on each tracker.")]
Screenshots = Annotated[bool, typer.Option("--screenshots", help="Photograph the run in each tracker's own UI.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def run_experiment(
    tracker: Annotated[
        list[str] | None, typer.Option("--tracker", "-t", help="TRACKER or TRACKER:LOCATION; may be given again.")
    ] = None,
    train: Train = None,
    validation: Validation = None,
    test: Test = None,
    colour: Colour = "green",
    data: Data = None,
    model: Model = "lasso",
    settings: Set = None,
    max_distance: MaxDistance = None,
    allow_leak: AllowLeak = False,
    experiment: Annotated[str, typer.Option(help="The experiment that the run belongs to.")] = EXPERIMENT,
    name: Annotated[str | None, typer.Option(help="The run's name; the model's by default.")] = None,
    hypothesis: Annotated[str | None, typer.Option(help="What the run is to find out.")] = None,
    tag: Annotated[Months, typer.Option(help="A tag, such as team=blue; may be given again.")] = None,
    home: Annotated[Path | None, typer.Option(help="Journal folder; else TAXIMETER_HOME or .taximeter.")] = None,
    as_json: Json = False,
) -> None:
    """Train once, and record the run with each tracker given, in its usual store in this folder.

    Without months, trains on the embedded synthetic sample.

    Example: taximeter run --tracker csv --train 2025-01 --validation 2025-02
    """
    if not tracker:
        raise InputError(f"no tracker is given; try --tracker {next(iter(installed()), 'NAME')} ({_known()}).")
    _check_stores(tracker)
    with _progress() as on_stage:
        on_stage("reading trips")
        prepared = _prepare(train, validation, test, colour, data, model, settings, max_distance, allow_leak)
        run = start_run(
            trackers=tracker,
            experiment=experiment,
            name=name or prepared.experiment.model,
            hypothesis=hypothesis,
            tags=_pairs(tag or [], "--tag"),
            home=home,
        )
        with run:
            result = _train(prepared, run, on_stage)
            run.finish()
        on_stage("waiting for the trackers")
        run.wait()
    if as_json:
        print_json({"run": run.id, "result": msgspec.to_builtins(result), "stores": _stores(run)})
    else:
        _print_result(msgspec.to_builtins(result))
        rows = [(item["tracker"], item["location"], item["state"], item["problem"]) for item in _stores(run)]
        print_table(f"Run {run.id}", ("tracker", "store", "state", "problem"), rows)
    _raise_for_stores(run)


def compare_trackers(
    tracker: Annotated[
        Months, typer.Option("--tracker", "-t", help="Only these; every installed one by default.")
    ] = None,
    train: Train = None,
    validation: Validation = None,
    test: Test = None,
    colour: Colour = "green",
    data: Data = None,
    model: Model = "lasso",
    settings: Set = None,
    max_distance: MaxDistance = None,
    allow_leak: AllowLeak = False,
    name: Annotated[str, typer.Option(help="The report's folder below reports/; an earlier one is replaced.")] = (
        "compare"
    ),
    verdicts: Verdicts = False,
    screenshots: Screenshots = False,
    as_json: Json = False,
) -> None:
    """Train once, record with every tracker, read every store back, compare, and write a report.

    The stores lie in reports/NAME/stores, for each tracker's own UI.

    Example: taximeter compare --train 2025-01 --validation 2025-02 --test 2025-03
    """
    from taximeter.compare import compare  # noqa: PLC0415 - the help needs none of it

    if Path(name).name != name or name in {"", ".", ".."}:
        raise InputError(f"--name {name!r} is no plain name; it becomes a folder below {REPORTS}/.")
    folder = REPORTS / name
    trackers = tracker or list(installed())
    _check_stores(trackers)
    take_screenshots = _photographer() if screenshots else None
    with _progress() as on_stage:
        on_stage("reading trips")
        prepared = _prepare(train, validation, test, colour, data, model, settings, max_distance, allow_leak)
        results = compare(prepared, trackers, folder, on_stage=on_stage)
        results = add_verdicts(results, folder, REPORTS / "results") if verdicts else results
        results = take_screenshots(results, folder, on_stage=on_stage) if take_screenshots else results
        on_stage("writing the report")
        page = _write_report(results, folder)
    if as_json:
        print_json(results)
    else:
        _print_results(results, page)
    if not results.all_equal:
        raise TaximeterError(f"{_verdict(results)}; see {page}.")


def render_report(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A comparison's folder; without it, the page of everything that was measured."),
    ] = None,
    comparison: Annotated[
        str | None, typer.Option(help="The name of the comparison that this page shows; the newest by default.")
    ] = None,
    verdicts: Verdicts = False,
) -> None:
    """Write the page of all results below reports/ again, or that of one comparison.

    The page of all results always has the latest verdicts.

    Example: taximeter report reports/demo
    """
    if folder is None:
        page = _write_project(comparison)
    elif comparison is not None:
        raise InputError("--comparison chooses for the page of all results: leave the folder out.")
    else:
        results = read_results(folder)
        page = _write_report(add_verdicts(results, folder, REPORTS / "results") if verdicts else results, folder)
    console.print(f"{page}", highlight=False, soft_wrap=True)


def photograph_report(
    folder: Annotated[Path, typer.Argument(help="The report's folder.")] = REPORTS / "compare",
    as_json: Json = False,
) -> None:
    """Photograph a comparison's run in each tracker's own UI, and write its pages again.

    The pictures lie in the report's folder, in screenshots/.

    Example: taximeter screenshots reports/demo
    """
    take_screenshots = _photographer()
    with _progress() as on_stage:
        results = take_screenshots(read_results(folder), folder, on_stage=on_stage)
        on_stage("writing the report")
        _write_report(results, folder)
    if as_json:
        print_json(results.screenshots)
        return
    rows = [(shot.tracker, shot.file or "", shot.reason or shot.caption) for shot in results.screenshots]
    print_table("The run in each tracker's own UI", ("tracker", "picture", "what it shows, or why none"), rows)


def _photographer() -> Any:
    """Return what takes screenshots, before anything takes time.

    Raises:
        InputError: something that it needs is not installed.
    """
    try:
        from taximeter.screenshots import take_screenshots  # noqa: PLC0415 - an extra, which few need
        from taximeter.screenshots.browser import find_chromium  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise InputError(
            f"screenshots need {error.name}, which is not installed; `pip install playwright pyte` adds it."
        ) from error
    find_chromium()
    return take_screenshots


def _prepare(
    train: Months,
    validation: Months,
    test: Months,
    colour: str,
    data: str | None,
    model: str,
    settings: Months,
    max_distance: float | None,
    allow_leak: bool,
) -> Any:
    from taximeter.taxi.experiment import prepare  # noqa: PLC0415 - a second to import
    from taximeter.taxi.models import parse_settings  # noqa: PLC0415 - as above
    from taximeter.taxi.months import default_months  # noqa: PLC0415 - as above

    months = default_months(data) if not (train or validation or test) else None
    if months is None and not (train and validation):
        raise InputError("give both --train and --validation, or neither for the embedded sample.")
    experiment = Experiment(
        train=tuple(train or ()),
        validation=tuple(validation or ()),
        test=tuple(test or ()),
        colour=colour,
        model=model,
        hyperparameters=parse_settings(settings or []),
        max_distance=max_distance,
        allow_leak=allow_leak,
        data=data,
    )
    return prepare(msgspec.structs.replace(experiment, **months) if months else experiment)


def _train(prepared: Any, run: Run, on_stage: Callable[[str], None]) -> Any:
    from taximeter.taxi.experiment import train  # noqa: PLC0415 - as above

    return train(prepared, run, on_stage)


def _write_report(results: Results, folder: Path) -> Path:
    from taximeter.report import write_report  # noqa: PLC0415 - Jinja2 is needed here only

    return write_report(results, folder)


def _write_project(comparison: str | None) -> Path:
    from taximeter.report import write_figures, write_project  # noqa: PLC0415 - as above

    page = write_project(REPORTS, comparison)
    try:
        _photographer()
        write_figures(page)
    except TaximeterError as error:
        stderr.print(f"taximeter: the charts were not drawn as PNG: {error}", highlight=False, soft_wrap=True)
    return page


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show which stage is at work, on standard error; one line a stage where it is no terminal."""
    if not stderr.is_terminal:
        yield lambda stage: stderr.print(f"taximeter: {stage}", style="dim", highlight=False)
        return
    with stderr.status("starting") as status:
        yield lambda stage: status.update(f"{stage} …")


def _check_stores(trackers: list[str]) -> None:
    """Complain of a tracker that cannot be used before anything takes time."""
    for tracker in trackers:
        check_version(parse_store(tracker, Path.cwd()).tracker)


def _known() -> str:
    return f"installed: {', '.join(installed()) or 'none'}"


def _pairs(texts: list[str], option: str) -> Mapping[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise InputError(f"{option} {name!r} is no pair; write it as name=text.")
    return {name: text for name, _, text in pairs}


def _stores(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "tracker": destination.tracker,
            "location": redact(destination.location),
            "state": receipt.state,
            "problem": receipt.problem,
            "seconds": receipt.seconds,
        }
        for destination, receipt in run.receipts.items()
    ]


def _raise_for_stores(run: Run) -> None:
    bad = [destination.tracker for destination, receipt in run.receipts.items() if not receipt.is_good]
    if bad:
        raise TaximeterError(
            f"{', '.join(bad)} does not hold the run; it is safe in the journal, and "
            "`taximeter recover` delivers it."
        )


def _print_result(result: dict[str, Any]) -> None:
    console.print(
        f"[bold]{result['experiment']['model']}[/bold] on {result['kind']} data, {result['colour']} taxis"
    )
    rows = [
        (
            role,
            *(short_number(source[role][name], 4) for name in ("rmse", "mae", "r2") for source in _sides(result)),
        )
        for role in result["metrics"]
    ]
    columns = ("set", "rmse, min", "(mean)", "mae, min", "(mean)", "r2", "(mean)")
    print_table("Scores, each beside that of the mean duration", columns, rows, right=columns[1:])


def _sides(result: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return result["metrics"], result["baseline"]


def _print_results(results: Results, page: Path) -> None:
    _print_result(results.experiment)
    columns = ("tracker", "state", "validation rmse", "native", "seconds", "bytes")
    rows = [_tracker_row(tracker) for tracker in results.trackers]
    title = "Each store, read back; native: the facts that its own view keeps"
    print_table(title, columns, rows, right=columns[2:])
    for tracker in results.trackers:
        for difference in tracker.differences[:5]:
            console.print(f"{tracker.name}: {difference}", markup=False)
        if tracker.problem:
            console.print(f"{tracker.name}: {tracker.problem}", markup=False)
    console.print(f"[bold]{_verdict(results)}[/bold]")
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


def _tracker_row(tracker: TrackerResult) -> tuple[str, ...]:
    kept = sum(part.kept for part in tracker.native or ())
    facts = sum(part.facts for part in tracker.native or ())
    rmse = (tracker.metrics or {}).get("validation/rmse")
    return (
        tracker.name,
        tracker.state,
        "" if rmse is None else repr(rmse),
        f"{kept}/{facts}" if facts else "",
        short_number(sum(tracker.seconds.values())),
        size(tracker.bytes),
    )


def _verdict(results: Results) -> str:
    equal = sum(bool(tracker.equal) for tracker in results.holding)
    return f"{equal} of {len(results.holding)} trackers hold the same run"
