"""Secrets do not get into records."""

from time import perf_counter

import pytest

from taximeter.redact import redact, redact_arguments


@pytest.mark.parametrize(
    "text",
    [
        "API_KEY=canary123",
        'export WANDB_API_KEY="canary123"',
        "password: canary123",
        "-  comet_api_key = 'canary123'",
        '{"token": "canary123", "x": 1}',
        "postgresql://user:canary123@host/db",
        "https://me:canary123@example.org/x?y=1",
        "--secret-token=canary123",
        'password: str = "canary123"',
        'os.environ["API_KEY"] = "canary123"',
        'password = "canary123 with, words"',
        "Authorization: Bearer canary123",
        "run --api-key canary123 now",
        "DB_PASS=canary123",
        "mysql://me:c@nary123canary123@host/db",
        "-----BEGIN RSA PRIVATE KEY-----\ncanary123\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_is_taken_out_of_text(text: str) -> None:
    """Only the secret goes."""
    redacted = redact(text)
    assert "canary123" not in redacted
    assert "[redacted]" in redacted


@pytest.mark.parametrize(
    "text",
    [
        "alpha=0.1",
        "https://example.org/a:b@c",
        "tokenizer",
        "secretary of state",
        "a: b",
        "--max-tokens=512",
        "--tokenizer bert",
        "tokenizer = x",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    """What is no secret is not touched."""
    assert redact(text) == text


def test_what_follows_a_secret_option_is_a_secret() -> None:
    """Both ways of giving an option are known."""
    arguments = ("train.py", "--api-key", "canary123", "--alpha", "0.1", "--password=canary123")
    expected = ("train.py", "--api-key", "[redacted]", "--alpha", "0.1", "--password=[redacted]")
    assert redact_arguments(arguments) == expected


def test_the_value_of_a_secret_variable_is_found_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A diff or a traceback may hold it bare."""
    monkeypatch.setenv("NEPTUNE_API_TOKEN", "canary-bare-1")
    assert redact("connect('canary-bare-1')") == "connect('[redacted]')"


def test_a_known_kind_of_token_is_found() -> None:
    """Its form gives it away."""
    assert redact("push to ghp_" + "a" * 36) == "push to [redacted]"


def test_long_lines_take_no_long_time() -> None:
    """Minified files in a diff do not hold up a training: the work is linear in the text."""
    line = "1.5-2" * 100_000 + "token" * 20_000 + "-" * 100_000
    began = perf_counter()
    assert redact(line) == line
    assert perf_counter() - began < 30
