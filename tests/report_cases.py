"""What tests of the report share: results as commands leave them, and a page that was opened."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, Dialog, Locator, Page, ViewportSize

from taximeter.archive import save
from taximeter.diff import ABSENT, Difference
from taximeter.measure.contention import ContentionSample, ContentionSettings
from taximeter.measure.cost import CostSample, CostSettings
from taximeter.measure.crash import CrashSample, CrashSettings
from taximeter.measure.crash_training import Death
from taximeter.measure.faults_stage import FaultSample, FaultSettings
from taximeter.measure.faults_training import Outcome
from taximeter.measure.faults_worker import Fault
from taximeter.measure.growth import GrowthSample, GrowthSettings
from taximeter.measure.growth_worker import Growth
from taximeter.measure.kind import Depth, Measurement, Row
from taximeter.measure.ways import Way
from taximeter.native import NativePart
from taximeter.record import Environment, LockFile
from taximeter.results import FILE, Results, TrackerResult
from taximeter.taxi.charts import Chart
from taximeter.taxi.describe import MonthReport
from taximeter.taxi.metrics import Latency
from taximeter.taxi.quirks import Odd, Range
from taximeter.taxi.result import Features, Result
from taximeter.taxi.roles import RoleReport
from taximeter.taxi.settings import Experiment
from taximeter.tracker import Feature, Gap
from taximeter.verdicts import Finding, TrackerVerdicts, Verdict

HOSTILE = (
    "<script>alert(1)</script> </style> <img src=http://e.example/x onerror=alert(2)> "
    "a|b \\| `c` ```\n# **d** [e](http://e.example) ![f](http://e.example) \u202e \x00 $g$ &amp; \u2028 '\""
)

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
NAMES = ["mlflow", "tensorboard", "csv", "wandb", "null"]


# What a comparison leaves


def make_month(role: str, kept: int) -> RoleReport:
    """Return one month of synthetic trips in one role."""
    odd = dict.fromkeys(Odd.__struct_fields__, 0)
    odd |= {"duration_below_1": 219, "duration_negative": 24, "duration_above_60": 70, "distance_zero": 298}
    month = MonthReport(
        name="2025-01" if role == "train" else "2025-02",
        source=f"synthetic sample for {role}",
        kind="synthetic sample",
        colour="green",
        period="2025-01",
        file_sha256=None,
        rows_sha256="7d8c88b750628a64" * 4,
        rows=kept + 289,
        kept=kept,
        columns={"trip_distance": "double"},
        odd=Odd(**odd | {"outside_month": 10, "distance_above_100": 7}),
        minutes=Range(2.65, 59.95, 16.92792855892138, 9.14),
        miles=Range(0.0, 39869.98, 27.17, 835.2),
        first_pickup="2024-12-27 14:46:29",
        last_pickup="2025-01-31 23:58:57",
    )
    return RoleReport(months=[month], rows=kept + 289, kept=kept, unseen=0 if role == "train" else 307)


def make_chart(trips: int) -> Chart:
    """Return predictions that are too short for long trips, as a lasso's are."""
    actual = [2.7 + 56.5 * (place / trips) ** 2 for place in range(trips)]
    predicted = [14 + 0.2 * minutes + 3 * math.sin(17 * minutes) for minutes in actual]
    edges = [-45 + 1.15 * place for place in range(61)]
    off = [mine - truth for mine, truth in zip(predicted, actual, strict=True)]
    counts = [sum(left <= value < right for value in off) for left, right in pairwise(edges)]
    return Chart(trips=trips, actual=actual, predicted=predicted, residual_edges=edges, residual_counts=counts)


def make_experiment(**others: Any) -> dict[str, Any]:
    """Return what a training returns."""
    scores = {"rmse": 7.015714732054826, "mae": 4.838613462766928, "r2": 0.4260728999940009}
    mean = {"rmse": 9.261943364693705, "mae": 7.184000717166283, "r2": -0.00026973941270092006}
    result = Result(
        experiment=Experiment(model="sgd", data="sample"),
        kind="synthetic sample",
        colour="green",
        params={"model": "sgd", "alpha": 0.0001},
        data={"train": make_month("train", 5711), "validation": make_month("validation", 5731)},
        features=Features(count=828, sha256="a594" * 16, stored={"train": 11422, "validation": 11155}),
        metrics={"train": scores, "validation": scores},
        baseline={"train": mean, "validation": mean},
        history={
            f"{role}/rmse": [start - 0.4 * math.log1p(epoch) for epoch in range(20)]
            for role, start in (("train", 7.38), ("validation", 7.42))
        },
        seconds={"read": 0.0406, "encode": 0.0058, "fit": 1.7, "evaluate": 0.0061, "latency": 0.109, "log": 2.31},
        latency=Latency(0.0046, 0.0064, 679187.77),
        charts={"validation": make_chart(400)},
        coefficients={"PU_DO=75_75": -6.68, "trip_distance": 0.000255},
        leaks=[],
        warnings=[],
    )
    built: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(result, **others))
    return built


