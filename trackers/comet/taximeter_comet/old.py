"""Messages as Comet wrote them up to 2022: every kind in one, whose only field with a value says which."""

from typing import Any

import msgspec

from taximeter_comet.messages import (
    FileNameMessage,
    GitMessage,
    Message,
    Metric,
    MetricMessage,
    OtherMessage,
    PackagesMessage,
    Param,
    ParamMessage,
    SystemMessage,
)


class OldMessage(msgspec.Struct, frozen=True, rename={"file_name": "fileName"}):
    """A message of any kind that a run's record may be made of."""

    local_timestamp: int
    context: str | None = None
    metric: Metric | None = None
    param: Param | None = None
    params: Param | None = None
    log_other: dict[str, Any] | None = None
    file_name: str | None = None
    git_meta: dict[str, Any] | None = None
    env_details: SystemMessage | None = None
    installed_packages: list[str] | None = None

    def renewed(self) -> Message | None:
        """Return the message as Comet writes it today; None for one that a run's record is not made of."""
        match self:
            case OldMessage(metric=Metric() as metric):
                return MetricMessage(metric, self.local_timestamp, self.context)
            case OldMessage(param=Param()) | OldMessage(params=Param()):
                return ParamMessage(self.param, self.params, self.context)
            case OldMessage(log_other={"key": key, "val": value}):
                return OtherMessage(key, value)
            case OldMessage(file_name=str(name)):
                return FileNameMessage(name)
            case OldMessage(git_meta=dict(git)):
                return GitMessage(git)
            case OldMessage(installed_packages=list(packages)):
                return PackagesMessage(packages)
        return self.env_details
