"""Writes one run as SwanLab's own users would see theirs: config, metrics, media and files."""

# mypy: disable-error-code="import-untyped"

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swanlab.proto.swanlab.run.v1.run_pb2 import RunState, StartRecord
from swanlab.proto.swanlab.save.v1.save_pb2 import SaveType
from swanlab.sdk.internal.run.components.config.writer import dump_config, format_config

from taximeter.artifact_files import keep_artifact
from taximeter.events import MetricsLogged, Started
from taximeter.record import Environment, RunRecord, Source
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_swanlab import SwanLabTracker
from taximeter_swanlab.about import Tree, describe_environment, describe_source, list_distributions
from taximeter_swanlab.media import Medium, as_image, as_page, as_table
from taximeter_swanlab.names import (
    ARTIFACTS,
    OURS,
    description_for,
    folder_for,
    media_key,
    metric_key,
    name_for,
    param_key,
    param_value,
    project_for,
    run_id_for,
    tags_for,
)
from taximeter_swanlab.vendor import VendorRun, stamp

_STATES = {"finished": RunState.RUN_STATE_FINISHED, "failed": RunState.RUN_STATE_CRASHED}


class SwanLabWriter(RunWriter):
    """A run that is being written.

    Every method ends when its records are with the operating system. What an earlier attempt left of the run is
    deleted when it begins: SwanLab cannot go on with a log that another process left behind.
    """

    tracker = SwanLabTracker

    def __init__(self, location: Path, started: Started) -> None:
        self._run = VendorRun(location / folder_for(started.run_id, started.time), _start_of(started))
        self._config = self._run.files / "config.yaml"
        self._params = 0
        self._time = started.time
        self._shown: Counter[str] = Counter()
        self._tags: dict[str, str] = {}
        self._notes: list[str] = []
        self._metadata: Tree = {}
        self._add_to_config({OURS: _ours(started)})
        self._run.save("config", self._config, SaveType.SAVE_TYPE_CONFIG)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add to the run's config."""
        self._add_to_config({param_key(name): param_value(value) for name, value in params.items()})

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Log every point with its own step and time."""
        self._time = rows[-1].time
        self._run.log(
            (metric_key(key), value, row.step, row.time) for row in rows for key, value in row.values.items()
        )

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; SwanLab has them in a run's head, which is complete when the run ends."""
        self._tags |= tags

    def add_note(self, text: str) -> None:
        """Add to the description, which is in the head too."""
        self._notes.append(text)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - SwanLab keeps no types
        """Keep a copy among the run's files; SwanLab by itself would keep a link."""
        kept = keep_artifact(file, self._run.files / ARTIFACTS, path)
        self._run.save(f"{ARTIFACTS}/{path}", kept)

    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        """Log an image, or a vector graphic as a page."""
        self._show(path, as_image(file, path, media_type))

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Log a table of the first rows."""
        self._show(path, as_table(file, media_type))

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Log a text, or a page."""
        self._show(path, as_page(file, media_type))

    def capture_source(self, source: Source) -> None:
        """Describe the command and its commit."""
        self._describe(describe_source(source))

    def capture_environment(self, environment: Environment) -> None:
        """Describe the machine, and list the distributions."""
        self._describe(describe_environment(environment))
        requirements = self._run.files / "requirements.txt"
        requirements.write_bytes(list_distributions(environment.distributions).encode())
        self._run.save("requirements", requirements, SaveType.SAVE_TYPE_REQUIREMENTS)

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Store the exact record among the run's files, and end the run; SwanLab calls a killed one aborted."""
        kept = keep_artifact(record_file, self._run.files, RECORD_PATH)
        self._run.save(RECORD_PATH, kept)
        self._run.start.tags.extend(tags_for(self._tags))
        self._run.start.description = description_for(self._notes)
        error = (self._notes or ["unknown"])[-1] if record.status == "failed" else None
        time = record.started if record.ended is None else record.ended
        self._run.finish(_STATES.get(record.status, RunState.RUN_STATE_ABORTED), error, time)

    def close(self) -> None:
        """Let go of the log."""
        self._run.close()

    def _add_to_config(self, params: Mapping[str, Any]) -> None:
        """Add entries at the end of the file; SwanLab by itself would write all of it again each time."""
        places = {name: self._params + number for number, name in enumerate(params)}
        self._params += len(params)
        with self._config.open("ab") as file:
            file.write(dump_config(format_config(dict(params), places)).encode())

    def _describe(self, metadata: Tree) -> None:
        """Add to what SwanLab shows of the machine and the code."""
        for name, branch in metadata.items():
            known = self._metadata.get(name)
            self._metadata[name] = known | branch if isinstance(known, dict) else branch
        file = self._run.files / "swanlab-metadata.json"
        file.write_bytes(json.dumps(self._metadata).encode())
        self._run.save("metadata", file, SaveType.SAVE_TYPE_METADATA)

    def _show(self, path: str, medium: Medium | None) -> None:
        """Log a medium; each time that a path is logged is a step."""
        if medium is None:
            return
        step = self._shown[path]
        self._shown[path] += 1
        item = medium.item(step, path)
        (self._run.media_folder(medium.folder) / item.filename).write_bytes(medium.content)
        self._run.show(media_key(path), medium.kind, item, step, self._time)


def _start_of(started: Started) -> StartRecord:
    """Return the head of the run; a child run is in the group of its parent."""
    return StartRecord(
        project=project_for(started.experiment),
        name=name_for(started.name, started.run_id),
        group=None if started.parent_id is None else name_for(started.parent_id, started.parent_id),
        id=run_id_for(started.run_id),
        started_at=stamp(started.time),
    )


def _ours(started: Started) -> dict[str, str]:
    """Return what SwanLab has no place for."""
    ours = {"run": started.run_id, "experiment": started.experiment, "parent": started.parent_id}
    ours["hypothesis"] = started.hypothesis
    return {name: text for name, text in ours.items() if text is not None}
