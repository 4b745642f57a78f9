"""The one place that imports TensorBoard: its protos, its framing and the names of its plugins.

None of these modules imports TensorFlow, even where it is installed.
"""

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorboard.compat.proto.event_pb2 import Event, SessionLog, SourceMetadata  # type: ignore[import-untyped]
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # type: ignore[import-untyped]
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # type: ignore[import-untyped]
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto  # type: ignore[import-untyped]
from tensorboard.compat.proto.types_pb2 import (  # type: ignore[import-untyped]
    DT_DOUBLE,
    DT_FLOAT,
    DT_STRING,
)
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c  # type: ignore[import-untyped]
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2  # type: ignore[import-untyped]
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.image import metadata as image_metadata  # type: ignore[import-untyped]
from tensorboard.plugins.scalar import metadata as scalar_metadata  # type: ignore[import-untyped]
from tensorboard.plugins.text import metadata as text_metadata  # type: ignore[import-untyped]
from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]
from tensorboard.util.tensor_util import make_ndarray  # type: ignore[import-untyped]

__all__ = [
    "DT_DOUBLE",
    "DT_FLOAT",
    "DT_STRING",
    "DecodeError",
    "Event",
    "RecordWriter",
    "SessionLog",
    "SourceMetadata",
    "Summary",
    "SummaryMetadata",
    "TensorProto",
    "TensorShapeProto",
    "api_pb2",
    "hparams_metadata",
    "image_metadata",
    "make_ndarray",
    "masked_crc32c",
    "plugin_data_pb2",
    "scalar_metadata",
    "text_metadata",
]
