"""What the pages' server itself logs: as carefully as Wayhome does."""

from gunicorn.config import Config
from gunicorn.glogging import Logger

from wayhome.work.logs import Line


class WebLog(Logger):  # type: ignore[misc]
    """gunicorn's own log, without links and values: it quotes addresses where a request fails."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(Line(self.error_fmt, self.datefmt))
