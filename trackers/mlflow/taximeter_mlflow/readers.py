"""The reader for each kind of store."""

from taximeter_mlflow.database import DatabaseReader
from taximeter_mlflow.folder import FolderReader
from taximeter_mlflow.location import Location
from taximeter_mlflow.quiet import quieten
from taximeter_mlflow.reading import Reader


def reader_of(place: Location) -> Reader:
    """Return what reads a store; MLflow itself is imported for servers, and for databases other than SQLite."""
    match place.kind:
        case "sqlite":
            return DatabaseReader(place)
        case "folder":
            return FolderReader(place)
        case "other":
            quieten()
            from taximeter_mlflow.remote import RemoteReader  # noqa: PLC0415 - the vendor is met here only

            return RemoteReader(place)
