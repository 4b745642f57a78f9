"""What became of each fact is found out, and said with its evidence."""

import importlib
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from taximeter.diff import ABSENT
from taximeter.errors import InputError, TrackerError
from taximeter.plugins import installed, load
from taximeter.testing.verdicts import VerdictsOf, kept_verdicts
from taximeter.tracker import Feature
from taximeter.verdicts import FACTS, Finding, TrackerVerdicts, Verdict, examine, undo
from taximeter.verdicts.catalogue import fact_of
from taximeter.verdicts.document import document
from taximeter.verdicts.judge import judge
from taximeter.verdicts.results import newest_verdicts, read_verdicts, save_verdicts
from taximeter.verdicts.said import is_usual, kind_of, without_scratch

ROOT = Path(__file__).parents[1]
LOSSY = Path(__file__).parent / "lossy"
TAXIMETER = str(Path(sys.executable).with_name("taximeter"))
PATIENCE = 15.0
LOSSY_THEMES = {"params", "values of metrics", "keys of metrics", "steps", "tags and notes"}
LOSSY_FACTS = [fact for fact in FACTS if fact.theme in LOSSY_THEMES]


@pytest.fixture(scope="module")
def lossy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackerVerdicts]:
    """The verdicts on a tracker that loses things in every way there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(LOSSY))
        importlib.invalidate_caches()
        patch.setenv("PYTHONPATH", f"{LOSSY}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        yield kept_verdicts("lossy", shared, LOSSY_FACTS, patience=PATIENCE)


def finding(verdicts: TrackerVerdicts, name: str, theme: str = "") -> Finding:
    """Return the finding about a fact by its name."""
    (found,) = (one for one in verdicts.findings if one.name == name and theme in {"", one.theme})
    return found


# The judge


def test_every_fact_has_a_number_and_a_name_of_its_own() -> None:
    """Numbers are those from 1 on; a theme has each name once."""
    assert [fact.number for fact in FACTS] == list(range(1, len(FACTS) + 1))
    assert len({(fact.theme, fact.name) for fact in FACTS}) == len(FACTS)


def test_what_was_written_is_judged_identical() -> None:
    """NaN is NaN, and the types count."""
    assert all(judge(fact, fact.written).verdict == Verdict.IDENTICAL for fact in FACTS)


def test_what_is_not_there_is_judged_dropped() -> None:
    """Whatever it was."""
    assert all(judge(fact, ABSENT).verdict == Verdict.DROPPED for fact in FACTS)


@pytest.mark.parametrize(
    ("number", "found", "verdict"),
    [
        (1, "0.30000000000000004", Verdict.UNDONE),
        (1, "0.3", Verdict.LOSS),
        (1, 0.30000001192092896, Verdict.LOSS),
        (2, "nan", Verdict.UNDONE),
        (2, None, Verdict.LOSS),
        (4, 0.0, Verdict.LOSS),
        (4, "-0.0", Verdict.UNDONE),
        (6, float(2**53), Verdict.LOSS),
        (6, "9007199254740993", Verdict.UNDONE),
        (8, 1, Verdict.UNDONE),
        (8, "True", Verdict.UNDONE),
        (9, "None", Verdict.UNDONE),
        (9, "", Verdict.LOSS),
        (13, "[1, 2.5, 'x', None, True]", Verdict.UNDONE),
        (13, {"/0": 1, "/1": 2.5, "/2": "x", "/3": None, "/4": True}, Verdict.UNDONE),
        (14, '{"a": {"b": 1, "c": [0.5]}}', Verdict.UNDONE),
        (14, {".a.b": 1, ".a.c": [0.5]}, Verdict.UNDONE),
        (14, {".a.b": 1}, Verdict.LOSS),
        (15, {"number": 1.0, "text": "1"}, Verdict.UNDONE),
        (15, {"number": "1", "text": "1"}, Verdict.LOSS),
        (16, {"int": "1", "float": "1.0"}, Verdict.UNDONE),
        (16, {"int": 1.0, "float": 1.0}, Verdict.LOSS),
        (21, "a%2Fb", Verdict.UNDONE),
        (21, "a_b", Verdict.LOSS),
        (27, [math.inf, 1.7976931348623157e308], Verdict.LOSS),
    ],
)
def test_a_change_is_without_loss_if_it_can_be_undone(number: int, found: object, verdict: Verdict) -> None:
    """By a function that knows the kind of the value, and not the value."""
    assert judge(fact_of(number), found).verdict == verdict


def test_every_way_to_undo_is_described() -> None:
    """The document says what each fact's does."""
    assert {fact.undo.__name__ for fact in FACTS} <= {"unchanged", *(way.__name__ for way in undo.WORDS)}


