"""Gathers a record from events as TensorBoard's dashboards understand them, whoever wrote them."""

import logging
import math
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from taximeter.errors import InputError
from taximeter.files import check_artifact_path, media_type
from taximeter.record import (
    Artifact,
    Dataset,
    Environment,
    RunRecord,
    Series,
    Source,
    Status,
    unpack_dataset,
)
from taximeter.tracker import RECORD_FOLDER
from taximeter.values import Value
from taximeter_tensorboard.names import safe_path
from taximeter_tensorboard.previews import image_suffix, unfenced
from taximeter_tensorboard.summaries import ARTIFACTS_TAG, MICROSECONDS, STATUS_TAG, Listed
from taximeter_tensorboard.vendor import (
    DT_DOUBLE,
    DT_FLOAT,
    DecodeError,
    Event,
    SessionLog,
    Summary,
    TensorProto,
    api_pb2,
    hparams_metadata,
    image_metadata,
    make_ndarray,
    plugin_data_pb2,
    scalar_metadata,
    text_metadata,
)

_LAST_SECOND = 9e12
_IMAGES_BEGIN = 2
_STATUSES: dict[int, Status] = {
    api_pb2.Status.Value("STATUS_FAILURE"): "failed",
    api_pb2.Status.Value("STATUS_RUNNING"): "running",
}
_STATUS_TEXTS: dict[str, Status] = {status: status for status in ("finished", "failed", "killed")}
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class NativeRun:
    """What the events of one run say.

    Args:
        ours: this adapter wrote the run, so its tags have meanings.
        wanted: the artifact whose bytes are to be kept in `found`.
    """

    def __init__(self, *, ours: bool, wanted: str | None = None) -> None:
        self.status: Status = "running" if ours else "finished"
        self.started = 0
        self.found: bytes | None = None
        self._ours = ours
        self._wanted = wanted
        self._begun = False
        self._ended: int | None = None
        self._last = 0
        self._plugins: dict[str, str] = {}
        self._metrics: dict[str, Series] = {}
        self._params: dict[str, Value] = {}
        self._artifacts: dict[str, Artifact] = {}
        self._texts: dict[str, list[str]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        time = microseconds(event.wall_time)
        if not self._begun:
            self._begun, self.started = True, time
        self._last = max(self._last, time)
        if event.HasField("session_log") and event.session_log.status == SessionLog.START:
            self._restart(event.step)
        for value in event.summary.value:
            self._add_value(value, event.step, time)

    def listed(self) -> list[Listed]:
        """Return the artifacts that lie beside the event file, as far as it lists them."""
        return _decoded(self._texts.get(ARTIFACTS_TAG, []), Listed)

    def record(self, run_id: str, experiment: str, name: str, parent_id: str | None) -> RunRecord:
        """Return all that was gathered."""
        texts = self._texts
        ended = self._last if self._ended is None and not self._ours else self._ended
        return RunRecord(
            run_id=run_id,
            experiment=experiment,
            name=name,
            status=self.status,
            started=self.started,
            ended=None if self.status == "running" else ended,
            parent_id=parent_id,
            hypothesis=texts.get("run/hypothesis", [None])[-1],
            notes=tuple(texts.get("run/notes", ())),
            params=self._params,
            metrics=self._metrics,
            tags={
                name.removeprefix("run/tags/"): text[-1]
                for name, text in texts.items()
                if name.startswith("run/tags/")
            },
            artifacts=self._artifacts,
            datasets=tuple(map(unpack_dataset, _decoded(texts.get("run/datasets", []), Dataset))),
            source=next(reversed(_decoded(texts.get("run/source", []), Source)), None),
            environment=next(reversed(_decoded(texts.get("run/environment", []), Environment)), None),
        )

    def _add_value(self, value: Summary.Value, step: int, time: int) -> None:
        plugin = value.metadata.plugin_data.plugin_name
        if plugin:
            self._plugins.setdefault(value.tag, plugin)
        plugin = plugin or self._plugins.get(value.tag)
        name = (self._ours and value.metadata.display_name) or value.tag
        match value.WhichOneof("value"), plugin:
            case "simple_value", _:
                self._add_point(name, value.simple_value, step, time)
            case "tensor", scalar_metadata.PLUGIN_NAME:
                self._add_point(name, _number(value.tensor, value.tag), step, time)
            case "tensor", text_metadata.PLUGIN_NAME:
                self._add_text(name, _text(value.tensor), step)
            case "tensor", image_metadata.PLUGIN_NAME:
                self._add_images(name, value.tensor.string_val[_IMAGES_BEGIN:], step)
            case "image", _:
                self._add_images(name, [value.image.encoded_image_string], step)
            case _, hparams_metadata.PLUGIN_NAME:
                self._add_session(value.metadata.plugin_data.content)

    def _add_point(self, key: str, number: float | None, step: int, time: int) -> None:
        if number is not None:
            self._metrics.setdefault(key, Series()).append(number, step, time)

    def _add_text(self, name: str, text: str, step: int) -> None:
        if not self._ours:
            self._add_artifact(self._free(f"texts/{safe_path(name)}/{step}", ".md"), text.encode())
        elif name.startswith("texts/"):
            path = _own_path(name.removeprefix("texts/"))
            plain = text if media_type(path) == "text/markdown" else unfenced(text)
            self._add_artifact(path, plain.encode())
        elif name == STATUS_TAG:
            self.status = _STATUS_TEXTS.get(text, self.status)
        else:
            self._texts.setdefault(name, []).append(text)

    def _add_images(self, name: str, images: list[bytes], step: int) -> None:
        for content in images:
            path = f"images/{safe_path(name)}/{step}"
            self._add_artifact(_own_path(name) if self._ours else self._free(path, image_suffix(content)), content)

    def _add_artifact(self, path: str, content: bytes) -> None:
        self._artifacts[path] = Artifact(len(content), sha256(content).hexdigest(), media_type(path))
        if path == self._wanted:
            self.found = content

    def _free(self, path: str, suffix: str) -> str:
        """Return a path that no artifact has yet: a step may be written twice, and hold several images."""
        number = 1
        while (free := f"{path}{f'-{number}' if number > 1 else ''}{suffix}") in self._artifacts:
            number += 1
        return free

    def _add_session(self, content: bytes) -> None:
        try:
            data = plugin_data_pb2.HParamsPluginData.FromString(content)
        except DecodeError as error:
            _log.warning("hparams that cannot be read are left out: %s", error)
            return
        if data.HasField("session_start_info"):
            info = data.session_start_info
            self._params = {name: _hparam(value) for name, value in info.hparams.items()} | self._params
            self.started = microseconds(info.start_time_secs) or self.started
            self.status = "running" if self._ended is None else self.status
        elif data.HasField("session_end_info"):
            self.status = _STATUSES.get(data.session_end_info.status, "finished")
            self._ended = microseconds(data.session_end_info.end_time_secs)

    def _restart(self, step: int) -> None:
        """Forget points from `step` on, as TensorBoard does when a writer says that it begins there again."""
        for key, series in self._metrics.items():
            kept = [point for point in series if point.step < step]
            self._metrics[key] = Series(*zip(*kept, strict=True)) if kept else Series()


def microseconds(seconds: float) -> int:
    """Return float seconds since 1970 as whole microseconds; 0 for what no clock shows."""
    return round(seconds * MICROSECONDS) if math.isfinite(seconds) and abs(seconds) < _LAST_SECOND else 0


def _number(tensor: TensorProto, tag: str) -> float | None:
    """Return the number in a scalar tensor of any type."""
    if tensor.dtype == DT_DOUBLE and len(tensor.double_val) == 1:
        return float(tensor.double_val[0])
    if tensor.dtype == DT_FLOAT and len(tensor.float_val) == 1:
        return float(tensor.float_val[0])
    try:
        return float(make_ndarray(tensor).item())
    except (TypeError, ValueError) as error:
        _log.warning("a point of %r that is no number is left out: %s", tag, error)
        return None


def _text(tensor: TensorProto) -> str:
    return "\n".join(part.decode(errors="replace") for part in tensor.string_val)


def _hparam(value: Any) -> Value:
    """Return a param as the proto holds it: every number is a float."""
    match value.WhichOneof("kind"):
        case "bool_value" | "number_value" | "string_value" as kind:
            scalar: bool | float | str = getattr(value, kind)
            return scalar
        case "list_value":
            return [_hparam(item) for item in value.list_value.values]
        case "struct_value":
            return {key: _hparam(item) for key, item in value.struct_value.fields.items()}
    return None


def _own_path(path: str) -> str:
    try:
        return check_artifact_path(path, RECORD_FOLDER)
    except InputError:  # nobody but us should have written it, but a store may come from anywhere
        return safe_path(path)


def _decoded(texts: list[str], kind: type[_T]) -> list[_T]:
    """Return what the texts describe; one that somebody else wrote under the same tag describes nothing."""
    found = []
    for text in texts:
        try:
            found.append(msgspec.json.decode(unfenced(text), type=kind))
        except msgspec.MsgspecError as error:
            _log.warning("a text that describes no %s is left out: %s", kind.__name__, error)
    return found
