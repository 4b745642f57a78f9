"""The vendor's protobuf messages, without the vendor."""

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    __version__ as protobuf_version,
)
from google.protobuf import json_format, message

from taximeter.protobuf_messages import message_class
from taximeter_wandb.log import WandbLog

_RECORD = "wandb_internal.Record"
_FILE = "wandb/proto/wandb_internal.proto"


def parse(payload: bytes) -> Any:
    """Return the ``wandb_internal.Record`` that a log holds as `payload`, or None where it is none."""
    try:
        return _record_class().FromString(payload)
    except message.DecodeError:
        return None


def exit_in(log: Path) -> Any:
    """Return the ``RunExitRecord`` at the end of a log, or None where there is none (yet)."""
    records = map(parse, WandbLog(log).last_payloads())
    return next((record.exit for record in records if record is not None and record.HasField("exit")), None)


def to_dict(record: Any) -> dict[str, Any]:
    """Return a message as the JSON that W&B makes of it."""
    tree: dict[str, Any] = json_format.MessageToDict(record)
    return tree


@cache
def _record_class() -> Any:
    return message_class("wandb", _FILE, _RECORD, _generated)


def _generated(root: Path, name: str) -> Path:
    """Return where the vendor keeps a file's messages for the installed protobuf."""
    return root / "proto" / f"v{protobuf_version.partition('.')[0]}" / f"{Path(name).stem}_pb2.py"