def test_the_document_is_made_of_the_facts() -> None:
    """It is generated, and nobody forgot to."""
    assert (ROOT / "docs" / "facts.md").read_text() == document()


@pytest.mark.parametrize(
    ("line", "is_so"),
    [
        ("No repository 17 found", True),
        ("2026-11-25 21:34:28,374 - vendor - No repository 4 found", True),
        ("the value was cut", False),
        ("found", False),
    ],
)
def test_what_every_run_says_tells_nothing_of_a_fact(line: str, *, is_so: bool) -> None:
    """Whatever its numbers are, and whether or not a logger's head stands before it."""
    usual = "\n".join(map(kind_of, ["2026-11-25 21:30:01,001 - vendor - No repository 3 found", "ready in 3 s"]))
    assert is_usual(line, usual) == is_so


def test_no_temporary_folder_is_evidence() -> None:
    """The rest of a path is."""
    place = f"{tempfile.gettempdir()}/taximeter-fact-ab_12/store/x.tsv"
    assert without_scratch(f"cannot open '{place}'") == "cannot open '…/store/x.tsv'"
    assert without_scratch("/home/me/taximeter-fact-1/x") == "/home/me/taximeter-fact-1/x"


# Every installed tracker


@pytest.mark.parametrize("name", installed())
def test_every_fact_has_a_verdict_and_its_evidence(name: str, verdicts_of: VerdictsOf) -> None:
    """Of every tracker; what was refused or is unsupported has a reason, what was changed shows how."""
    verdicts = verdicts_of(name)
    assert [found.fact for found in verdicts.findings] == [fact.number for fact in FACTS]
    for found in verdicts.findings:
        assert found.written
        if found.verdict in {Verdict.REFUSED, Verdict.UNSUPPORTED}:
            assert found.reason, found
        if found.verdict in {Verdict.IDENTICAL, Verdict.UNDONE, Verdict.LOSS}:
            assert found.read, found
    for words in ("cannot be read", "is not known", "nobody has written"):
        assert not [found for found in verdicts.findings if words in found.reason]
    gaps = [found.reason for found in verdicts.findings if found.verdict == Verdict.UNSUPPORTED]
    assert all(any(whose in gap for whose in ("not theirs", "not yet ours", "never")) for gap in gaps), gaps
    assert {int(number) for number in verdicts.issues} <= {fact.number for fact in FACTS}


@pytest.mark.parametrize("name", [name for name in installed() if Feature.READ in load(name).features])
def test_what_everybody_keeps_is_kept(name: str, verdicts_of: VerdictsOf) -> None:
    """A tracker that keeps no text, no ordinary key and no run that ended well is one whose reader is wrong."""
    kept = {(found.theme, found.name): found.verdict for found in verdicts_of(name).findings}
    everybodys = {
        Feature.PARAMS: ("params", "text in any script"),
        Feature.METRICS: ("keys of metrics", "slash"),
    }
    for feature in load(name).features & everybodys.keys():
        assert kept[everybodys[feature]] in {Verdict.IDENTICAL, Verdict.REFUSED}, feature
    assert kept["runs", "finished"] == Verdict.IDENTICAL


# A tracker that loses


