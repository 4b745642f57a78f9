"""Whether MLflow would migrate a database when it opens it, which it must never do to one that somebody uses."""

from mlflow.version import VERSION

from taximeter.errors import TrackerError


def check_schema(uri: str) -> None:
    """Make sure that a database has this MLflow's tables, or none of MLflow's yet.

    Raises:
        TrackerError: it is of another version of MLflow.
    """
    # slow to import, and servers and folders need none of it
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from mlflow.store.db.utils import _get_latest_schema_revision  # noqa: PLC0415
    from sqlalchemy import create_engine, inspect  # noqa: PLC0415

    engine = create_engine(uri)
    try:
        if not inspect(engine).has_table("experiments"):
            return
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    wanted = _get_latest_schema_revision()  # type: ignore[no-untyped-call]
    if found != wanted:
        raise TrackerError(
            f"the database {engine.url!r} is of another version of MLflow: its schema is {found}, that of MLflow "
            f"{VERSION} is {wanted}; make a copy of it, and then run `mlflow db upgrade` with its URI."
        )
