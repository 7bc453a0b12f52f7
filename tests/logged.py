"""What is logged, kept as lines: for tests that hold that no secret, or no failure, is among it."""

from __future__ import annotations

import logging


class Log(logging.Handler):
    """Every line from a level on, with the exception that it tells of."""

    def __init__(self, level: int = logging.DEBUG) -> None:
        super().__init__(level)
        self._lines: list[str] = []
        self._loggers: list[logging.Logger] = []

    def listening(self, *names: str) -> Log:
        """Listen to these loggers, the root by an empty name, until it is closed."""
        self._loggers = [logging.getLogger(name) for name in names]
        for logger in self._loggers:
            logger.addHandler(self)
        return self

    def close(self) -> None:
        for logger in self._loggers:
            logger.removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.getMessage()} {record.exc_info[1] if record.exc_info else ''}")

    def taken(self) -> list[str]:
        """Return what was logged since the last time."""
        lines, self._lines = self._lines, []
        return lines