def test_a_lossy_tracker_gets_its_verdicts(lossy: TrackerVerdicts) -> None:
    """Each way to lose is told from the others."""
    assert finding(lossy, "float64", "params").verdict == Verdict.UNDONE
    assert finding(lossy, "text in any script").verdict == Verdict.IDENTICAL
    assert finding(lossy, "number or text").verdict == Verdict.LOSS
    assert finding(lossy, "None").verdict == Verdict.DROPPED
    assert finding(lossy, "long text").verdict == Verdict.DROPPED
    assert finding(lossy, "param changed").verdict == Verdict.REFUSED
    assert finding(lossy, "param changed").reason == "KeyError: 'lr has a value'"
    assert finding(lossy, "float64", "values of metrics").verdict == Verdict.LOSS
    assert finding(lossy, "float64", "values of metrics").read == "0.30000001192092896"
    assert finding(lossy, "bare tag").verdict == Verdict.UNSUPPORTED
    assert finding(lossy, "bare tag").reason == "lossy has no tags (never: it is against labels)."


def test_what_a_vendor_says_is_heard(lossy: TrackerVerdicts) -> None:
    """A log record, a warning and a line on standard error; what it says of every run is not said of a fact."""
    told = {
        name: finding(lossy, name, theme)
        for theme, name in (
            ("values of metrics", "NaN"),
            ("values of metrics", "infinities"),
            ("steps", "backward step"),
        )
    }
    assert told["NaN"].said[-1] == "ERROR: loss is no number"
    assert told["infinities"].said == ("UserWarning: loss is too much",)
    assert told["backward step"].said == ("ignored: loss at 1",)
    assert {found.verdict for found in told.values()} == {Verdict.DROPPED}
    assert not any(found.is_silent_loss for found in told.values())
    assert finding(lossy, "None").said == ()


def test_the_silent_loss_score_counts_what_was_lost_without_a_word(lossy: TrackerVerdicts) -> None:
    """Neither refused, nor undone, nor told."""
    losses = [found for found in lossy.findings if found.verdict in {Verdict.LOSS, Verdict.DROPPED}]
    assert lossy.silent_losses == sum(not found.said for found in losses) > 5
    assert lossy.silent_losses < len(losses) < lossy.judged < len(LOSSY_FACTS)


def test_a_fact_that_kills_its_process_costs_itself_only(lossy: TrackerVerdicts) -> None:
    """Those after it are written by another process."""
    assert finding(lossy, "float step").verdict == Verdict.REFUSED
    assert finding(lossy, "float step").reason == "the process died with signal SIGKILL"
    assert finding(lossy, "no step").verdict == Verdict.IDENTICAL


def test_a_fact_that_hangs_costs_itself_only(lossy: TrackerVerdicts) -> None:
    """It is given its time, and no more."""
    assert finding(lossy, "empty key").verdict == Verdict.REFUSED
    assert finding(lossy, "empty key").reason == f"it hung: there was no answer within {PATIENCE:g} seconds"
    assert finding(lossy, "the key step").verdict == Verdict.IDENTICAL


@pytest.mark.parametrize("name", ["list", "nested mapping"])
def test_a_fact_that_ends_or_hangs_the_reader_costs_itself_only(name: str, lossy: TrackerVerdicts) -> None:
    """Those after it are read by another process."""
    assert finding(lossy, name).verdict == Verdict.UNSUPPORTED
    assert finding(lossy, name).reason.startswith("not yet ours: it cannot be read (reading lossy:")
    assert finding(lossy, "number or text").read == "{'number': '1', 'text': '1'}"


def test_a_tracker_that_cannot_write_a_point_has_no_verdicts(
    monkeypatch: pytest.MonkeyPatch, lossy: TrackerVerdicts
) -> None:
    """The error says what its software says."""
    assert lossy.findings
    monkeypatch.setenv("PYTHONPATH", "")  # the process that writes does not find the tracker
    with pytest.raises(
        TrackerError, match=r"(?s)lossy cannot write a run with one point: .*not an installed tracker"
    ):
        examine("lossy", FACTS[:1])


