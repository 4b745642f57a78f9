"""Stores are safe: reading leaves no trace, and nothing leads out of them or beside them."""

import os
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from taximeter.errors import InputError, TaximeterError
from taximeter.record import RunRecord
from taximeter.store.client import Store
from taximeter.testing.fence import Fence, FencedSuite, Shelf, has_paths
from taximeter.testing.staging import TABLE, small_run, staged
from taximeter.testing.subject import Subject


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in files}


class SafetySuite(FencedSuite):
    """Whoever reads a store, or is given one, is safe."""

    @pytest.fixture(scope="class")
    @classmethod
    def guarded(cls, subject: Subject, fence: Fence) -> Shelf:
        """A store with a run, and beside it a file that is none of its artifacts."""
        shelf = Shelf(subject, fence.root / "guarded")
        shelf.record(small_run("a" * 32))
        (shelf.root / "secret.txt").write_text("secret")
        return shelf

    def test_nothing_is_written_beside_the_store(
        self, settled: tuple[Shelf, RunRecord, RunRecord], fence: Fence
    ) -> None:
        """Neither in the home folder, nor in the current one, nor, in the end, in that for temporary files."""
        assert settled[0].folder.exists()
        assert fence.strays() == []

    def test_reading_where_no_store_is_makes_none(self, shelf: Shelf) -> None:
        """It has no runs, or it is an error that says so."""
        with suppress(InputError):
            assert list(shelf.open().list_runs()) == []
        with pytest.raises(InputError):
            shelf.open().read("a" * 32)
        assert list(shelf.folder.iterdir()) == []

    def test_reading_changes_no_byte_of_the_store(
        self, settled: tuple[Shelf, RunRecord, RunRecord], tmp_path: Path
    ) -> None:
        """Neither of its files nor of their number, nor does listing, looking for it or measuring it."""
        shelf, record, _ = settled
        before = digests(shelf.folder)
        with Store(shelf.subject.destination(shelf.folder)) as store:
            store.runs()
            store.read(record.run_id)
            store.read(record.run_id, native=True)
            store.copy_artifact(record.run_id, "tables/x.csv", tmp_path / "copy.csv")
            assert store.size() > 0
        tracker = shelf.open()
        list(tracker.list_runs())
        tracker.read_native(record.run_id)
        tracker.recognises(shelf.folder)
        assert (tmp_path / "copy.csv").read_bytes() == TABLE
        assert digests(shelf.folder) == before

    def test_a_damaged_store_is_an_error_of_ours(
        self, settled: tuple[Shelf, RunRecord, RunRecord], tmp_path: Path
    ) -> None:
        """Whatever the vendor or a parser raises, who reads a store is told in one sentence."""
        shelf, record, _ = settled
        if not has_paths(shelf.subject.kind):
            return
        kept, back = tmp_path / "kept", shelf.folder
        shutil.copytree(back, kept, symlinks=True)
        try:
            for file in back.rglob("*"):
                if file.is_file() and not file.is_symlink():
                    file.chmod(0o600)
                    file.write_bytes(b"\xff{\0" * (file.stat().st_size // 3 + 1))
            with Store(shelf.subject.destination(back)) as store, pytest.raises(TaximeterError) as caught:
                store.read(record.run_id)
            assert str(caught.value)
        finally:
            shutil.rmtree(back)
            shutil.move(kept, back)

    @pytest.mark.parametrize("way", ["up", "up from a folder", "absolute", "by a link"])
    def test_no_path_of_an_artifact_leads_out_of_the_store(self, way: str, guarded: Shelf) -> None:
        """A file of the user's is not taken for an artifact, whoever wrote its path, or a link, into a store."""
        secret = guarded.root / "secret.txt"
        folders = [
            guarded.folder,
            *(one for one in guarded.folder.rglob("*") if one.is_dir() and not one.is_symlink()),
        ]
        ups = {os.path.relpath(secret, folder) for folder in folders}
        if way == "by a link":
            for folder in folders:
                (folder / "link.txt").symlink_to(secret)
        paths = {"up": ups, "up from a folder": {f"tables/../{up}" for up in ups}, "absolute": {str(secret)}}
        for path in paths.get(way, {"link.txt", "tables/link.txt"}):
            with pytest.raises((FileNotFoundError, TaximeterError)), guarded.open().open_artifact("a" * 32, path):
                pass

    def test_no_id_of_a_run_leads_out_of_the_store(self, guarded: Shelf, subject: Subject) -> None:
        """The run of another store is not read by way of its path."""
        other = Shelf(subject, guarded.root / "other")
        other.record(small_run("b" * 32))
        theirs = [path for path in other.folder.rglob("*") if "b" * 32 in path.name]
        mine = [path for path in guarded.folder.rglob("*") if path.is_dir()]
        escapes = {os.path.relpath(path, folder) for path in theirs for folder in mine}
        for run_id in escapes | {str(path) for path in theirs} | {"..", "../other"}:
            with pytest.raises(TaximeterError):
                guarded.open().read(run_id)

    def test_names_that_lead_out_of_a_folder_stay_in_the_store(self, shelf: Shelf) -> None:
        """Whatever a run, an experiment, a param, a metric, a tag or a file is called."""
        up = "../../../../up"
        before = digests(shelf.root.parent)
        run = staged(*small_run("a" * 32).events[1:-1], run_id="a" * 32, contents=[TABLE], experiment=up, name=up)
        shelf.record(run)
        added = digests(shelf.root.parent).keys() - before.keys()
        beside = {name for name in added if not (shelf.root.parent / name).is_relative_to(shelf.folder)}
        assert {name for name in beside if "artifacts" not in name} == set()
