"""The client `neptune-scale`: a database of protobuf messages for each run."""
