"""The client, imported without the warnings of its dependencies about one another."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from neptune import init_run
    from neptune.exceptions import NeptuneException
    from neptune.internal import operation
    from neptune.types import File

__all__ = ["File", "NeptuneException", "init_run", "operation"]