def make_tracker(name: str, **others: Any) -> TrackerResult:
    """Return a tracker that holds the run, and whose native view is perfect."""
    facts = {"run": 6, "params": 22, "metrics": 58, "tags": 3, "artifacts": 7, "models": 1, "datasets": 2}
    facts |= {"source": 5, "environment": 7}
    fields: dict[str, Any] = {
        "name": name,
        "vendor": name,
        "version": "3.17.2",
        "location": f"stores/{name}",
        "ui": f"{name} ui --store stores/{name}",
        "features": [str(feature) for feature in Feature],
        "gaps": {},
        "state": "holds the run",
        "equal": True,
        "problem": "",
        "differences": [],
        "metrics": {"validation/rmse": 7.015714732054826, "epoch/train/rmse": 6.924, "odd": {"$float": "nan"}},
        "native": [NativePart(part, count, count, 0, 0, 0, ()) for part, count in facts.items()],
        "seconds": {"open": 0.75, "write": 0.42, "finish": 0.09, "verify": 0.21, "read": 0.11},
        "bytes": 1_430_221,
    }
    return TrackerResult(**fields | others)


def _without(*missing: Feature, whose: str = "not theirs") -> dict[str, Any]:
    return {
        "features": [str(feature) for feature in Feature if feature not in missing],
        "gaps": {str(feature): Gap(whose, f"it has no {feature}, and the UI ignores it") for feature in missing},
    }


def _changed(part: str, facts: int, changed: int, dropped: int, *examples: Difference) -> NativePart:
    return NativePart(part, facts, facts - changed - dropped, changed, dropped, 2, examples)


def make_trackers() -> list[TrackerResult]:
    """Return five trackers: two that hold the run, one that differs, one that failed, one that keeps nothing."""
    params = _changed(
        "params",
        22,
        12,
        0,
        Difference("params['alpha']", "0.0001", "'0.0001'"),
        Difference("params['max_distance']", "None", "'None'"),
    )
    artifacts = _changed(
        "artifacts", 7, 0, 7, Difference("artifacts['model/model.skops']", "{'size': 52}", ABSENT)
    )
    metrics = _changed(
        "metrics", 58, 56, 2, Difference("metrics['mae'][0].value (and 19 more)", "0.1", "0.10000000149")
    )
    whole = {part.part: part for part in make_tracker("any").native or ()}
    seconds = {"open": 7.31, "write": 3.42, "finish": 0.31, "verify": 0.52, "read": 0.44}
    board: dict[str, Any] = {
        "native": list((whole | {"artifacts": artifacts, "metrics": metrics}).values()),
        "bytes": 86_004,
    }
    wrong = [Difference("params['alpha']", "0.0001", "0.0002"), Difference("tags['data']", "'a'", ABSENT)]
    return [
        make_tracker("mlflow", native=list((whole | {"params": params}).values()), seconds=seconds),
        make_tracker("tensorboard", **board, **_without(Feature.ARTIFACTS, Feature.MODELS)),
        make_tracker(
            "csv",
            state="differs",
            equal=False,
            differences=wrong,
            problem="it holds other values",
            bytes=51_213,
            vendor=None,
        ),
        make_tracker(
            "wandb",
            state="failed",
            equal=None,
            problem="the courier gave up: disk full",
            metrics=None,
            native=None,
            seconds={"open": 1.81},
            bytes=None,
        ),
        make_tracker(
            "null",
            **_without(*Feature, whose="never"),
            state="keeps nothing",
            equal=None,
            metrics=None,
            native=None,
            seconds={"open": 0.0001, "write": 0.0002, "finish": 0.0},
            bytes=None,
            vendor=None,
            version=None,
            ui=None,
        ),
    ]


FINDINGS = (
    ("params", "NaN", Verdict.UNDONE, "'nan'", ()),
    ("params", "list", Verdict.LOSS, "'[1]'", ()),
    ("steps", "backward step", Verdict.DROPPED, "", ("WARNING it goes back",)),
    ("steps", "float step", Verdict.REFUSED, "", ()),
    ("steps", "no step", Verdict.IDENTICAL, "0", ()),
    ("runs", "parent run", Verdict.UNSUPPORTED, "", ()),
    ("runs", "killed", Verdict.DROPPED, "", ()),
)


