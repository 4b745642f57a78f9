"""The client `neptune`, version 1: folders of operations, one JSON document each."""
