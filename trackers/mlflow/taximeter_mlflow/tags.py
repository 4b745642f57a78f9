"""The tags by which MLflow, and this adapter, note what a run is."""

from collections.abc import Mapping, Sequence

from msgspec import json

from taximeter.record import Source
from taximeter_mlflow.names import cut

LONGEST_TAG = 8000

RUN_ID = "taximeter.run_id"
PARENT_ID = "taximeter.parent_id"
ARGV = "taximeter.argv"
MODEL_PATH = "taximeter.path"
MODEL_FLAVOUR = "taximeter.flavour"

RUN_NAME = "mlflow.runName"
NOTE = "mlflow.note.content"
PARENT_RUN = "mlflow.parentRunId"
LOGGED_ARTIFACTS = "mlflow.loggedArtifacts"
LOGGED_MODELS = "mlflow.log-model.history"
CONTEXT = "mlflow.data.context"

_SOURCE_TYPE = "mlflow.source.type"
_SOURCE_NAME = "mlflow.source.name"
_COMMIT = "mlflow.source.git.commit"
_BRANCH = "mlflow.source.git.branch"
_DIRTY = "mlflow.source.git.dirty"
_DIFF = "mlflow.source.git.diff"
_SOURCE = {_SOURCE_NAME, _COMMIT, _BRANCH, _DIFF}

RESERVED = _SOURCE | {RUN_NAME, NOTE, PARENT_RUN, LOGGED_ARTIFACTS, LOGGED_MODELS, _SOURCE_TYPE, _DIRTY}
RESERVED |= {RUN_ID, PARENT_ID, ARGV}

_HYPOTHESIS = "**Hypothesis:** "
_RULE = "\n\n---\n\n"


def is_reserved(tag: str) -> bool:
    """Tell whether a tag is one of those that are read as another part of the run."""
    return tag in RESERVED or tag.startswith("taximeter.")


def compose_note(hypothesis: str | None, notes: Sequence[str]) -> str | None:
    """Return the run's description in Markdown, as MLflow's UI shows it, or None where there is nothing to say."""
    blocks = [] if hypothesis is None else [_HYPOTHESIS + hypothesis]
    blocks += notes
    return cut(_RULE.join(blocks), LONGEST_TAG) if blocks else None


def parse_note(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the hypothesis and the notes of a description that `compose_note` wrote."""
    first, *rest = text.split(_RULE)
    if first.startswith(_HYPOTHESIS):
        return first.removeprefix(_HYPOTHESIS), tuple(rest)
    return None, (first, *rest)


def source_tags(source: Source) -> dict[str, str]:
    """Return the tags by which MLflow's UI shows the code that ran."""
    tags = {
        _SOURCE_TYPE: "LOCAL",
        _SOURCE_NAME: source.entry_point,
        _COMMIT: source.commit,
        _BRANCH: source.branch,
        _DIRTY: "true" if source.diff else None,
        _DIFF: source.diff,
        ARGV: json.encode(source.argv).decode(),
    }
    return {tag: cut(text, LONGEST_TAG) for tag, text in tags.items() if text is not None}


def parse_source(tags: Mapping[str, str]) -> Source | None:
    """Return the code that ran, as far as the tags say it."""
    if not tags.keys() & _SOURCE:
        return None
    return Source(tags.get(_SOURCE_NAME, ""), _argv(tags), tags.get(_COMMIT), tags.get(_BRANCH), tags.get(_DIFF))


def _argv(tags: Mapping[str, str]) -> tuple[str, ...]:
    try:
        return json.decode(tags.get(ARGV, "[]"), type=tuple[str, ...])
    except ValueError:  # it was too long for a tag, and is cut
        return ()
