"""Comet's messages: what was logged to a run, in the order of the calls."""

from typing import Any, TypeAlias

import msgspec

ASSET, TEXT, MODEL, PATCH = "asset", "text-sample", "model-element", "git-patch"
FIGURE, TABLE = "visualization", "dataframe"
"""Comet's kinds of files."""


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    """What is inside a message; names in Comet's code are in both spellings."""


class Metric(_Payload, frozen=True):
    """A point."""

    metric_name: str
    metric_value: Any
    step: Any = None


class MetricMessage(msgspec.Struct, frozen=True):
    """One call of ``log_metric``; the time in milliseconds."""

    metric: Metric
    local_timestamp: int
    context: str | None = None


class Param(_Payload, frozen=True):
    """A hyperparameter."""

    param_name: str
    param_value: Any


class ParamMessage(msgspec.Struct, frozen=True):
    """One call of ``log_parameter``; a list has a field of its own."""

    param: Param | None = None
    params: Param | None = None
    context: str | None = None


class FileNames(_Payload, frozen=True):
    """What a file is called: an image, any other file, and the model that it belongs to."""

    fig_name: str | None = None
    file_name: str | None = None
    grouping_name: str | None = None


class UploadMessage(msgspec.Struct, frozen=True):
    """One file that was logged: its name in the archive, its kind, and what it is called."""

    file_path: str
    upload_type: str
    additional_params: FileNames | None = None
    metadata: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """What the file is called; a model's lies below the name of the model, and texts have none in Comet."""
        names = self.additional_params or FileNames()
        if self.upload_type == TEXT:
            return str((self.metadata or {}).get("name", ""))
        name = names.fig_name or names.file_name or ""
        return f"{names.grouping_name}/{name}" if names.grouping_name else name

    @property
    def model(self) -> str | None:
        """The name of the model that the file belongs to."""
        return self.additional_params.grouping_name if self.additional_params else None


class OtherMessage(msgspec.Struct, frozen=True):
    """One call of ``log_other``."""

    key: Any
    value: Any


class FileNameMessage(msgspec.Struct, frozen=True):
    """The script that ran."""

    file_name: str


class GitMessage(msgspec.Struct, frozen=True):
    """The commit, called parent, the branch, and more."""

    git_metadata: dict[str, Any]


class SystemMessage(msgspec.Struct, frozen=True):
    """The command and the machine."""

    command: list[str] | str | None = None
    os: str | None = None
    processor: str | None = None
    python_version: str | None = None


class SystemInfoMessage(msgspec.Struct, frozen=True):
    """One call of ``log_system_info``: a key and a value."""

    system_info: dict[str, Any]


class PackagesMessage(msgspec.Struct, frozen=True):
    """The installed distributions, each as ``name==version``."""

    installed_packages: list[str]


class GpusMessage(msgspec.Struct, frozen=True):
    """The graphics processors."""

    gpu_static_info: list[dict[str, Any]]


Message: TypeAlias = (
    MetricMessage
    | ParamMessage
    | UploadMessage
    | OtherMessage
    | FileNameMessage
    | GitMessage
    | SystemMessage
    | SystemInfoMessage
    | PackagesMessage
    | GpusMessage
)