def make_verdicts(tracker: str, environment: Environment, **others: Any) -> TrackerVerdicts:
    """Return verdicts of every kind: two silent losses, one that was told, and what is no loss."""
    findings = [
        Finding(
            fact=number,
            theme=theme,
            name=name,
            sentence=f"What is written of {name} comes back.",
            verdict=verdict,
            written="0",
            read=read,
            reason="TypeError: no" if verdict in {Verdict.REFUSED, Verdict.UNSUPPORTED} else "",
            said=said,
        )
        for number, (theme, name, verdict, read, said) in enumerate(FINDINGS, 1)
    ]
    fields: dict[str, Any] = {
        "tracker": tracker,
        "vendor": tracker,
        "version": "3.17.2",
        "taximeter": "0.1.0",
        "made": 1_763_800_000_000_000,
        "seconds": 12.5,
        "environment": environment,
        "findings": findings,
        "issues": {"2": "https://example.org/issues/7", "3": "javascript:alert(1)"},
    }
    return TrackerVerdicts(**fields | others)


def make_results(**others: Any) -> Results:
    """Return the results of a comparison of five trackers."""
    run: dict[str, Any] = {
        "run_id": "01a0c2f4",
        "experiment": "nyc-taxi-duration",
        "name": "sgd",
        "status": "finished",
        "started": 1_763_900_000_000_000,
        "ended": 1_763_900_004_200_000,
        "parent_id": None,
        "hypothesis": None,
        "notes": [],
        "params": {"model": "sgd", "alpha": 0.0001, "limit": {"$float": "inf"}, "max_distance": None},
        "tags": {"data": "synthetic sample"},
        "artifacts": {"model/model.skops": {"size": 52_000, "sha256": "ab" * 32, "media_type": "application/zip"}},
        "datasets": [],
        "models": {"model": {"flavour": "sklearn", "signature": None, "input_example": None}},
        "source": {
            "entry_point": "cli.py",
            "argv": ["compare"],
            "commit": "7f8efb6",
            "branch": "main",
            "diff": None,
        },
    }
    fields: dict[str, Any] = {
        "name": "sample",
        "made": 1_763_900_000_000_000,
        "command": "taximeter compare --data sample --model sgd",
        "taximeter": "0.1.0",
        "run": run,
        "points": 69,
        "experiment": make_experiment(),
        "environment": Environment(
            python="3.11.7",
            os="Linux 6.1",
            cpu="Intel Xeon",
            cores=2,
            memory=8_100_000_000,
            distributions={f"package-{place}": "1.0" for place in range(60)},
            lock_file=LockFile("requirements.lock", "cd" * 32),
        ),
        "trackers": make_trackers(),
    }
    environment = fields["environment"]
    fields["verdicts"] = [make_verdicts("mlflow", environment), make_verdicts("csv", environment, version="2.0")]
    return Results(**fields | others)


def make_hostile() -> Results:
    """Return results of 15 trackers in which all that a store, a run or a user may name is hostile."""
    results = make_results(name=HOSTILE, command=f"taximeter {HOSTILE}")
    bad = Difference(f"params[{HOSTILE!r}]", HOSTILE, HOSTILE)
    trackers = [
        msgspec.structs.replace(
            tracker,
            name=f"{tracker.name}{HOSTILE}{again or ''}",
            version=HOSTILE,
            problem=HOSTILE,
            ui=HOSTILE,
            differences=[bad] if tracker.differences else [],
            native=[_changed(f"params{HOSTILE}", 2, 1, 0, bad)] if tracker.native else None,
            gaps={name: Gap(HOSTILE, HOSTILE) for name in tracker.gaps} | {HOSTILE: Gap(HOSTILE, HOSTILE)},
            metrics={HOSTILE: 1.5} if tracker.metrics else None,
            seconds=tracker.seconds | {HOSTILE: 1.0},
        )
        for again in range(3)
        for tracker in results.trackers
    ]
    run = results.run | {
        "name": HOSTILE,
        "notes": [HOSTILE],
        "params": {HOSTILE: HOSTILE, "=cmd()": 1},
        "tags": {HOSTILE: HOSTILE},
        "artifacts": {HOSTILE: {"size": 1, "sha256": "ab", "media_type": HOSTILE}},
    }
    experiment = make_experiment(
        experiment=Experiment(model=HOSTILE),
        leaks=[HOSTILE],
        warnings=[HOSTILE],
        coefficients={HOSTILE: 1.0},
        history={HOSTILE: [1.0, 2.0]},
    )
    environment = msgspec.structs.replace(
        results.environment, os=HOSTILE, cpu=HOSTILE, distributions={HOSTILE: HOSTILE}
    )
    finding = Finding(
        fact=1,
        theme=HOSTILE,
        name=HOSTILE,
        sentence=HOSTILE,
        verdict=Verdict.LOSS,
        written=HOSTILE,
        read=HOSTILE,
        reason=HOSTILE,
    )
    told = msgspec.structs.replace(finding, fact=2, said=(HOSTILE,))
    verdicts = [
        make_verdicts(tracker.name, environment, findings=[finding, told], issues={"1": f"javascript:{HOSTILE}"})
        for tracker in trackers
    ]
    return msgspec.structs.replace(
        results, trackers=trackers, run=run, experiment=experiment, environment=environment, verdicts=verdicts
    )


