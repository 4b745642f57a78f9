"""The vendor's protobuf messages, without the vendor."""

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import message  # type: ignore[import-untyped]

from taximeter.protobuf_messages import message_class
from taximeter_swanlab.backup import fields_in

_FILE = "swanlab/record/v1/record.proto"
_RECORD = "swanlab.record.v1.Record"


def parse(payload: bytes) -> Any:
    """Return the ``Record`` that a log, also an older one, holds as `payload`, or None where it is none."""
    record = _record_class()
    try:
        return record(**fields_in(payload)) if payload.startswith(b"{") else record.FromString(payload)
    except (message.DecodeError, TypeError, ValueError):
        return None


@cache
def _record_class() -> Any:
    return message_class("swanlab", _FILE, _RECORD, _generated)


def _generated(root: Path, name: str) -> Path:
    return root / "proto" / f"{name.removesuffix('.proto')}_pb2.py"
