"""W&B's record log, the ``run-<id>.wandb`` file, as its Go writer (``core/pkg/leveldb``) lays it out."""

from taximeter.record_log import RecordLog


class WandbLog(RecordLog):
    """A log of protobuf."""

    headers = (b":W&B\xe1\xbe\x00",)
