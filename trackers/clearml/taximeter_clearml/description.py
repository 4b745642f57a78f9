"""What a task says of a run, in ClearML's own types."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from clearml.backend_api.services import tasks

from taximeter.events import Started
from taximeter.record import Artifact, Dataset, Environment, Model, Source, pack_dataset, pack_model
from taximeter.times import time_text
from taximeter_clearml.names import server_name, tag_for, visible
from taximeter_clearml.native import COMMAND, DATASET, MACHINE, OURS, PARAMS, PROPERTIES, STATUSES
from taximeter_clearml.params import param_text, param_type


class TaskDescription:
    """Everything about a run but its points, as it grows; `fields` is what the task file holds of it."""

    def __init__(self, started: Started) -> None:
        self.status = "running"
        self.params: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.notes: list[str] = []
        self._name = server_name(started.name)
        self._properties = dict(_properties(started))
        self._artifacts: dict[str, Any] = {}
        self._datasets: list[Any] = []
        self._configuration: dict[str, Any] = {}
        self._script: dict[str, Any] = {}

    def fields(self) -> dict[str, Any]:
        """Return the fields of the task."""
        return {
            "name": self._name,
            "type": tasks.TaskTypeEnum.training,
            "status": STATUSES[self.status],
            "comment": "\n\n".join(self.notes) if self.notes else None,
            "tags": [tag_for(name, text) for name, text in self.tags.items()],
            "hyperparams": {
                PARAMS: dict(_param(visible(name), value) for name, value in self.params.items()),
                PROPERTIES: dict(map(_property, (self._properties | {"status": self.status}).items())),
            },
            "configuration": self._configuration,
            "script": tasks.Script(**self._script),
            "execution": tasks.Execution(artifacts=[*self._artifacts.values(), *self._datasets]),
        }

    def file_of(self, path: str) -> Path:
        """Return the file of an artifact."""
        return Path(self._artifacts[path].uri)

    def add_artifact(self, path: str, file: Path, about: Artifact, time: int) -> None:
        """Add an artifact, or replace it; the time is in seconds."""
        self._artifacts[path] = tasks.Artifact(
            key=path,
            type="custom",
            mode="output",
            uri=str(file),
            content_size=about.size,
            hash=about.sha256,
            timestamp=time,
            type_data=tasks.ArtifactTypeData(content_type=about.media_type, preview=""),
        )

    def add_dataset(self, dataset: Dataset, time: int) -> None:
        """Add an artifact that the task takes in: it names the source, and its preview describes the data.

        The import would upload the file that a plain path names.
        """
        card = msgspec.json.encode(pack_dataset(dataset)).decode()
        self._datasets.append(
            tasks.Artifact(
                key=f"{dataset.role} {dataset.name} {len(self._datasets) + 1}",
                type=DATASET,
                mode="input",
                uri=dataset.source if "://" in dataset.source else f"dataset:{dataset.source}",
                hash=dataset.sha256,
                timestamp=time,
                type_data=tasks.ArtifactTypeData(content_type="application/json", preview=card),
            )
        )

    def describe_source(self, source: Source) -> None:
        """Describe the script; its arguments have no place there, and are a configuration object."""
        self._script |= {
            "entry_point": source.entry_point,
            "version_num": source.commit,
            "branch": source.branch,
            "diff": source.diff,
        }
        self._configure(COMMAND, list(source.argv))

    def describe_environment(self, environment: Environment) -> None:
        """List the distributions as the script's requirements; the machine is a configuration object."""
        machine: dict[str, Any] = msgspec.to_builtins(environment)
        lines = (f"{name} == {version}\n" for name, version in machine.pop("distributions").items())
        self._script["requirements"] = {"pip": f"# Python {environment.python}\n\n{''.join(lines)}", "conda": ""}
        self._configure(MACHINE, machine)

    def set_end(self, status: str, ended: int | None) -> None:
        """Note how and when the run ended."""
        self.status = status
        if ended is not None:
            self._properties["ended"] = time_text(ended)

    def _configure(self, name: str, content: Any) -> None:
        self._configuration[name] = tasks.ConfigurationItem(name=name, value=json.dumps(content), type="json")


def model_entry(vendor_id: str, path: str, model: Model, weights: Path, *, is_package: bool) -> dict[str, Any]:
    """Return an output model as `OutputModel` would describe it for the import, which makes one of it.

    A task's models are told apart by the names of their target files, without the endings.
    """
    about = {"path": path} | msgspec.to_builtins(pack_model(model))
    target = f"{path.replace('%', '%25').replace('/', '%2F')}{weights.suffix or '.bin'}"
    return {
        "id": vendor_id,
        "init": {"name": path, "config_text": msgspec.json.encode(about).decode(), "framework": model.flavour},
        "weights": {"weights_filename": str(weights), "target_filename": target, "is_package": is_package},
        "output_uri": None,
    }


def _properties(started: Started) -> Iterator[tuple[str, str]]:
    """Yield the user properties: the task file cannot hold times, nor a parent that is offline too."""
    yield OURS, started.run_id
    yield "started", time_text(started.time)
    if started.hypothesis is not None:
        yield "hypothesis", started.hypothesis
    if started.parent_id is not None:
        yield "parent", started.parent_id


def _param(name: str, value: Any) -> tuple[str, Any]:
    return name, tasks.ParamsItem(section=PARAMS, name=name, value=param_text(value), type=param_type(value))


def _property(item: tuple[str, str]) -> tuple[str, Any]:
    return item[0], tasks.ParamsItem(section=PROPERTIES, name=item[0], value=item[1])
