"""Settings that MLflow reads from its environment; they must be made before it is imported."""

import os

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def quieten() -> None:
    """Keep MLflow off the network and its chatter off the terminal, and let it open a folder."""
    os.environ |= SETTINGS
