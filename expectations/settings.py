"""The settings of a deployment, read from the environment once and checked before anything starts.

Every `FANOUT_*` variable is declared in `SETTINGS`; an unknown one is refused by name, since a misspelt setting that is
silently ignored costs a night.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from expectations.contract import SOURCES

CHECKOUT = Path(__file__).resolve().parent.parent

SETTINGS: dict[str, str] = {
    "FANOUT_HOME": "Where everything is written; default data/ in the checkout.",
    "FANOUT_LANDING": "Where deliveries lie; default FANOUT_HOME/landing.",
    "FANOUT_LAKE": "The Delta lake, a path or an object-store URI; default FANOUT_HOME/lake.",
    "FANOUT_CURRENCY": "ISO 4217 code of the one reporting currency; default CNY.",
    "FANOUT_TIMEZONE": "IANA time zone of the business date; default Asia/Shanghai.",
    "FANOUT_SPARK_MASTER": "Where Spark runs; default local[*].",
    "FANOUT_SPARK_MEMORY": "Memory of the Spark driver, such as 8g; default half of the machine's memory.",
    "FANOUT_EXECUTOR_MEMORY": "Memory of each Spark executor where there is a cluster, such as 4g; default 2g.",
    "FANOUT_SCHEDULE": "Cron expression at which the ingests start, in FANOUT_TIMEZONE, or off; default 0 2 * * *.",
    "FANOUT_EXPECTED_SOURCES": "Sources that deliver for every day of the schedule, or none; default shop,group,stream.",
    "FANOUT_EXECUTOR_EDGES": "Edges of a graph beyond which GraphFrames takes over from one executor; default 100000000.",
    "FANOUT_CHURN_CAPACITY": "Merchants that the success team can call in a week; no more are flagged; default 100.",
    "FANOUT_CHURN_THRESHOLD": "Churn probability from which a merchant is flagged; default chosen on the training side.",
    "FANOUT_KEEP_VERSIONS": "Published versions of a day that are kept; default 3.",
    "FANOUT_ALERT_WEBHOOK": "URL that gets a JSON message when a task fails; default none.",
    "FANOUT_ALERT_EMAIL": "Address that gets a mail when a task fails (Airflow's SMTP settings apply); default none.",
    "FANOUT_LANGUAGE": "Language of workbooks and reports, en or zh; default en.",
    "FANOUT_CONTACT": "Whom readers of the exports may ask, named on the page About; default none.",
    "FANOUT_DESTINATIONS": "TOML file that says where exports are delivered; default none, they stay in FANOUT_HOME/exports.",
    "FANOUT_PSEUDONYM_KEY": "Secret of at least 32 characters; if set, exports hold keyed pseudonyms in place of people's ids.",
    "FANOUT_RUN_ID": "Set by the DAGs: the DAG run that lake commits and run.json name.",
}


class SettingError(ValueError):
    """A setting that is unknown or impossible; the message names it and says what would be right."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process."""

    home: Path
    landing: Path
    lake: str
    currency: str
    timezone: str
    spark_master: str
    spark_memory: str
    executor_memory: str
    keep_versions: int
    run_id: str
    schedule: str
    expected_sources: frozenset[str]
    executor_edges: int
    churn_capacity: int
    churn_threshold: float | None
    language: str
    contact: str
    destinations: Path | None
    pseudonym_key: str | None = field(repr=False)

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    def work(self, as_of: date) -> Path:
        """The folder of the files that one day's run makes before they are published."""
        return self.home / "work" / as_of.isoformat()

    def warehouse(self, as_of: date) -> Path:
        """The DuckDB file that dbt builds into; readers get a copy of it from the publication."""
        return self.work(as_of) / "warehouse.duckdb"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the settings.

        Raises:
            SettingError: a `FANOUT_*` variable is unknown, or a value is impossible.
        """
        unknown = sorted(name for name in environ if name.startswith("FANOUT_") and name not in SETTINGS)
        if unknown:
            raise SettingError(f"unknown setting {', '.join(unknown)}; the settings are {', '.join(SETTINGS)}")
        value = {name: environ[name] for name in SETTINGS if environ.get(name)}
        home = Path(value.get("FANOUT_HOME", CHECKOUT / "data")).expanduser().absolute()
        if home.exists() and not home.is_dir():
            raise SettingError(f"FANOUT_HOME={home} is a file; name a folder")
        landing = Path(value.get("FANOUT_LANDING", home / "landing")).expanduser().absolute()
        if "FANOUT_LANDING" in value and not landing.is_dir():
            raise SettingError(f"FANOUT_LANDING={landing} is not a folder; name the folder that holds shop/, group/, stream/")
        lake = value.get("FANOUT_LAKE", str(home / "lake"))
        if "://" not in lake:
            lake = str(Path(lake).expanduser().absolute())
        currency = value.get("FANOUT_CURRENCY", "CNY")
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise SettingError(f"FANOUT_CURRENCY={currency} is not an ISO 4217 code such as CNY")
        timezone = value.get("FANOUT_TIMEZONE", "Asia/Shanghai")
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingError(f"FANOUT_TIMEZONE={timezone} is not an IANA time zone such as Asia/Shanghai") from None
        master = value.get("FANOUT_SPARK_MASTER", "local[*]")
        if not re.fullmatch(r"local(\[(\*|\d+)\])?|(spark|k8s)://.+|yarn", master):
            raise SettingError(f"FANOUT_SPARK_MASTER={master} is not a Spark master such as local[*] or spark://host:7077")
        memory = {
            "FANOUT_SPARK_MEMORY": value.get("FANOUT_SPARK_MEMORY") or f"{_machine_memory_mb() // 2}m",
            "FANOUT_EXECUTOR_MEMORY": value.get("FANOUT_EXECUTOR_MEMORY", "2g"),
        }
        for name, size in memory.items():
            if not re.fullmatch(r"[1-9]\d*[mg]", size):
                raise SettingError(f"{name}={size} is not a size such as 8g or 900m")
        schedule = value.get("FANOUT_SCHEDULE", "0 2 * * *")
        if schedule != "off" and not re.fullmatch(r"[\d*/,-]+( [\d*/,A-Za-z-]+){4}", schedule):
            raise SettingError(f"FANOUT_SCHEDULE={schedule} is neither off nor a cron expression such as 0 2 * * *")
        named = value.get("FANOUT_EXPECTED_SOURCES", ",".join(SOURCES))
        expected_sources = frozenset(() if named == "none" else named.split(","))
        if not expected_sources <= {*SOURCES}:
            raise SettingError(f"FANOUT_EXPECTED_SOURCES={named} is neither none nor some of {','.join(SOURCES)}")
        keep = value.get("FANOUT_KEEP_VERSIONS", "3")
        if not re.fullmatch(r"[1-9]\d*", keep):
            raise SettingError(f"FANOUT_KEEP_VERSIONS={keep} is not a whole number of at least 1")
        edges = value.get("FANOUT_EXECUTOR_EDGES", "100000000")
        if not re.fullmatch(r"\d{1,12}", edges):
            raise SettingError(f"FANOUT_EXECUTOR_EDGES={edges} is not a number of edges such as 100000000")
        capacity = value.get("FANOUT_CHURN_CAPACITY", "100")
        if not re.fullmatch(r"[1-9]\d{0,6}", capacity):
            raise SettingError(f"FANOUT_CHURN_CAPACITY={capacity} is not a whole number of at least 1")
        threshold = value.get("FANOUT_CHURN_THRESHOLD")
        if threshold is not None and not re.fullmatch(r"0?\.\d*[1-9]\d*", threshold):
            raise SettingError(f"FANOUT_CHURN_THRESHOLD={threshold} is not a probability between 0 and 1 such as 0.4")
        language = value.get("FANOUT_LANGUAGE", "en")
        if language not in ("en", "zh"):
            raise SettingError(f"FANOUT_LANGUAGE={language} is neither en nor zh")
        destinations = Path(value["FANOUT_DESTINATIONS"]).expanduser().absolute() if "FANOUT_DESTINATIONS" in value else None
        if destinations is not None and not destinations.is_file():
            raise SettingError(f"FANOUT_DESTINATIONS={destinations} is not a file; docs/exports.md shows what stands in it")
        pseudonym_key = value.get("FANOUT_PSEUDONYM_KEY")
        if pseudonym_key is not None and len(pseudonym_key) < 32:
            raise SettingError("FANOUT_PSEUDONYM_KEY has fewer than 32 characters; make one with: openssl rand -hex 32")
        return cls(
            home=home,
            landing=landing,
            lake=lake,
            currency=currency,
            timezone=timezone,
            spark_master=master,
            spark_memory=memory["FANOUT_SPARK_MEMORY"],
            executor_memory=memory["FANOUT_EXECUTOR_MEMORY"],
            keep_versions=int(keep),
            run_id=value.get("FANOUT_RUN_ID", "by hand"),
            schedule=schedule,
            expected_sources=expected_sources,
            executor_edges=int(edges),
            churn_capacity=int(capacity),
            churn_threshold=None if threshold is None else float(threshold),
            language=language,
            contact=value.get("FANOUT_CONTACT", ""),
            destinations=destinations,
            pseudonym_key=pseudonym_key,
        )


def parse_as_of(text: str) -> date:
    """A business date written YYYY-MM-DD.

    Raises:
        SettingError: it is not one.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise SettingError(f"AS_OF={text} is not a date; write it YYYY-MM-DD")


def _machine_memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