# What measurements leave

WAYS: tuple[Way, ...] = ("vendor", "interface")
MEASURED = ["mlflow", "tensorboard", "csv", "wandb"]


def make_cost(tracker: str, base: float, **others: Any) -> Measurement[Any, Any]:
    """Return what a tracker costs: little through the interface, whatever it is by itself; wandb has no params."""
    rows = []
    for workload in ("one scalar", "params"):
        for way in (*WAYS, "adapter"):
            settings = CostSettings(tracker=tracker, way=way, workload=workload, calls=200)
            p50 = 2.5 if way == "interface" else base
            samples = [_cost_sample(p50 * (1 + 0.05 * place), base) for place in range(5)]
            refused = workload == "params" and tracker == "wandb"
            rows.append(
                make_row(settings, [], problems=["wandb has <b>no</b> params"])
                if refused
                else make_row(settings, samples)
            )
    attached = CostSettings(
        tracker=tracker, way="interface", workload="one scalar", calls=200, attached=("csv", "git")
    )
    rows.append(make_row(attached, [_cost_sample(2.6, base)]))
    return make_measurement("cost", tracker, rows, **others)


def _cost_sample(p50: float, base: float) -> CostSample:
    return CostSample(
        imported=base / 100,
        started=0.02,
        calls=200,
        p50=p50,
        p99=p50 * 8,
        longest=p50 * 40,
        loop=p50 * 2e-4,
        finished=0.01,
        complete=p50 * 4e-4,
        size=20_000,
        memory=90_000_000,
        memory_all=120_000_000,
        threads=3,
        processes=2,
        files=20,
        write=1.25,
    )


def make_growth(tracker: str, slope: float, **others: Any) -> Measurement[Any, Any]:
    """Return how a store grows with the runs in it, as a power of their number."""
    rows = [
        make_row(
            GrowthSettings(tracker=tracker, way=way, growth=Growth.RUNS, size=size),
            [
                GrowthSample(
                    written=size,
                    write=0.01 * size**slope,
                    size=1_000 * size,
                    list_all=0.001 * size,
                    read_one=0.002,
                    read_all=0.002 * size,
                    runs_read=size,
                )
            ],
        )
        for way in WAYS
        for size in (10, 100, 1_000)
    ]
    return make_measurement("growth", tracker, rows, **others)


def make_crash(tracker: str, kept: float, **others: Any) -> Measurement[Any, Any]:
    """Return what survives a kill: a share by itself, everything through the interface."""
    rows = [
        make_row(
            CrashSettings(tracker=tracker, way=way, death=death),
            [
                CrashSample(
                    acknowledged=500,
                    found=int(500 * kept),
                    altered=3 if kept < 0.9 else 0,
                    doubled=0,
                    invented=0,
                    went_on=False,
                    status="running" if way == "vendor" else "killed",
                    recovered=None if way == "vendor" else 500,
                    exact=None if way == "vendor" else True,
                    said={},
                )
            ]
            * 3,
        )
        for way in WAYS
        for death in (Death.KILL, Death.TERM)
    ]
    return make_measurement("crash", tracker, rows, **others)


