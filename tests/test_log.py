"""Log lines hold approved fields only, whoever writes them."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import warnings

import pytest
import structlog

from chartsift.nlp import log as chartsift_log
from chartsift.nlp.errors import InputError
from chartsift.nlp.log import configure_logging, describe_exception, get_logger, quiet_imports, reference

# A text that no module of chartsift holds; wherever it turns up, a note leaked.
CANARY = "Zyxwell has dermatomyositis"


@pytest.fixture
def lines():
    """Logging at DEBUG into a string; what was configured before is put back."""
    root, ours = logging.getLogger(), logging.getLogger("chartsift")
    before = (root.handlers[:], root.level, ours.level, warnings.showwarning)
    stream = io.StringIO()
    configure_logging(level="DEBUG", stream=stream)
    yield stream.getvalue
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    warnings.showwarning = before[3]
    structlog.reset_defaults()


@pytest.fixture
def run_fresh(tmp_path):
    """Return a function that runs code in a new interpreter and returns what it wrote to stdout and stderr."""

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    return run


def test_approved_fields_are_written(lines):
    get_logger("chartsift.test").info("note_screened", findings=3, ms=12.5, criterion="adult_ck")

    assert (
        "level=info logger=chartsift.test event=note_screened findings=3 ms=12.5 criterion=adult_ck"
        in lines()
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"text": CANARY},
        {"criterion": CANARY},
        {"component": {"text": CANARY}},
        {"component": [CANARY]},
        {"concept": CANARY.encode()},
        {"exception": CANARY},
        {"stack": CANARY},
        {CANARY: 1},
        {"note_ref": "P001"},
    ],
    ids=str,
)
def test_value_that_is_not_approved_is_dropped(lines, fields):
    get_logger("chartsift.test").warning("note_screened", **fields)

    written = lines()
    assert "event=note_screened" in written
    assert "Zyxwell" not in written
    assert "P001" not in written


def test_event_is_a_name_and_not_a_sentence(lines):
    get_logger("chartsift.test").warning(f"could not read {CANARY}")

    assert "event=<dropped>" in lines()
    assert "Zyxwell" not in lines()


def test_positional_arguments_are_dropped(lines):
    get_logger("chartsift.test").warning("note_screened", CANARY)

    assert "Zyxwell" not in lines()


def test_exception_is_written_as_type_and_place(lines):
    try:
        raise ValueError(CANARY)
    except ValueError:
        get_logger("chartsift.test").exception("note_failed")

    written = lines()
    assert 'exception="ValueError at tests/test_log.py:' in written
    assert ":test_exception_is_written_as_type_and_place" in written
    assert "Zyxwell" not in written


def test_cause_of_an_exception_is_described_without_its_message():
    def fail():
        try:
            int(CANARY)
        except ValueError as exc:
            raise InputError("IN199", "a.csv: row 3: no date", hint="write YYYY-MM-DD") from exc

    with pytest.raises(InputError) as caught:
        fail()

    described = describe_exception(caught.value)
    assert described.startswith("InputError IN199: a.csv: row 3: no date at ")
    assert "; from ValueError at " in described
    assert "Zyxwell" not in described


def test_exception_group_names_its_members():
    group = ExceptionGroup(CANARY, [ValueError(CANARY), KeyError(CANARY)])

    assert describe_exception(group) == "ExceptionGroup[ValueError, KeyError]"


def test_message_of_another_library_is_not_written(lines):
    try:
        raise KeyError(CANARY)
    except KeyError:
        logging.getLogger("uvicorn.error").exception("failed on %s", CANARY)

    written = lines()
    assert "level=error logger=uvicorn.error event=message_of_a_library" in written
    assert "KeyError at" in written
    assert "Zyxwell" not in written


def test_library_with_a_handler_of_its_own_is_brought_to_ours(capsys, lines):
    other = logging.getLogger("library.with.handler")
    other.addHandler(logging.StreamHandler(sys.stderr))
    other.propagate = False

    configure_logging(stream=io.StringIO())
    other.error(CANARY)

    assert "Zyxwell" not in "".join(capsys.readouterr())


def test_broken_log_call_of_a_library_does_not_print_its_arguments(run_fresh):
    written = run_fresh(f"""
import logging
from chartsift.nlp.log import configure_logging
configure_logging()
logging.getLogger("library").error("two places %s %s", {CANARY!r})
""")

    assert "logger=library event=message_of_a_library" in written
    assert "Zyxwell" not in written


def test_stream_that_fails_does_not_stop_the_program(capsys, lines):
    closed = io.StringIO()
    closed.close()
    configure_logging(stream=closed)

    get_logger("chartsift.test").error("note_failed", text=CANARY)

    assert "Zyxwell" not in "".join(capsys.readouterr())


def test_warning_is_written_as_category_and_place(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = chartsift_log._log_warning
        warnings.warn(CANARY, UserWarning, stacklevel=1)

    assert "event=python_warning category=UserWarning where=tests/test_log.py:" in lines()
    assert "Zyxwell" not in lines()


def test_plain_structlog_loggers_are_cleaned_too(lines):
    structlog.get_logger("chartsift.test").warning("note_screened", text=CANARY)

    assert "event=note_screened text=" in lines()
    assert "Zyxwell" not in lines()


def test_logger_is_clean_before_anything_is_configured(run_fresh):
    # A library user never calls configure_logging; Python's last resort writes warnings to stderr.
    written = run_fresh(f"""
from chartsift.nlp.log import get_logger
get_logger("chartsift.x").warning("note_screened", text={CANARY!r}, count=1)
""")

    assert "event=note_screened" in written
    assert "count=1" in written
    assert "Zyxwell" not in written


def test_tokens_of_pyrush_are_not_written(run_fresh):
    # PyRuSH logs from its own module, and loguru decides by the name of the module that logs.
    written = run_fresh(f"""
import chartsift.nlp.log, loguru
exec("logger.warning({CANARY!r})", {{"__name__": "PyRuSH.RuSH", "logger": loguru.logger}})
exec("logger.warning('another library speaks')", {{"__name__": "other", "logger": loguru.logger}})
""")

    assert "another library speaks" in written
    assert "Zyxwell" not in written


def test_configured_program_silences_loguru_altogether(run_fresh):
    written = run_fresh(f"""
import loguru
from chartsift.nlp.log import configure_logging
configure_logging()
loguru.logger.error({CANARY!r})
""")

    assert written == ""


def test_quiet_imports_puts_the_warning_filters_back():
    before = list(warnings.filters)

    with quiet_imports():
        warnings.filterwarnings("ignore")

    added = [entry for entry in warnings.filters if entry not in before]
    assert all("W036" in message.pattern for _, message, _, _, _ in added)
    assert [entry for entry in warnings.filters if entry not in added] == before


def test_level_is_respected(lines):
    stream = io.StringIO()
    configure_logging(level="WARNING", stream=stream)

    get_logger("chartsift.test").info("note_screened", findings=1)

    assert stream.getvalue() == ""


def test_reference_is_stable_and_does_not_show_the_identifier():
    assert reference("P001") == reference("P001") != reference("P002")
    assert len(reference("P001")) == 16
    assert "P001" not in reference("P001")
