"""The lines of JSON in which Comet keeps messages."""

import json
import logging
from collections.abc import Iterable, Iterator

import msgspec

from taximeter_comet.messages import (
    FileNameMessage,
    GitMessage,
    GpusMessage,
    Message,
    MetricMessage,
    OtherMessage,
    PackagesMessage,
    ParamMessage,
    SystemInfoMessage,
    SystemMessage,
    UploadMessage,
)
from taximeter_comet.old import OldMessage

_logger = logging.getLogger(__name__)


class _Line(msgspec.Struct, frozen=True):
    type: str
    payload: msgspec.Raw


UPLOAD, OTHER, METRIC = "file_upload", "log_other", "metric_msg"

_KINDS: dict[str, type[Message | OldMessage]] = {
    METRIC: MetricMessage,
    "parameter_msg": ParamMessage,
    UPLOAD: UploadMessage,
    OTHER: OtherMessage,
    "file_name": FileNameMessage,
    "git_metadata": GitMessage,
    "system_details": SystemMessage,
    "system_info": SystemInfoMessage,
    "installed_packages": PackagesMessage,
    "gpu_static_info": GpusMessage,
    "ws_msg": OldMessage,
}
_LINE = msgspec.json.Decoder(_Line)
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()}


def decode(lines: Iterable[bytes]) -> Iterator[Message]:
    """Yield the messages that a run's record is made of; lines that cannot be read are counted and logged."""
    damaged = 0
    for line in lines:
        try:
            message = _decode(line)
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError):
            damaged += 1
        else:
            if message is not None:
                yield message
    if damaged:
        _logger.warning("%d messages of a Comet run cannot be read", damaged)


def of_type(lines: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the lines that may be messages of one type, without reading the others."""
    mark = f'"{name}"'.encode()
    return (line for line in lines if mark in line)


def _decode(line: bytes) -> Message | None:
    message = _parse(line)
    return message.renewed() if isinstance(message, OldMessage) else message


def _parse(line: bytes) -> Message | OldMessage | None:
    try:
        head = _LINE.decode(line)
        decoder = _DECODERS.get(head.type)
        return decoder.decode(head.payload) if decoder else None
    except msgspec.DecodeError:  # Python writes numbers that JSON has none for, and halves of surrogate pairs
        tree = json.loads(line)
        kind = _KINDS.get(tree["type"])
        return msgspec.convert(tree["payload"], kind) if kind else None
