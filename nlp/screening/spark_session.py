"""
A Spark session that fits the work: started here for a master, or the one that spark-submit or a notebook has.

Spark writes logs, an event log and a page of its own. None of them is to hold a patient's words: tasks raise errors
without messages, the event log and the page are off unless asked for, and executors log from WARN on, because their
INFO lines name every file that they read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.log import get_logger

log = get_logger(__name__)

_LOOPBACK = "127.0.0.1"
# Of a session that is started here; what the user gives with --spark-conf goes before.
_STARTED_WITH = {
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "WARN",
    # Lost machines are no fault of a task; a task that fails by itself does so every time.
    "spark.task.maxFailures": "8",
}
# Of every session: what makes results independent of the cluster.
_SQL = {
    "spark.sql.session.timeZone": "UTC",
    # As our own reader reads old days: as written.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.caseSensitive": "true",
    # Notes have kilobytes, some megabytes: 500 of them still fit beside a pipeline.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
    "spark.sql.execution.arrow.useLargeVarTypes": "true",
}


# Spark's own levels are set when an executor has started, too late for its first lines.
_EXECUTOR_LOG = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""
_EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions"


@contextmanager
def spark_session(master: str | None, conf: Mapping[str, str], work: Path) -> Iterator[SparkSession]:
    """
    Provide a session; one that was started here is stopped at the end.

    Args:
        master: Address of the cluster ("spark://host:7077", "local[4]", "yarn"); None for what spark-submit says,
            else this machine.
        conf: Further Spark settings.
        work: A folder that executors see; they take the settings of their log from there.

    Raises:
        ScreeningError: Spark does not start (SC441).
    """
    active = SparkSession.getActiveSession()
    if active is not None and master is None:
        yield _with_settings(active, conf)
        return
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    master = master or (None if is_submitted else "local[*]")
    settings = {**_STARTED_WITH, **_loopback(master), **conf}
    log_settings = work.absolute() / "log4j2.properties"
    log_settings.write_text(_EXECUTOR_LOG, encoding="ascii")
    option = f"-Dlog4j2.configurationFile={log_settings.as_uri()}"
    settings[_EXECUTOR_OPTIONS] = f"{option} {conf.get(_EXECUTOR_OPTIONS, '')}".strip()
    # Executors must run this Python with these packages, not the first one on their path.
    if master is not None and (_is_here(master) or "spark.pyspark.python" not in conf):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("chartsift")
    for key, value in settings.items():
        builder = builder.config(key, value)
    if master is not None:
        builder = builder.master(master)
    try:
        session = builder.getOrCreate()
    except (Py4JError, PySparkException, OSError, RuntimeError) as exc:
        raise ScreeningError(
            "SC441",
            f"Spark does not start ({type(exc).__name__})",
            hint="it needs Java 17 (JAVA_HOME or java on the path) and a master that answers; see docs/spark.md",
        ) from exc
    try:
        yield _with_settings(session, conf)
    finally:
        session.stop()


def _with_settings(session: SparkSession, conf: Mapping[str, str]) -> SparkSession:
    """Return a session of the same application with our settings, which leaves those of the user's session alone."""
    own = session.newSession()
    # The size of pieces follows from the number of cores that happen to be there, unless it is set.
    pieces = {"spark.sql.files.minPartitionNum": str(max(2, session.sparkContext.defaultParallelism))}
    for key, value in {
        **_SQL,
        **pieces,
        **{k: v for k, v in conf.items() if k.startswith("spark.sql.")},
    }.items():
        if own.conf.isModifiable(key):
            own.conf.set(key, value)
        elif key in _SQL:
            log.warning("spark_setting_is_fixed", where=key)
    return own


def _is_here(master: str) -> bool:
    return master.startswith("local") or urlsplit(master).hostname in (_LOOPBACK, "localhost")


def _loopback(master: str | None) -> dict[str, str]:
    """Return settings that keep Spark off the network when its master is on this machine."""
    if master is None or not _is_here(master):
        return {}
    os.environ.setdefault("SPARK_LOCAL_IP", _LOOPBACK)
    return {"spark.driver.host": _LOOPBACK, "spark.driver.bindAddress": _LOOPBACK}
