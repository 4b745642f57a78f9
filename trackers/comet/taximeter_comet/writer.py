"""Writes one run as Comet's own users would see theirs: params, metrics, other values, files, images and texts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from comet_ml.messages import (
    FileNameMessage,
    GitMetadataMessage,
    GpuStaticInfoMessage,
    HtmlMessage,
    InstalledPackagesMessage,
    MetricMessage,
    ParameterMessage,
    SystemDetailsMessage,
    SystemInfoMessage,
)

from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Environment, Model, RunRecord, Source, Status, pack_dataset, pack_model
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_comet import CometTracker
from taximeter_comet.messages import ASSET, FIGURE, MODEL, TABLE, TEXT
from taximeter_comet.names import (
    CORES,
    DATASET_INFO,
    DATASETS,
    FAILED,
    HYPOTHESIS,
    KILLED,
    MEMORY,
    NAME,
    PARENT,
    RUN_ID,
    STARTED,
    UNENDED,
    cut,
    file_name,
    flatten,
    key_for,
    metric_key,
    param_value,
    tag_key,
)
from taximeter_comet.tables import table_as_csv
from taximeter_comet.vendor import VendorRun

_ERRORS: dict[Status, str | None] = {
    "finished": None,
    "failed": FAILED,
    "killed": KILLED,
    "running": UNENDED,
}
_MICROSECONDS = 1_000


class CometWriter(RunWriter):
    """A run that is being written.

    What a method was given is in the run's messages when it returns. An earlier archive of the run stays until the
    new one takes its place.
    """

    tracker = CometTracker

    def __init__(self, store: Path, started: Started) -> None:
        self._start = started.time // _MICROSECONDS
        self._run = VendorRun(store, key_for(started.run_id), started.experiment, self._start)
        self._command: tuple[str, ...] = ()
        self._machine: dict[str, Any] = {}
        self._datasets: list[str] = []
        others = {PARENT: started.parent_id, HYPOTHESIS: started.hypothesis}
        self._run.log_other(RUN_ID, started.run_id)
        self._run.log_other(STARTED, started.time)
        self._run.log_other(NAME, cut(started.name))
        self._run.log_other("offline_experiment", True)
        for key, text in others.items():
            if text is not None:
                self._run.log_other(key, cut(text))

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params, the nested ones as Comet nests them."""
        for name, value in flatten(params):
            message = ParameterMessage(timestamp=self._start)
            shown = param_value(value)
            log = message.set_params if isinstance(shown, list) else message.set_param
            log(name, shown, source=ParameterMessage.source_manual)
            self._run.send(message)

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Log each point with its own step, and its time to the millisecond."""
        for row in rows:
            time = row.time // _MICROSECONDS
            for key, value in row.values.items():
                message = MetricMessage(timestamp=time)
                message.set_metric(metric_key(key), value, step=row.step)  # type: ignore[no-untyped-call]
                self._run.send(message)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Log other values: Comet's tags have no text."""
        for name, text in tags.items():
            self._run.log_other(tag_key(name), cut(text))

    def add_note(self, text: str) -> None:
        """Log a text without a name."""
        self._run.log_file(text.encode(), TEXT)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - Comet keeps no types
        """Log an asset."""
        name = file_name(path)
        self._run.log_file(file, ASSET, name, metadata={} if name == path else {"path": path})

    def log_figure(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - the name says it
        """Log an image."""
        self._run.log_file(file, FIGURE, file_name(path))

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Log a table: a CSV file as it is, the first rows of any other."""
        if media_type == "text/csv":
            self._run.log_file(file, TABLE, file_name(path))
        elif rows := table_as_csv(file):
            self._run.log_file(rows, TABLE, f"{file_name(path)}.csv")

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Log a text, or a page."""
        if media_type == "text/html":
            self._run.send(HtmlMessage(file.read_text("utf-8", errors="replace")))
        else:
            self._run.log_file(file, TEXT, metadata={"name": path})

    def log_dataset(self, dataset: Dataset) -> None:
        """Log all datasets as ``log_dataset_info`` logs one, and an asset whose metadata describe this one."""
        self._datasets.append(f"{dataset.role}: {dataset.name}-{dataset.sha256}, {dataset.source}")
        self._run.log_other(DATASET_INFO, cut("\n".join(self._datasets)))
        card: dict[str, Any] = msgspec.to_builtins(pack_dataset(dataset))
        name = f"{DATASETS}/{len(self._datasets)}.json"
        self._run.log_file(msgspec.json.encode(card), ASSET, name, metadata=card)

    def log_model(self, path: str, folder: Path, model: Model) -> None:
        """Log the files of a model."""
        about = {"path": path} | msgspec.to_builtins(pack_model(model))
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                name = file_name(str(file.relative_to(folder)))
                self._run.log_file(file, MODEL, name, model=file_name(path), metadata=about)

    def capture_source(self, source: Source) -> None:
        """Log the script, its arguments, its commit and branch, and the patch."""
        self._run.send(FileNameMessage(source.entry_point))
        self._command = source.argv
        self._describe_system()
        if source.commit is not None or source.branch is not None:
            branch = None if source.branch is None else f"refs/heads/{source.branch}"
            git = dict.fromkeys(("user", "root", "status", "origin", "repo_name"))
            self._run.send(GitMetadataMessage(git | {"parent": source.commit, "branch": branch}))
        if source.diff is not None:
            self._run.log_patch(source.diff.encode())

    def capture_environment(self, environment: Environment) -> None:
        """Log the machine, and the distributions as Comet lists them."""
        self._machine = {
            "os": environment.os,
            "processor": environment.cpu,
            "python_version": environment.python,
        }
        self._describe_system()
        self._run.send(SystemInfoMessage(CORES, environment.cores))
        self._run.send(SystemInfoMessage(MEMORY, environment.memory))
        gpus = [{"gpu_index": index, "name": name} for index, name in enumerate(environment.gpus)]
        self._run.send(GpuStaticInfoMessage(gpus))
        packages = [f"{name}=={version}" for name, version in environment.distributions.items()]
        self._run.send(InstalledPackagesMessage(packages))

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Log the exact record as an asset, and make the archive."""
        self._run.log_file(record_file, ASSET, RECORD_PATH)
        ended = record.started if record.ended is None else record.ended
        self._run.end(ended // _MICROSECONDS, _ERRORS[record.status])

    def close(self) -> None:
        """Let go of the run; its messages stay where they are."""
        self._run.close()

    def _describe_system(self) -> None:
        """Log what is known of the command and the machine by now; Comet expects all of its fields."""
        fields = (
            "hostname",
            "ip",
            "machine",
            "os_release",
            "os_type",
            "python_exe",
            "python_version_verbose",
            "user",
        )
        known = dict.fromkeys((*fields, "os", "processor", "python_version"), "") | self._machine
        self._run.send(SystemDetailsMessage(command=list(self._command), env=None, pid=0, **known))
