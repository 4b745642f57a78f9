"""Turns the errors of MLflow, and of what it is built on, into ours.

TrackerError
├── mlflow.exceptions.MlflowException
├── requests.RequestException
└── sqlalchemy.exc.SQLAlchemyError
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from taximeter.errors import TrackerError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def translated(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Raise what MLflow raises as a `TrackerError`."""

    @wraps(function)
    def wrapper(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except (MlflowException, SQLAlchemyError, RequestException) as error:
            raise TrackerError(f"MLflow: {error}") from error

    return wrapper