# Files


def test_saved_verdicts_are_never_written_over(lossy: TrackerVerdicts, tmp_path: Path) -> None:
    """They lie by day and machine, and come back equal."""
    files = [save_verdicts(lossy, tmp_path) for _ in range(2)]
    assert [file.name for file in files] == ["verdicts-lossy.json", "verdicts-lossy-2.json"]
    assert [len(file.relative_to(tmp_path).parts) for file in files] == [3, 3]
    assert [read_verdicts(file) for file in files] == [lossy, lossy]


def test_the_newest_verdicts_of_each_tracker_are_found(lossy: TrackerVerdicts, tmp_path: Path) -> None:
    """By when they were made, not by the names of files; a tracker without any is left out."""
    newer = msgspec.structs.replace(lossy, made=lossy.made + 1, version="2")
    for verdicts in (newer, lossy):
        save_verdicts(verdicts, tmp_path)
    assert newest_verdicts(tmp_path, ["other", "lossy"]) == [newer]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": 1, "tracker": 3}'])
def test_a_file_that_holds_no_verdicts_is_named(content: bytes, tmp_path: Path) -> None:
    """So that it can be looked at."""
    file = tmp_path / "verdicts-x.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"verdicts-x\.json is no file of verdicts"):
        read_verdicts(file)


def test_verdicts_of_a_later_format_are_refused(lossy: TrackerVerdicts, tmp_path: Path) -> None:
    """With both formats in the message."""
    file = save_verdicts(msgspec.structs.replace(lossy, format=9), tmp_path)
    with pytest.raises(InputError, match="has format 9; this version of taximeter reads 1"):
        read_verdicts(file)


# The command


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the current folder."""
    return subprocess.run([TAXIMETER, "verdicts", *arguments], capture_output=True, text=True, check=False)


def test_the_command_shows_the_evidence_of_one_fact() -> None:
    """What was written, what came back, and what was said."""
    done = run("csv", "--fact", "15")
    assert done.returncode == 0, done.stderr
    for line in ("fact     15 number or text", "◑ changed with loss in silence", "{'number': 1, 'text': 1}"):
        assert line in done.stdout


def test_the_command_prints_a_matrix_and_saves_only_when_asked(tmp_path: Path) -> None:
    """The matrix ends with the silent-loss scores."""
    done = run("null")
    assert done.returncode == 0, done.stderr
    assert "silent losses" in done.stdout
    assert "names of params" in done.stdout
    assert not (tmp_path / "reports").exists()
    assert run("null", "--save").returncode == 0
    (file,) = (tmp_path / "reports" / "results").glob("*/*/verdicts-null.json")
    assert {found.verdict for found in read_verdicts(file).findings} == {Verdict.UNSUPPORTED}


def test_the_command_prints_json() -> None:
    """One object for each tracker."""
    done = run("csv", "--fact", "1", "--json")
    (verdicts,) = json.loads(done.stdout)
    assert (verdicts["tracker"], verdicts["findings"][0]["verdict"]) == ("csv", "identical")


def test_a_release_is_refused_that_is_not_what_is_installed(tmp_path: Path) -> None:
    """Its verdicts would be of another one, under its name; nothing is examined and nothing is saved."""
    done = run("csv", "mlflow==3.1.0", "--save")
    assert done.returncode == 2
    assert done.stderr == (
        "taximeter: mlflow==3.1.0 cannot be examined: facts are written with what is installed here, so leave out "
        "the version.\n"
    )
    assert not (tmp_path / "reports").exists()
    with pytest.raises(InputError, match="leave out the version"):
        examine("csv==1.0", FACTS[:1])


def test_a_fact_that_does_not_exist_is_an_input_error() -> None:
    """The message says which there are."""
    done = run("csv", "--fact", "999")
    assert done.returncode != 0
    assert f"there is no fact 999; they are numbered from 1 to {len(FACTS)}" in done.stderr
