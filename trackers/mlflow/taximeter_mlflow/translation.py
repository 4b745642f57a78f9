"""Turns the errors of MLflow, and of what it is built on, into ours.

TrackerError
├── mlflow.exceptions.MlflowException
├── requests.RequestException
└── sqlalchemy.exc.SQLAlchemyError
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mlflow.exceptions import MlflowException
from requests import RequestException

from taximeter.errors import TrackerError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def translated(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Raise what MLflow raises as a `TrackerError`."""

    @wraps(function)
    def wrapper(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except _errors() as error:
            raise TrackerError(f"MLflow: {error}") from error

    return wrapper


def _errors() -> tuple[type[Exception], ...]:
    """Return what MLflow raises; SQLAlchemy is slow to import, and raises nothing before somebody has done so."""
    sql = sys.modules.get("sqlalchemy.exc")
    return (MlflowException, RequestException, *((sql.SQLAlchemyError,) if sql else ()))
