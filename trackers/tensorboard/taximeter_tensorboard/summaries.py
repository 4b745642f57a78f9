"""What is written into an event file, as TensorBoard's plugins read it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from taximeter.record import Status
from taximeter.values import Value, pack
from taximeter_tensorboard.eventfile import parse
from taximeter_tensorboard.vendor import (
    DT_FLOAT,
    DT_STRING,
    Event,
    Summary,
    SummaryMetadata,
    TensorProto,
    TensorShapeProto,
    api_pb2,
    hparams_metadata,
    image_metadata,
    plugin_data_pb2,
    scalar_metadata,
    text_metadata,
)

OWN_PLUGIN = "taximeter"
"""A plugin that no dashboard has, so none shows it."""
RUN_TAG = "taximeter/run"

STATUS_TAG = "run/status"
ARTIFACTS_TAG = "run/artifacts"

MICROSECONDS = 1e6
_DIGITS = 4_000
_SCALAR_SHAPE = TensorShapeProto()
_STATUSES: dict[Status, str] = {
    "running": "STATUS_RUNNING",
    "finished": "STATUS_SUCCESS",
    "failed": "STATUS_FAILURE",
    "killed": "STATUS_FAILURE",
}


class Listed(msgspec.Struct, frozen=True):
    """What the text dashboard shows of an artifact that lies beside the event file."""

    path: str
    media_type: str


def event(value: Any, wall_time: float, step: int = 0) -> Event:
    """Return an event with one summary value."""
    return Event(wall_time=wall_time, step=step, summary=Summary(value=[value]))


def scalar_type(display_name: str) -> SummaryMetadata:
    """Return the metadata that sends a value to the scalars dashboard."""
    return scalar_metadata.create_summary_metadata(display_name, "")


def scalar(tag: str, metadata: SummaryMetadata, value: float) -> Summary.Value:
    """Return a point of a metric as float32: TensorBoard's default loader drops float64 without a word."""
    tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=_SCALAR_SHAPE, float_val=[value])
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def text(tag: str, display_name: str, content: str) -> Summary.Value:
    """Return Markdown for the text dashboard."""
    metadata = text_metadata.create_summary_metadata(display_name, "")
    return Summary.Value(tag=tag, metadata=metadata, tensor=_strings(content.encode()))


def image(tag: str, display_name: str, size: tuple[int, int], content: bytes) -> Summary.Value:
    """Return an encoded image of (width, height) pixels for the images dashboard."""
    metadata = image_metadata.create_summary_metadata(display_name, "")
    width, height = (str(pixels).encode() for pixels in size)
    tensor = _strings(width, height, content)
    tensor.tensor_shape.dim.add(size=3)
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def own(tag: str, content: bytes) -> Summary.Value:
    """Return bytes that only this adapter reads."""
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=OWN_PLUGIN))
    return Summary.Value(tag=tag, metadata=metadata, tensor=_strings(content))


def own_values(payload: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield tag and content of what `own` put into an event."""
    parsed = parse(payload)
    for value in parsed.summary.value if parsed else ():
        if value.metadata.plugin_data.plugin_name == OWN_PLUGIN:
            yield value.tag, b"".join(value.tensor.string_val)


def session_start(params: Mapping[str, Value], began: float) -> Summary.Value:
    """Return the params of a run, which began at `began` seconds, for the hparams dashboard."""
    info = plugin_data_pb2.SessionStartInfo(start_time_secs=began)
    for name, value in params.items():
        _set_hparam(info.hparams[name], value)
    return _hparams(hparams_metadata.SESSION_START_INFO_TAG, session_start_info=info)


def session_end(status: Status, ended: float) -> Summary.Value:
    """Return how and when, in seconds, a run ended for the hparams dashboard; it knows no kill, only failure."""
    info = plugin_data_pb2.SessionEndInfo(status=api_pb2.Status.Value(_STATUSES[status]), end_time_secs=ended)
    return _hparams(hparams_metadata.SESSION_END_INFO_TAG, session_end_info=info)


def _hparams(tag: str, **info: Any) -> Summary.Value:
    metadata = hparams_metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**info))
    return Summary.Value(tag=tag, metadata=metadata, tensor=hparams_metadata.NULL_TENSOR)


def _set_hparam(hparam: Any, value: Value) -> None:
    """Set a param as bool, number, null or text; a number that a double cannot hold is written as text."""
    if value is None:
        hparam.null_value = 0
    elif isinstance(value, bool):
        hparam.bool_value = value
    elif isinstance(value, float) or (isinstance(value, int) and _fits_double(value)):
        hparam.number_value = value
    elif isinstance(value, int):
        hparam.string_value = str(value) if value.bit_length() < _DIGITS else hex(value)
    elif isinstance(value, str):
        hparam.string_value = value
    else:
        hparam.string_value = msgspec.json.encode(pack(value)).decode()


def _fits_double(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _strings(*content: bytes) -> TensorProto:
    return TensorProto(dtype=DT_STRING, tensor_shape=TensorShapeProto(), string_val=content)
