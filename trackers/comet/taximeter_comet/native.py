"""What Comet keeps of a run by itself, in the terms of a run's record and in the types that Comet writes."""

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from zipfile import ZipFile

import msgspec

from taximeter.files import describe_stream
from taximeter.record import (
    Artifact,
    Dataset,
    Environment,
    Model,
    RunRecord,
    Source,
    Status,
    unpack_dataset,
    unpack_model,
)
from taximeter.tracker import RECORD_FOLDER, RECORD_PATH
from taximeter_comet.archive import DAMAGE, Archive, Meta
from taximeter_comet.fold import Fold, Upload
from taximeter_comet.messages import ASSET, MODEL, PATCH, TEXT, UploadMessage
from taximeter_comet.names import (
    CORES,
    DATASET_INFO,
    DATASETS,
    FAILED,
    HIDDEN,
    HYPOTHESIS,
    KILLED,
    MEMORY,
    NAME,
    PARENT,
    RUN_ID,
    STARTED,
    UNENDED,
    UNNAMED_PROJECT,
)

_STATUSES: dict[str | None, Status] = {FAILED: "failed", KILLED: "killed", UNENDED: "running"}
_CRASH = "Unexpected error detected in the user script"
_BRANCH = "refs/heads/"
_MICROSECONDS = 1_000


def record_of(archives: list[Archive]) -> RunRecord:
    """Return the run that lies in these archives."""
    fold, first, last = Fold(archives), archives[0].meta, archives[-1]
    status = status_of(last)
    stopped = last.meta.stop_time
    return RunRecord(
        run_id=run_id_of(archives[0], fold.others),
        experiment=experiment_of(first),
        name=name_of(fold.others),
        status=status,
        started=started_of(first, fold.others),
        ended=None if status == "running" or stopped is None else stopped * _MICROSECONDS,
        hypothesis=fold.others.get(HYPOTHESIS),
        notes=tuple(_notes(fold.uploads)),
        params=fold.params,
        metrics=fold.metrics,
        tags=_tags(fold, archives),
        artifacts=_artifacts(files_of(fold.uploads, ours=archives[0].is_ours)),
        datasets=tuple(_datasets(fold.uploads)),
        models=_models(fold.uploads),
        source=_source(fold),
        environment=_environment(fold),
    )


def run_id_of(archive: Archive, others: dict[str, Any]) -> str:
    """Return our id of a run that we wrote, else Comet's."""
    return str(others.get(RUN_ID, archive.key))


def experiment_of(meta: Meta) -> str:
    """Return the experiment: the project."""
    return UNNAMED_PROJECT if meta.project_name is None else meta.project_name


def started_of(meta: Meta, others: dict[str, Any]) -> int:
    """Return the start of a run that we wrote, else Comet's, which is in milliseconds."""
    started = others.get(STARTED)
    return started if isinstance(started, int) else meta.start_time * _MICROSECONDS


def name_of(others: dict[str, Any]) -> str:
    """Return the name; Comet's service makes one up for a run that has none."""
    return str(others.get(NAME, ""))


def status_of(archive: Archive) -> Status:
    """Return the status: Comet keeps the error of a run that ended badly, and errors of its own."""
    if not archive.is_whole:
        return "running"
    error = archive.meta.customer_error_message if archive.meta.customer_error_reported else None
    return _STATUSES.get(error) or ("failed" if error and error.startswith(_CRASH) else "finished")


def files_of(uploads: Iterable[Upload], *, ours: bool) -> dict[str, Upload]:
    """Return the files that a run logged, by our path, or by the name in Comet.

    Of a run that we wrote only the assets count: whatever else there is shows one of them in another way.
    """
    found = {}
    for upload in uploads:
        path = _our_path(upload.message) if ours else _their_path(upload.message)
        if path:
            found[path] = upload
    return found


def exact_file(uploads: Iterable[Upload]) -> Upload | None:
    """Return the exact record, if the run has one."""
    found = [upload for upload in uploads if upload.message.name == RECORD_PATH]
    return found[-1] if found else None