def make_contention(tracker: str, died: int, **others: Any) -> Measurement[Any, Any]:
    """Return what becomes of eight writers, some of which may die."""
    rows = [
        make_row(
            ContentionSettings(tracker=tracker, way=way, writers=8, fresh=True, runs=2),
            [
                ContentionSample(
                    begun=16,
                    died=died if way == "vendor" else 0,
                    acknowledged=640,
                    runs_found=16,
                    missing=0,
                    strange=0,
                    found=640,
                    altered=0,
                    doubled=0,
                    invented=0,
                    seconds=0.5,
                    reasons=["OperationalError: table <experiments> exists"] if died and way == "vendor" else [],
                )
            ],
        )
        for way in WAYS
    ]
    return make_measurement("contention", tracker, rows, **others)


def make_faults(tracker: str, kept: float, **others: Any) -> Measurement[Any, Any]:
    """Return what survives a full disk; csv has no server that could be down."""
    rows = [
        make_row(
            FaultSettings(tracker=tracker, way=way, fault=Fault.DISK_FULL),
            [
                FaultSample(
                    means="a file system of 20 MB in memory",
                    training=Outcome.WENT_ON if kept > 0.5 else Outcome.HUNG,
                    at="" if kept > 0.5 else "a call",
                    longest=0.01,
                    said={"warning": "No space left on <device>"},
                    acknowledged=700,
                    refused=0,
                    found=int(700 * kept),
                    altered=0,
                    doubled=0,
                    invented=0,
                    artifact=None,
                    status="running",
                    recovered=None if way == "vendor" else 700,
                    exact=None if way == "vendor" else True,
                )
            ],
        )
        for way in WAYS
    ]
    down = FaultSettings(tracker=tracker, way="vendor", fault=Fault.SERVER_DOWN)
    rows.append(make_row(down, [], problems=[f"{tracker} has no server"]))
    return make_measurement("faults", tracker, rows, **others)


def make_row(settings: Any, samples: list[Any], **others: Any) -> Row[Any, Any]:
    """Return samples as a row has them."""
    fields: dict[str, Any] = {
        "repetitions": [*range(len(samples))],
        "taken": [1_763_900_400_000_000 + place for place in range(len(samples))],
    }
    return Row(settings=settings, samples=samples, **fields | others)


def make_measurement(
    kind: str, tracker: str, rows: Sequence[Row[Any, Any]], **others: Any
) -> Measurement[Any, Any]:
    """Return rows as a measurement leaves them."""
    fields: dict[str, Any] = {
        "kind": kind,
        "tracker": tracker,
        "vendor": tracker,
        "version": "3.17.2",
        "taximeter": "0.1.0",
        "commit": None,
        "made": 1_763_900_500_000_000,
        "command": f"taximeter measure {kind}",
        "depth": Depth.FULL,
        "environment": make_results().environment,
        "rows": list(rows),
    }
    return Measurement(**fields | others)


def write_project(folder: Path, trackers: Sequence[str] = MEASURED, **others: Any) -> Path:
    """Write results of every kind where measurements and a comparison leave them, and return the folder."""
    results = folder / "results"
    for place, name in enumerate(trackers):
        kept = 1 - 0.25 * (place % 4)
        for measurement in (
            make_cost(name, 10.0 * (place + 1) ** 2, **others),
            make_growth(name, 1 + 0.4 * (place % 3), **others),
            make_crash(name, kept, **others),
            make_contention(name, 3 * (place % 2), **others),
            make_faults(name, kept, **others),
        ):
            save(measurement, results, f"{measurement.kind}-{_plain(name)}")
        save(make_verdicts(name, make_results().environment), results, f"verdicts-{_plain(name)}")
    return folder


def write_comparison(folder: Path, name: str, **others: Any) -> None:
    """Write a comparison below the folder of all reports."""
    (folder / name).mkdir(parents=True)
    (folder / name / FILE).write_bytes(make_results(name=name, **others).to_json())


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name)


# A page in a browser


class Visit:
    """A page that was opened, and everything it asked for or complained about."""

    def __init__(self, browser: Browser, folder: Path, **context: Any) -> None:
        self.context = browser.new_context(viewport=DESKTOP, **context)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.url = (folder / "index.html").as_uri()
        self.page.goto(self.url)
        if context.get("java_script_enabled", True):
            self.page.wait_for_function("window.Plotly")

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()


def draw(page: Page, selector: str = ".plot") -> None:
    """Bring charts into view, one after the other, and wait until they are drawn."""
    for plot in page.locator(f"{selector}:visible").all():
        plot.scroll_into_view_if_needed()
        plot.locator(".main-svg").first.wait_for()


def rows_of(body: Locator) -> list[list[str]]:
    """Return the visible text of every cell, row by row."""
    cells = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    found: list[list[str]] = body.locator("tr").evaluate_all(cells)
    return found
