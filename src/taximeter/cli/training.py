"""Commands that train: ``run`` and ``compare``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from taximeter.cli.output import print_json, print_table, progress
from taximeter.cli.reports import REPORTS, RESULTS, Json, Verdicts, photographer, write_report
from taximeter.cli.scores import print_result, print_results, verdict_of
from taximeter.environments import check_version
from taximeter.errors import InputError, TaximeterError
from taximeter.plugins import installed
from taximeter.redact import redact
from taximeter.results import add_verdicts
from taximeter.run import Run
from taximeter.start import start_run
from taximeter.store.address import parse_store
from taximeter.taxi.settings import Experiment

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
Screenshots = Annotated[bool, typer.Option("--screenshots", help="Photograph the run in each tracker's own UI.")]


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
    with progress() as on_stage:
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
        print_result(msgspec.to_builtins(result))
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
    take_screenshots = photographer() if screenshots else None
    with progress() as on_stage:
        on_stage("reading trips")
        prepared = _prepare(train, validation, test, colour, data, model, settings, max_distance, allow_leak)
        results = compare(prepared, trackers, folder, on_stage=on_stage)
        results = add_verdicts(results, folder, RESULTS) if verdicts else results
        results = take_screenshots(results, folder, on_stage=on_stage) if take_screenshots else results
        on_stage("writing the report")
        page = write_report(results, folder)
    if as_json:
        print_json(results)
    else:
        print_results(results, page)
    if not results.all_equal:
        raise TaximeterError(f"{verdict_of(results)}; see {page}.")


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
