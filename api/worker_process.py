"""The process of the worker that a server starts beside it; see ``chartsift.api.worker.EmbeddedWorker``."""

from __future__ import annotations

import sys

from chartsift.api.settings import settings_from
from chartsift.api.worker import run_worker
from chartsift.nlp.errors import ChartsiftError


def main() -> int:
    """Run a worker until the server's end of the pipe is closed; return the exit status."""
    try:
        run_worker(settings_from(), log_level=sys.argv[1], parent=sys.stdin.buffer)
    except ChartsiftError as exc:
        sys.stderr.write(f"chartsift worker: {exc.code} {exc.message}\n")
        return exc.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
