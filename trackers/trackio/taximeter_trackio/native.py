"""What Trackio's tables say of a run, in the terms of a run's record and in the types that Trackio returns."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

import msgspec

from taximeter.files import media_type
from taximeter.numbers import NAMED_NUMBERS, stored_float, stored_int
from taximeter.record import Artifact, Dataset, Model, RunRecord, Series, Status, unpack_dataset, unpack_model
from taximeter_trackio.names import DATASET, FILE, MODEL, NOTE, RECORD
from taximeter_trackio.tables import Link, Row, StoredRun
from taximeter_trackio.times import row_time

_STATUSES: dict[Any, Status] = {status: status for status in ("running", "finished", "failed", "killed")}
_DIGEST = re.compile("[0-9a-f]{64}")


class Blob(msgspec.Struct, frozen=True):
    """A file of an artifact, which Trackio keeps under its sha256."""

    digest: str
    size: int


def record_of(
    run: StoredRun, project: str, rows: Iterable[Row], links: Iterable[Link], alerts: list[str]
) -> RunRecord:
    """Return the run; of one that we wrote, what is shown twice counts once."""
    ours, links = run.ours or {}, list(links)
    metrics, notes = _fold(rows, started_of(run), notes_only=bool(ours))
    return RunRecord(
        run_id=run.vendor_id,
        experiment=experiment_of(run, project),
        name=run.name,
        status=status_of(run),
        started=started_of(run),
        ended=row_time(ours.get("ended")),
        parent_id=run.config.get("_Group") if ours else None,
        hypothesis=ours.get("hypothesis"),
        notes=tuple(notes if ours else notes + alerts),
        params=_params(run.config, ours=bool(ours)),
        metrics=metrics,
        artifacts={
            path: Artifact(blob.size, blob.digest, media_type(path)) for path, blob in blobs_of(run, links).items()
        },
        datasets=tuple(_datasets(links)),
        models=_models(links),
    )


def blobs_of(run: StoredRun, links: Iterable[Link]) -> dict[str, Blob]:
    """Return the files of the artifacts that a run logged, by our path or by the artifact's name and theirs."""
    found: dict[str, Blob] = {}
    for link in links:
        if link.direction != "output" or link.kind == RECORD:
            continue
        for entry in link.manifest:
            if "ref" not in entry and _DIGEST.fullmatch(str(entry.get("digest"))):
                found[_path(run, link, str(entry["path"]))] = Blob(entry["digest"], int(entry.get("size", 0)))
    return found


def record_blob(links: Iterable[Link]) -> str | None:
    """Return the digest of the exact record, if the run has one."""
    entries = [link.manifest[0] for link in links if link.kind == RECORD and link.manifest]
    digest = str(entries[-1].get("digest")) if entries else ""
    return digest if _DIGEST.fullmatch(digest) else None


def media_of(rows: Iterable[Row]) -> dict[str, str]:
    """Return the files of a run's media, by the path that we give them: where below the media of the project."""
    found = {}
    for row in rows:
        for place in _file_paths(row.values):
            parts = PurePosixPath(place).parts
            found["/".join(("media", *parts[1:]))] = place
    return found


def tables_of(rows: Iterable[Row]) -> dict[str, bytes]:
    """Return the tables among a run's rows as JSON, by the path that we give them."""
    found = {}
    for row in rows:
        for key, value in row.values.items():
            if isinstance(value, dict) and value.get("_type") == "trackio.table":
                parts = (part for part in key.split("/") if part not in {"", ".", ".."})
                found["/".join(("tables", *parts, f"{row.step}.json"))] = msgspec.json.encode(value.get("_value"))
    return found


def experiment_of(run: StoredRun, project: str) -> str:
    """Return the experiment; the name of a database is not always the name of one."""
    return str(run.ours["experiment"]) if run.ours else project


def status_of(run: StoredRun) -> Status:
    """Return the status; Trackio itself keeps none."""
    return _STATUSES.get((run.ours or {}).get("status"), "finished")


def started_of(run: StoredRun) -> int:
    """Return when the run began: as its config says, or at its first row."""
    created, first = row_time(run.config.get("_Created")), row_time(run.first_time)
    return next((time for time in (created, first) if time is not None), 0)


def _fold(rows: Iterable[Row], started: int, *, notes_only: bool) -> tuple[dict[str, Series], list[str]]:
    """Return the points, and the Markdown reports: all of them, or those that are notes."""
    metrics: dict[str, Series] = {}
    notes: list[str] = []
    for row in rows:
        time = row_time(row.time)
        for key, value in row.values.items():
            number = stored_float(value)
            if number is not None:
                series = metrics.get(key) or metrics.setdefault(key, Series())
                series.append(number, stored_int(row.step), started if time is None else time)
            elif _is_report(value) and (key == NOTE or not notes_only):
                notes.append(str(value.get("_value")))
    return metrics, notes


def _params(config: dict[str, Any], *, ours: bool) -> dict[str, Any]:
    """Return the config without what Trackio, and we, keep there."""
    hidden = {"taximeter"} if ours else set()
    shown = {key: value for key, value in config.items() if not key.startswith("_") and key not in hidden}
    return {
        key: NAMED_NUMBERS.get(value, value) if isinstance(value, str) else value for key, value in shown.items()
    }


def _datasets(links: Iterable[Link]) -> Iterator[Dataset]:
    """Yield the datasets whose artifacts say what we say of one."""
    for link in links:
        if link.kind == DATASET:
            try:
                yield unpack_dataset(msgspec.convert(link.metadata, Dataset))
            except msgspec.ValidationError:
                continue


def _models(links: Iterable[Link]) -> dict[str, Model]:
    """Return the artifacts of the type model that the run logged."""
    found = [link for link in links if link.kind == MODEL and link.direction == "output"]
    return {
        str(link.metadata.get("path", link.name)): unpack_model(
            Model(
                str(link.metadata.get("flavour", "unknown")),
                link.metadata.get("signature"),
                link.metadata.get("input_example"),
            )
        )
        for link in found
    }


def _path(run: StoredRun, link: Link, path: str) -> str:
    """Return the path of a file: for ours the one that we logged, else below the artifact's name."""
    path = path.removeprefix("_/") if run.ours else path
    if run.ours and link.kind == FILE:
        return str(link.metadata.get("path", path))
    folder = str(link.metadata.get("path", link.name)) if run.ours else link.name
    return path if path == folder else f"{folder}/{path}"


def _file_paths(value: Any) -> Iterator[str]:
    """Yield the files that a logged value refers to, those in tables too."""
    if isinstance(value, dict):
        if str(value.get("_type", "")).startswith("trackio.") and isinstance(value.get("file_path"), str):
            yield value["file_path"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _file_paths(item)


def _is_report(value: Any) -> bool:
    return isinstance(value, dict) and value.get("_type") == "trackio.markdown"