def _our_path(message: UploadMessage) -> str | None:
    inside = message.upload_type == ASSET and not message.name.startswith(f"{RECORD_FOLDER}/")
    return str((message.metadata or {}).get("path", message.name)) if inside else None


def _their_path(message: UploadMessage) -> str | None:
    """Return the name of a file as a relative path; a script has an absolute one, a patch and a note have none."""
    parts = (part for part in message.name.split("/") if part not in {"", ".", ".."})
    return None if message.upload_type == PATCH else "/".join(parts)


def _artifacts(files: dict[str, Upload]) -> dict[str, Artifact]:
    found = {}
    for path, upload in files.items():
        with suppress(FileNotFoundError), upload.open() as stream:
            found[path] = describe_stream(stream, path)
    return found


def _tags(fold: Fold, archives: list[Archive]) -> dict[str, str]:
    """Return Comet's other values, and its tags, which have no text."""
    hidden = HIDDEN | ({RUN_ID, STARTED, PARENT, HYPOTHESIS, DATASET_INFO} if archives[0].is_ours else set())
    tags = [tag for archive in archives for tag in archive.meta.tags]
    others = {key: _text(value) for key, value in fold.others.items() if key not in hidden}
    return dict.fromkeys(tags, "") | others


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _notes(uploads: Iterable[Upload]) -> Iterator[str]:
    """Yield the texts that have no name."""
    for upload in uploads:
        if upload.message.upload_type == TEXT and not upload.message.name:
            yield _content(upload).decode(errors="replace")


def _datasets(uploads: Iterable[Upload]) -> Iterator[Dataset]:
    """Yield the datasets that assets describe as ours do."""
    for _, message in uploads:
        if message.name.startswith(f"{DATASETS}/"):
            try:
                yield unpack_dataset(msgspec.convert(message.metadata, Dataset))
            except msgspec.ValidationError:
                continue


def _models(uploads: Iterable[Upload]) -> dict[str, Model]:
    """Return the models, each of which has files."""
    found = {}
    for _, message in uploads:
        about = message.metadata or {}
        if message.upload_type == MODEL and message.model:
            model = Model(str(about.get("flavour", "unknown")), about.get("signature"), about.get("input_example"))
            found[str(about.get("path", message.model))] = unpack_model(model)
    return found


def _source(fold: Fold) -> Source | None:
    diff = _diff(fold.uploads)
    command = fold.system.command if fold.system else None
    argv = tuple(command if isinstance(command, list) else [command] if command else [])
    if fold.script is None and not (argv or fold.git or diff is not None):
        return None
    branch = fold.git.get("branch")
    return Source(
        fold.script or "",
        argv,
        commit=fold.git.get("parent"),
        branch=branch.removeprefix(_BRANCH) if branch else branch,
        diff=diff,
    )


def _diff(uploads: Iterable[Upload]) -> str | None:
    """Return the patch, which lies in a zip of its own."""
    patches = [upload for upload in uploads if upload.message.upload_type == PATCH]
    try:
        with ZipFile(io.BytesIO(_content(patches[-1]))) as patch:
            return patch.read(patch.namelist()[0]).decode(errors="replace")
    except (IndexError, *DAMAGE):
        return None


def _environment(fold: Fold) -> Environment | None:
    system = fold.system
    if not fold.packages and not (system and (system.python_version or system.os)):
        return None
    pairs = (package.partition("==") for package in fold.packages)
    ram = fold.metrics.get("sys.ram.total")
    return Environment(
        python=(system and system.python_version) or "",
        os=(system and system.os) or "",
        cpu=(system and system.processor) or "",
        cores=_count(fold.info.get(CORES)),
        memory=_count(fold.info.get(MEMORY, ram.values[-1] if ram else 0)),
        gpus=tuple(str(gpu.get("name")) for gpu in fold.gpus),
        distributions={name: version for name, _, version in pairs},
    )


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _content(upload: Upload) -> bytes:
    """Return the bytes of a file; none where the archive does not have it whole."""
    try:
        with upload.open() as stream:
            return stream.read()
    except FileNotFoundError:
        return b""
