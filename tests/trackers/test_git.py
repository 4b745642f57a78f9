"""What is special to git: the user's repository is left alone, and git's own commands show the runs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from tracker_cases import BEGAN, begin, dispatched, finished, write_at_once

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import InputError, TaximeterError, TrackerError, Unsupported
from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.record import Dataset, Environment, Model, RunRecord, Source
from taximeter.testing import StagedRun, record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf
from taximeter_git import GitTracker, branch
from taximeter_git.importer import Commit, import_commits
from taximeter_git.message import read_message, write_message
from taximeter_git.names import artifact_file, metric_file, ref_name
from taximeter_git.repository import Repository, make_repository
from taximeter_git.texts import notes_text, read_notes, read_time, time_text


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give git a home without settings of this machine's, and return the file of the user's settings."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return settings


@pytest.fixture
def tracker(tmp_path: Path) -> GitTracker:
    """An empty folder."""
    return GitTracker(GitTracker.location_in(tmp_path / "store"))


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return a repository with code: one commit, a change that is staged, one that is not, and a stash."""
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "train.py").write_text("one\n")
    git(folder, "add", "train.py")
    git(folder, "commit", "--quiet", "--message=Improve the model")
    (folder / "train.py").write_text("stashed\n")
    git(folder, "stash", "--quiet")
    (folder / "train.py").write_text("two\n")
    git(folder, "add", "train.py")
    (folder / "train.py").write_text("three\n")
    (folder / "new.py").write_text("untracked\n")
    return folder


def git(folder: Path | str, *arguments: str) -> str:
    """Return what the user's own git prints."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def full_run(
    run_id: str, alpha: float = 0.1, *, commit: str | None = None, parent: str | None = None
) -> StagedRun:
    """Return a run with something of everything."""
    content = b"a,b\r\n1,2\r\n"
    environment = Environment("3.11", "linux", "c", 2, 8 << 30, ("gpu",), {"numpy": "2", "pip": "1"})
    return finished(
        begin(run_id, parent=parent),
        SourceCaptured(Source("train.py", ("--alpha", str(alpha)), commit, "main", "-one\r\n+two\n")),
        EnvironmentCaptured(environment),
        ParamsLogged({"alpha": alpha, "model": "lasso", "big": 2**70, "nested": {"$x": [1, 1.0, None]}}),
        *(MetricsLogged({"train/loss": step / 3, "nan": float("nan")}, -step, BEGAN + step) for step in range(9)),
        DatasetLogged(Dataset("green", "train", "s", "0" * 64, 3, {"a": "int"}, {"mean": float("inf")})),
        logged("tables/x.csv", content),
        logged("model/model.skops", content),
        ModelLogged("model", Model("sklearn", {"inputs": [float("-inf")]})),
        NoteAdded("first\n---\nnote"),
        NoteAdded(""),
        TagsSet({"ä": "1"}),
        contents=(content,),
    )


def state_of(folder: Path) -> dict[str, Any]:
    """Return what belongs to the user: files, index, branches, stash, settings; not the runs, nor objects."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    ours = ("objects", "refs/taximeter")
    kept = [
        file for file in files if not str(file.relative_to(folder)).startswith(tuple(f".git/{x}" for x in ours))
    ]
    return {str(file): (file.read_bytes(), file.stat().st_mtime_ns) for file in kept}


