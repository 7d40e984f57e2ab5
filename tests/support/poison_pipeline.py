"""Pipelines that workers import by name: slow ones, and ones that a note brings down in every way there is."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from support.fake_pipeline import FakePipeline

from chartsift.nlp.errors import RuleError
from chartsift.nlp.screening import chart
from chartsift.nlp.types import Finding, Note

#: Where pipelines leave traces for the test that started them.
TRACES = "CHARTSIFT_TEST_TRACES"
SLOW_SECONDS = 0.01


class PoisonPipeline(FakePipeline):
    """Does to its process what the note says: the first word in capitals that is a method's name."""

    def extract(self, note: Note) -> list[Finding]:
        for word in re.findall(r"\b[A-Z]{4,}\b", note.text):
            deed = getattr(self, f"do_{word.lower()}", None)
            if deed is not None:
                deed()
        return super().extract(note)

    def do_crash(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    def do_exit(self) -> None:
        os._exit(3)

    def do_kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def do_memory(self) -> None:
        bytearray(64 * 1024**3)

    def do_recursion(self) -> None:
        self.do_recursion()

    def do_spin(self) -> None:
        # In C, where no other thread of Python gets a turn.
        re.match(r"(a+)+$", "a" * 64 + "b")

    def do_wait(self) -> None:
        time.sleep(3600)

    def do_once(self) -> None:
        if leave_trace("once") == 1:
            os.kill(os.getpid(), signal.SIGSEGV)


def leave_trace(name: str) -> int:
    """Set down that something happened, and return how often it has by now."""
    path = Path(os.environ[TRACES]) / name
    with path.open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    return len(path.read_text(encoding="ascii").splitlines())


def make() -> PoisonPipeline:
    return PoisonPipeline()


def make_slow() -> PoisonPipeline:
    return PoisonPipeline(seconds_per_note=SLOW_SECONDS)


def make_counted() -> PoisonPipeline:
    leave_trace("starts")
    return PoisonPipeline()


def make_with_deadly_evaluation() -> PoisonPipeline:
    real = chart.evaluate

    def evaluate(patient, *arguments, **options):
        if patient.patient_id == "P001":
            os._exit(4)
        return real(patient, *arguments, **options)

    chart.evaluate = evaluate
    return PoisonPipeline()


def make_never() -> PoisonPipeline:
    leave_trace("starts")
    os._exit(5)


def make_invalid() -> PoisonPipeline:
    raise RuleError("RU202", "own.yaml: no such field", hint="correct it")


def make_ever_newer() -> PoisonPipeline:
    return PoisonPipeline(name=f"version {leave_trace('starts')}")
