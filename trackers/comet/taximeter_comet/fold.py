"""The messages of a run, added up as Comet's service would."""

import logging
from collections.abc import Iterable
from typing import Any, BinaryIO, NamedTuple

from taximeter.numbers import stored_float, stored_int
from taximeter.record import Series
from taximeter_comet.archive import Archive
from taximeter_comet.lines import decode
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

_MICROSECONDS = 1_000

_logger = logging.getLogger(__name__)


class Upload(NamedTuple):
    """A file that was logged, and the archive that holds it."""

    archive: Archive
    message: UploadMessage

    def open(self) -> BinaryIO:
        """Open the file.

        Raises:
            FileNotFoundError: the archive does not have it whole.
        """
        return self.archive.open_sound(self.message.file_path)


class Fold:
    """What a run's messages add up to; of what was logged again under a name, the last counts.

    Args:
        archives: a run may go on in another archive.
    """

    def __init__(self, archives: Iterable[Archive]) -> None:
        self.metrics: dict[str, Series] = {}
        self.params: dict[str, Any] = {}
        self.others: dict[str, Any] = {}
        self.info: dict[str, Any] = {}
        self.uploads: list[Upload] = []
        self.script: str | None = None
        self.git: dict[str, Any] = {}
        self.system: SystemMessage | None = None
        self.packages: list[str] = []
        self.gpus: list[dict[str, Any]] = []
        self._no_numbers = 0
        for archive in archives:
            for message in decode(archive.lines()):
                self._add(archive, message)
        if self._no_numbers:
            _logger.warning("%d values of Comet metrics are no numbers and were left out", self._no_numbers)

    def _add(self, archive: Archive, message: Message) -> None:
        match message:
            case MetricMessage():
                self._add_point(message)
            case ParamMessage():
                self._add_param(message)
            case UploadMessage():
                self.uploads.append(Upload(archive, message))
            case OtherMessage():
                self.others[str(message.key)] = message.value
            case SystemInfoMessage():
                self.info[str(message.system_info.get("key"))] = message.system_info.get("value")
            case FileNameMessage():
                self.script = message.file_name
            case GitMessage():
                self.git = message.git_metadata
            case SystemMessage():
                self.system = message
            case PackagesMessage():
                self.packages = message.installed_packages
            case GpusMessage():
                self.gpus = message.gpu_static_info

    def _add_point(self, message: MetricMessage) -> None:
        value = stored_float(message.metric.metric_value)
        if value is None:
            self._no_numbers += 1
            return
        key = metric_key(message)
        series = self.metrics.get(key) or self.metrics.setdefault(key, Series())
        series.append(value, stored_int(message.metric.step), stored_int(message.local_timestamp * _MICROSECONDS))

    def _add_param(self, message: ParamMessage) -> None:
        param = message.param or message.params
        if param:
            self.params[_in_context(message.context, param.param_name)] = param.param_value


def metric_key(message: MetricMessage) -> str:
    """Return the key of a point."""
    return _in_context(message.context, message.metric.metric_name)


def _in_context(context: str | None, name: str) -> str:
    """Return a name as Comet shows what was logged within ``experiment.train()`` and the like."""
    return f"{context}_{name}" if context else name