def test_what_the_user_has_is_left_alone(code: Path, blobs: Path) -> None:
    """Work tree, index, HEAD, branches and stash, with changes that are staged and others that are not."""
    status = git(code, "status", "--porcelain")
    assert status == "MM train.py\n?? new.py\n"
    before = state_of(code)
    tracker = GitTracker(str(code))
    record = record_run(tracker, full_run("a" * 32, commit=git(code, "rev-parse", "HEAD").strip()), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert state_of(code) == before
    assert git(code, "status", "--porcelain") == status
    assert git(code, "branch", "--all") == "* main\n"
    assert git(code, "stash", "list").count("\n") == 1


def test_git_itself_shows_runs_and_what_differs(code: Path, blobs: Path) -> None:
    """By ``git show``, ``git diff`` and ``git log``, as the README says."""
    tracker, commit = GitTracker(str(code)), git(code, "rev-parse", "HEAD").strip()
    record_run(tracker, full_run("a" * 32, 0.1, commit=commit), blobs)
    record_run(tracker, full_run("b" * 32, 0.2, commit=commit, parent="a" * 32), blobs)
    one, two = (ref_name("taxi", sign * 32) for sign in "ab")
    changed = git(code, "diff", "--unified=0", one, two, "--", "params.json").splitlines()[-2:]
    assert changed == ['-  "alpha": 0.1,', '+  "alpha": 0.2,']
    assert git(code, "show", f"{one}:params.json").splitlines()[1] == '  "alpha": 0.1,'
    assert git(code, "show", f"{one}:metrics/train/loss.tsv").splitlines()[:2] == [
        "step\tvalue\ttime",
        "0\t0.0\t2025-10-09T08:53:20.123456Z",
    ]
    assert git(code, "for-each-ref", "--format=%(refname)", "refs/taximeter").split() == [one, two]
    subjects = ["lasso: finished", "lasso: started", "Improve the model"]
    assert git(code, "log", "--format=%s", two).splitlines() == subjects
    parents = git(code, "log", "--all", f"--grep=^Taximeter-Parent: {'a' * 32}", "--format=%s").splitlines()
    assert parents == subjects[:2]
    trailers = "--format=%an %ad %(trailers:key=Taximeter-Status,valueonly,separator=)"
    assert git(code, "log", "--no-walk", "--date=unix", trailers, two) == f"Ada {BEGAN // 10**6} finished\n"
    assert "params.json" in git(code, "show", "--stat", two)
    assert git(code, "diff", "--stat", one, two).count("record.jsonl.gz | Bin") == 1


def test_the_native_view_is_the_whole_record(tracker: GitTracker, blobs: Path) -> None:
    """The files hold every fact exactly."""
    record = record_run(tracker, full_run("a" * 32), blobs)
    assert diff(tracker.read_native(record.run_id), record) == []


def test_a_run_is_found_by_its_ref_and_its_commit_too(tracker: GitTracker, blobs: Path) -> None:
    """Those are the names that git has for it."""
    record = record_run(tracker, full_run("a" * 32), blobs)
    ref = ref_name("taxi", record.run_id)
    names = (ref, ref.removeprefix("refs/"), git(tracker.location, "rev-parse", ref).strip())
    assert [tracker.read(name).run_id for name in names] == [record.run_id] * 3
    assert [run.vendor_id for run in tracker.list_runs()] == [ref]


@pytest.mark.parametrize("options", [["--bare"], ["--object-format=sha256"], ["--bare", "--object-format=sha256"]])
def test_bare_and_sha256_repositories_are_stores(
    options: list[str], tmp_path: Path, blobs: Path, user: Path
) -> None:
    """Also where the user forbids git to find bare ones by itself."""
    with user.open("a") as settings:
        settings.write("[safe]\n\tbareRepository = explicit\n")
    git(tmp_path, "init", "--quiet", *options, "store")
    tracker = GitTracker(str(tmp_path / "store"))
    record = record_run(tracker, full_run("a" * 32), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert diff(tracker.read_native(record.run_id), record) == []
    assert GitTracker.recognises(tmp_path / "store")


def test_a_folder_in_a_repository_and_a_linked_work_tree_belong_to_it(
    code: Path, tmp_path: Path, blobs: Path
) -> None:
    """No repository is made inside another."""
    git(code, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    runs = {"a": code / "runs" / "new", "b": tmp_path / "linked"}
    for sign, folder in runs.items():
        record_run(GitTracker(str(folder)), full_run(sign * 32), blobs)
    assert [run.run_id[0] for run in GitTracker(str(code)).list_runs()] == ["a", "b"]
    assert list((code / "runs" / "new").iterdir()) == []
    assert [GitTracker.recognises(place) for place in (code, code / ".git", tmp_path / "linked")] == [True] * 3
    assert not GitTracker.recognises(code / "runs")


def test_a_repository_without_runs_is_no_store(code: Path, tmp_path: Path) -> None:
    """Else every tracker's store below some code would be two."""
    assert not GitTracker.recognises(code)
    assert not GitTracker.recognises(tmp_path)
    assert list(GitTracker(str(code)).list_runs()) == []
    assert list(GitTracker(str(tmp_path / "none")).list_runs()) == []
    with pytest.raises(InputError, match="no git repository"):
        GitTracker(str(tmp_path)).read("a" * 32)


def test_neither_settings_nor_hooks_nor_the_environment_change_a_byte(
    code: Path, blobs: Path, tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may be started from a hook of another repository, by somebody who signs and converts everything."""
    with user.open("a") as settings:
        settings.write("[commit]\n\tgpgSign = true\n[core]\n\tautocrlf = true\n\tquotePath = true\n")
        settings.write(
            "[gpg]\n\tprogram = /nowhere\n[i18n]\n\tcommitEncoding = latin1\n\tlogOutputEncoding = latin1\n"
        )
        settings.write(f'[filter "all"]\n\tclean = touch {tmp_path}/filtered\n\trequired = true\n')
    (code / ".gitattributes").write_text("* filter=all text eol=crlf\n")
    hooks = code / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-commit", "pre-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\nexit 1\n")
        (hooks / name).chmod(0o755)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.chdir(code)
    tracker = GitTracker(".")
    record = record_run(tracker, full_run("a" * 32), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert diff(tracker.read_native(record.run_id), record) == []
    assert not {"elsewhere", "hooked", "filtered"} & {path.name for path in tmp_path.iterdir()}


def test_somebody_whom_git_does_not_know_can_commit(tracker: GitTracker, blobs: Path, user: Path) -> None:
    """It does not ask who they are."""
    user.write_text("")
    record = record_run(tracker, full_run("a" * 32), blobs)
    authors = git(tracker.location, "log", "-1", "--format=%an <%ae>", ref_name("taxi", record.run_id))
    assert authors == "taximeter <taximeter@localhost>\n"


def test_many_processes_write_into_a_fresh_folder(tracker: GitTracker) -> None:
    """Eight with five runs each, all at once; the repository is whole, and nothing else is in the folder."""
    write_at_once(tracker, 8, 5)
    expected = {f"{number}-{place}" for number in range(8) for place in range(5)}
    assert {run.run_id for run in tracker.list_runs()} == expected
    assert [tracker.read(f"{number}-4").params for number in range(8)] == [
        {f"of {number}": 4} for number in range(8)
    ]
    assert git(tracker.location, "fsck", "--full", "--strict") == ""
    assert {path.name for path in Path(tracker.location).iterdir()} == {".git", "blobs"}


def test_garbage_collection_and_a_clone_lose_nothing(tracker: GitTracker, blobs: Path, tmp_path: Path) -> None:
    """Packed, pruned and fetched, it is the same record; equal artifacts are one object."""
    records = [record_run(tracker, full_run(sign * 32, parent="a" * 32), blobs) for sign in "abc"]
    git(tracker.location, "gc", "--quiet", "--prune=now")
    git(tmp_path, "init", "--quiet", "clone")
    git(tmp_path / "clone", "fetch", "--quiet", tracker.location, "refs/taximeter/*:refs/taximeter/*")
    for store in (tracker, GitTracker(str(tmp_path / "clone"))):
        assert [diff(store.read(record.run_id), record) for record in records] == [[], [], []]
        assert [run.run_id for run in store.list_runs()] == [record.run_id for record in records]
        assert GitTracker.recognises(Path(store.location))
    listed = git(tracker.location, "rev-list", "--objects", "--all", "--filter=object:type=blob").splitlines()
    content = git(tracker.location, "rev-parse", f"{ref_name('taxi', 'a' * 32)}:artifacts/tables/x.csv").strip()
    assert sum(line.startswith(content) for line in listed) == 1


def test_a_run_can_be_watched(tracker: GitTracker, blobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was logged last becomes a commit though nothing follows, and the end is one more."""
    monkeypatch.setattr(branch, "_FIRST_SECONDS", 0.01)
    monkeypatch.setattr(branch, "_LIVE_SECONDS", 0.05)
    run, ref = full_run("a" * 32), ref_name("taxi", "a" * 32)
    live = dispatched(tracker, run, blobs, 4)
    await_file(tracker, f"{ref}:params.json")
    live.write(run.events[4:8])
    await_file(tracker, f"{ref}:metrics.json")
    native = tracker.read("a" * 32)
    assert (native.status, native.ended, len(native.metrics["train/loss"])) == ("running", None, 4)
    assert [summary.status for summary in tracker.list_runs()] == ["running"]
    live.write(run.events[8:])
    live.finish(run.record)
    subjects = git(tracker.location, "log", "--format=%s", ref).splitlines()
    assert subjects[0] == "lasso: finished"
    assert subjects[-1] == "lasso: started"
    assert len(subjects) >= 4
    assert set(subjects[1:-1]) == {"lasso: running"}
    assert diff(tracker.read("a" * 32), run.record) == []


def await_file(tracker: GitTracker, name: str) -> None:
    """Wait until git knows a file of a run."""
    deadline = monotonic() + 60
    command = ["git", "cat-file", "-e", name]
    while subprocess.run(command, cwd=tracker.location, capture_output=True, check=False).returncode:
        assert monotonic() < deadline, f"{name} never came"
        sleep(0.02)


def test_points_of_a_long_run_wait_on_the_disk(
    tracker: GitTracker, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And come out in their order."""
    monkeypatch.setattr("taximeter_git.points._MEMORY", 1_000)
    rows = [MetricsLogged({"a": step / 3, f"b{step % 5}": step}, step, BEGAN + step) for step in range(3_000)]
    record = record_run(tracker, finished(begin("a" * 32), *rows), blobs)
    assert diff(tracker.read_native(record.run_id), record) == []


def test_two_writers_of_one_run_do_not_mix(tracker: GitTracker, blobs: Path) -> None:
    """The one whose commit is no longer the last is told."""
    run = full_run("a" * 32)
    repository = make_repository(Path(tracker.location))
    ref = ref_name("taxi", "a" * 32)
    tip = import_commits(repository, ref, [Commit("first", 0, 0)], parent=None, begin=True)
    record = record_run(tracker, run, blobs)
    with pytest.raises(TrackerError, match="did not take the commit"):
        import_commits(repository, ref, [Commit("second", 0, 0)], parent=tip, begin=False)
    assert diff(tracker.read(record.run_id), record) == []
    assert not list(repository.git_dir.glob("fast_import_crash*"))


def test_a_failed_commit_is_told_to_whoever_logs_next(
    tracker: GitTracker, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made by a timer, which nobody waits for."""
    monkeypatch.setattr(branch, "_FIRST_SECONDS", 0.0)
    make_repository(Path(tracker.location))
    (Path(tracker.location) / ".git" / "refs" / "taximeter").write_text("in the way")
    with pytest.raises(TrackerError, match="did not take the commit"):
        log_until_told(dispatched(tracker, full_run("a" * 32), blobs, 1))


def log_until_told(live: Dispatcher) -> None:
    """Log one point after the other."""
    deadline = monotonic() + 60
    while monotonic() < deadline:
        live.write([MetricsLogged({"loss": 0.5}, 0, 0)])
        sleep(0.02)


def test_a_stream_that_is_cut_off_changes_nothing(tracker: GitTracker) -> None:
    """As when the courier is killed in the middle of a commit."""
    repository = make_repository(Path(tracker.location))

    def commits() -> Iterator[Commit]:
        yield Commit("first", 0, 0, {"params.json": b"{}\n"})
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        import_commits(repository, ref_name("taxi", "a"), commits(), parent=None, begin=True)
    assert repository.runs() == {}


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a..b", "x.lock", "@", "@{", "-x", "a/b", "~^:?*[\\", "\n\0", "é" * 200]
)
def test_any_text_is_an_experiment_and_a_run_id(text: str, tracker: GitTracker, blobs: Path) -> None:
    """Whatever git thinks of it as a ref's name."""
    started = Started(text, text, text, BEGAN, text, text)
    record = record_run(tracker, finished(started), blobs)
    assert diff(tracker.read(text), record) == []
    assert diff(tracker.read_native(text), record) == []
    assert [(run.run_id, run.experiment) for run in tracker.list_runs()] == [(text, text)]
    git(tracker.location, "check-ref-format", ref_name(text, text))


def test_git_is_content_with_every_artifact(tracker: GitTracker, blobs: Path) -> None:
    """Names that are its own, names that are in each other's way, names that it would quote or cut."""
    paths = [
        ".git/config",
        ".GIT",
        ".g\u200cit",
        ".git ",
        "git~1",
        ".gitmodules",
        "gitmod~1/x",
        ".gitattributes",
        "%",
    ]
    paths += [
        "a",
        "a/b",
        "b/c",
        "b",
        "c/d/e",
        "c/d",
        "x" * 300 + ".txt",
        "y/" * 800 + "z",
        '"q"\n\t',
        " a ",
        "ü🚕",
        "%41",
    ]
    contents = tuple(f"{place} of {len(paths)}".encode() for place in range(len(paths)))
    events = map(logged, paths, contents)
    record = record_run(tracker, finished(begin("a" * 32), *events, contents=contents), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert tracker.read_native(record.run_id).artifacts == record.artifacts
    assert git(tracker.location, "fsck", "--full", "--strict") == ""
    git(tracker.location, "checkout", "--quiet", "--detach", ref_name("taxi", "a" * 32))
    assert (Path(tracker.location) / "artifacts" / "b" / "c").read_bytes() == contents[paths.index("b/c")]


def test_an_artifact_that_is_logged_again_is_the_last(tracker: GitTracker, blobs: Path) -> None:
    """Under the one name."""
    contents = (b"1", b"2")
    events = [logged("a/b", content) for content in contents]
    record = record_run(tracker, finished(begin("a" * 32), *events, contents=contents), blobs)
    with tracker.open_artifact(record.run_id, "a/b") as stream:
        assert stream.read() == b"2"
    with pytest.raises(FileNotFoundError):
        tracker.open_artifact(record.run_id, "../params.json")


def test_no_two_metrics_share_a_file() -> None:
    """Nor is one's file another's folder."""
    keys = [
        "a",
        "A",
        "a.tsv",
        "a.tsv/b",
        "a/b",
        "a%2Fb",
        "a%252Fb",
        "",
        "%",
        "/",
        "a/",
        "/a",
        "a//b",
        ".",
        "..",
        "../a",
    ]
    keys += [".git", ".git/x", "x" * 300, "x" * 301, "y/" * 600, "a\0b", "a\\b"]
    files = [metric_file(key) for key in keys]
    folders = {file[:end] for file in files for end, sign in enumerate(file) if sign == "/"}
    assert len(set(files)) == len(files)
    assert not folders & set(files)
    assert metric_file("train/loss") == "metrics/train/loss.tsv"
    assert artifact_file("plots/a b.png") == "artifacts/plots/a b.png"


@pytest.mark.parametrize(
    "notes", [("",), ("", ""), ("a",), ("---", "\\---"), ("a\n\n---\n\nb\n", "\n"), ("\r\n---", "x\n")]
)
def test_notes_come_back_from_markdown(notes: tuple[str, ...]) -> None:
    """Whatever rules are in them."""
    assert read_notes(notes_text(notes)) == notes


@pytest.mark.parametrize("time", [0, BEGAN, -1, 2**63 - 1, -(2**63)])
def test_times_come_back_from_text(time: int) -> None:
    """Where no calendar reaches, they are numbers."""
    assert read_time(time_text(time)) == time


def test_a_message_holds_any_text_in_its_trailers() -> None:
    """What looks like a trailer above them is none, and no control character reaches a terminal."""
    given = {"Run": 'a"b', "Name": "x\ny\0", "Status": "", "Experiment": '"q"', "Parent": " p "}
    message = write_message("s", ["Taximeter-Run: false", "\x1b[31mred"], given)
    assert "\x1b" not in message
    subject, body, trailers = read_message(message)
    assert (subject, body, trailers) == ("s", "Taximeter-Run: false\n\n\N{REPLACEMENT CHARACTER}[31mred", given)


def test_a_commit_of_somebody_elses_is_a_run(code: Path) -> None:
    """Its message, its dates and the files that are called like ours."""
    (code / "params.json").write_text('{"alpha": 0.5, "nested": {"a": [1]}}')
    (code / "metrics.json").write_text('{"loss": 0.25, "test": {"acc": 1, "note": "x"}}')
    (code / "artifacts").mkdir()
    (code / "artifacts" / "a.csv").write_text("1\n")
    git(code, "add", "--all")
    dates = {
        f"GIT_{who}_DATE": f"{BEGAN // 10**6 + later} +0200" for who, later in (("AUTHOR", 0), ("COMMITTER", 9))
    }
    command = ["git", "commit", "--quiet", "--message=try 0.5", "--message=it may help"]
    subprocess.run(command, cwd=code, env=os.environ | dates, check=True)
    git(code, "update-ref", "refs/taximeter/by hand/one".replace(" ", "%20"), "HEAD")
    git(code, "update-ref", "refs/taximeter/no/commit", "HEAD^{tree}")
    tracker = GitTracker(str(code))
    assert [(run.run_id, run.experiment, run.name) for run in tracker.list_runs()] == [
        ("one", "by hand", "try 0.5")
    ]
    record = tracker.read("one")
    assert (record.started, record.ended) == (BEGAN // 10**6 * 10**6, (BEGAN // 10**6 + 9) * 10**6)
    assert (record.params, record.notes) == ({"alpha": 0.5, "nested": {"a": [1]}}, ("it may help",))
    assert {key: list(series.values) for key, series in record.metrics.items()} == {
        "loss": [0.25],
        "test/acc": [1.0],
    }
    assert record.artifacts == {"a.csv": logged("a.csv", b"1\n").artifact}
    assert record.status == "finished"


def test_a_damaged_file_is_named(code: Path) -> None:
    """Somebody else's ``params.json`` may be anything."""
    (code / "params.json").write_text("[1]")
    git(code, "add", "--all")
    git(code, "commit", "--quiet", "--message=x")
    git(code, "update-ref", "refs/taximeter/by/hand", "HEAD")
    with pytest.raises(InputError, match=r"params\.json"):
        GitTracker(str(code)).read("hand")


@pytest.mark.parametrize("is_missing", [True, False])
@pytest.mark.parametrize("what", ["{tree}", "{tree}:taximeter", "{tree}:taximeter/record.jsonl.gz"])
def test_a_damaged_object_is_no_run_with_less_in_it(
    code: Path, blobs: Path, what: str, *, is_missing: bool
) -> None:
    """Git itself compares no object with its name."""
    tracker = GitTracker(str(code))
    record = record_run(tracker, full_run("a" * 32), blobs)
    oid = git(code, "rev-parse", f"{ref_name('taxi', record.run_id)}^{what}").strip()
    other = git(code, "hash-object", "-w", "train.py").strip()
    file, instead = (code / ".git" / "objects" / name[:2] / name[2:] for name in (oid, other))
    file.unlink()
    if not is_missing:
        shutil.copy(instead, file)
    with pytest.raises(TaximeterError, match=f"{oid}.*(is missing|another)"):
        GitTracker(str(code)).read(record.run_id)


def test_an_exact_record_outlives_the_files_beside_it(
    code: Path, blobs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the files tell by themselves is less, and is told to be."""
    tracker = GitTracker(str(code))
    record = record_run(tracker, full_run("a" * 32), blobs)
    oid = git(code, "rev-parse", f"{ref_name('taxi', record.run_id)}^{{tree}}:metrics").strip()
    (code / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    assert diff(GitTracker(str(code)).read(record.run_id), record) == []
    caplog.clear()
    assert GitTracker(str(code)).read(record.run_id, native=True).metrics != record.metrics
    assert f"metrics is left out: the object {oid} is missing" in caplog.text


@pytest.mark.parametrize("left", [None, 0, 30])
def test_a_ref_whose_commit_is_damaged_is_told(
    code: Path, blobs: Path, caplog: pytest.LogCaptureFixture, left: int | None
) -> None:
    """The other runs are read, whether it is gone or cut."""
    tracker = GitTracker(str(code))
    lost, kept = (record_run(tracker, full_run(letter * 32), blobs) for letter in "ab")
    ref = ref_name("taxi", lost.run_id)
    oid = git(code, "rev-parse", ref).strip()
    file = code / ".git" / "objects" / oid[:2] / oid[2:]
    content = file.read_bytes()
    file.unlink()
    if left is not None:
        file.write_bytes(content[:left])
    assert [run.run_id for run in GitTracker(str(code)).list_runs()] == [kept.run_id]
    assert f"{ref} is left out" in caplog.text
    with pytest.raises(InputError, match="has no run"):
        GitTracker(str(code)).read(lost.run_id)


def test_a_commit_that_is_not_here_is_no_parent(code: Path, blobs: Path) -> None:
    """The code may be in another repository, or its commit may be any text."""
    tracker = GitTracker(str(code))
    for place, commit in enumerate(["f" * 40, "--help", "HEAD", git(code, "rev-parse", "HEAD:train.py").strip()]):
        record = record_run(tracker, full_run(f"{place:032}", commit=commit), blobs)
        assert diff(tracker.read(record.run_id), record) == []
        subjects = git(code, "log", "--format=%s", ref_name("taxi", record.run_id)).splitlines()
        assert subjects == ["lasso: finished", "lasso: started"]


def test_a_store_may_be_set_apart_from_the_repository_that_it_lies_in(code: Path, blobs: Path) -> None:
    """Runs that are there to be compared are none of the project's own."""
    folder = code / "reports" / "stores"
    folder.mkdir(parents=True)
    GitTracker.set_apart(folder)
    record = record_run(GitTracker(str(folder)), full_run("a" * 32), blobs)
    assert [run.run_id for run in GitTracker(str(folder)).list_runs()] == [record.run_id]
    assert list(GitTracker(str(code)).list_runs()) == []


def test_a_code_that_becomes_known_late_goes_below_the_run(
    code: Path, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's commits are made again on top of it."""
    monkeypatch.setattr(branch, "_FIRST_SECONDS", 0.0)
    tracker, ref = GitTracker(str(code)), ref_name("taxi", "a" * 32)
    source = SourceCaptured(Source("train.py", (), git(code, "rev-parse", "HEAD").strip()))
    run = finished(begin("a" * 32), ParamsLogged({"a": 1}), MetricsLogged({"x": 1.0}, 0, BEGAN), source)
    live = dispatched(tracker, run, blobs, 3)
    await_file(GitTracker(str(code)), f"{ref}:metrics.json")
    live.write(run.events[3:])
    live.finish(run.record)
    assert git(code, "log", "--format=%s", ref).splitlines()[-1] == "Improve the model"
    assert diff(tracker.read_native("a" * 32), run.record) == []


def test_git_shows_no_pictures(tracker: GitTracker) -> None:
    """And the error says so."""
    writer = tracker.open_run(begin())
    with pytest.raises(Unsupported, match="shows no image"):
        writer.log_figure("a.png", Path(), "image/png")
    writer.close()


def test_a_lack_of_git_is_told(tracker: GitTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no part of this distribution."""
    Path(tracker.location, ".git").mkdir(parents=True)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TrackerError, match="is it installed"):
        tracker.open_run(begin())
    assert not GitTracker.recognises(Path(tracker.location))


def test_the_exact_record_and_the_files_are_read_apart(tracker: GitTracker, blobs: Path) -> None:
    """Where somebody removed the record, the files are read as they are."""
    record = record_run(tracker, full_run("a" * 32), blobs)
    exact: RunRecord | None = tracker.read_exact(record.run_id)
    assert exact is not None
    assert diff(exact, record) == []
    repository = Repository(Path(tracker.location, ".git").resolve())
    ref = ref_name("taxi", record.run_id)
    tip = git(tracker.location, "rev-parse", ref).strip()
    import_commits(
        repository, ref, [Commit("mine", 0, 0, {"taximeter/record.jsonl.gz": None})], parent=tip, begin=False
    )
    assert GitTracker(tracker.location).read_exact(record.run_id) is None


# Verdicts


def test_what_git_keeps_is_all_that_the_interface_takes(verdicts_of: VerdictsOf) -> None:
    """Its files are exact; what is not identical was refused by name."""
    findings = verdicts_of("git").findings
    assert {finding.verdict for finding in findings} == {"identical", "refused"}
    assert all("InputError" in finding.reason for finding in findings if finding.verdict == "refused")
