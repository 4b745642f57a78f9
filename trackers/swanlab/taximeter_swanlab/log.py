"""SwanLab's record log, the ``run-<id>.swanlab`` file; before SwanLab 0.8, ``backup.swanlab``."""

from taximeter.record_log import RecordLog


class SwanLabLog(RecordLog):
    """A log of JSON before SwanLab 0.8, of protobuf since."""

    headers = (b":SWL\xd6\xe1\x01", b":SWL\xd6\xe1\x02")
