"""The settings of a deployment, read from the environment once and checked before anything starts.

Every `FANOUT_*` variable is declared in `SETTINGS`; an unknown one is refused by name, since a misspelt setting that is
silently ignored costs a night. So does a value that only the last task trips over. Only the standard library is imported, since
preflight reads the settings before anything is installed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract.events import SOURCES
from contract.machine import memory_mb
from contract.object_path import ObjectPath, can_be_read
from contract.object_store import SCHEME
from contract.setting_error import SettingError as SettingError

CHECKOUT = Path(__file__).resolve().parent.parent
# Airflow's pool of the tasks that write the lake, and how many of them run at once.
LAKE_WRITERS, LAKE_WRITERS_SLOTS = "lake_writers", 3

SETTINGS: dict[str, str] = {
    "FANOUT_HOME": "Where everything is written; default data/ in the checkout.",
    "FANOUT_LANDING": "Where deliveries lie, a folder or s3://bucket/prefix; default FANOUT_HOME/landing.",
    "FANOUT_LAKE": "The Delta lake, a folder or s3://bucket/prefix; default FANOUT_HOME/lake.",
    "FANOUT_PUBLISHED_URI": "s3://bucket/prefix that gets a copy of each published version; default none.",
    "FANOUT_S3_CONNECTION": "Airflow connection of the object store; default the variables AWS_*.",
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
    "FANOUT_HOLDOUT_SHARE": "Part of the merchants that no list names, to see what calls bring, such as 0.1; default none.",
    "FANOUT_HOLDOUT_KEY": "Word that decides who is held out; another one draws others; default fanout.",
    "FANOUT_KEEP_VERSIONS": "Published versions of a day that are kept; default 3.",
    "FANOUT_KEEP_DAYS": "Business dates whose derived tables, versions, exports, pages, work and logs are kept; default 90.",
    "FANOUT_KEEP_DEAD_HOURS": "Hours for which data files that no table names any more stay in the lake; default 24.",
    "FANOUT_REWRITE_LANDING": "Whether maintenance empties lines of erased people in landing files, yes or no; default no.",
    "FANOUT_WAIT_MINUTES": "Minutes after which somebody is told of a DAG whose input came and that has not begun; default 30.",
    "FANOUT_MARTS_BY": "Time of day by which the night's marts are there, else somebody is told, or off; default 06:00.",
    "FANOUT_EXPORTS_BY": "The same for the exports; default 08:00.",
    "FANOUT_LINEAGE_URL": "URL of an OpenLineage endpoint that gets the lineage events too; default none.",
    "FANOUT_ALERT_WEBHOOK": "URL that gets a JSON message when a task fails; default none.",
    "FANOUT_ALERT_EMAIL": "Address that gets a mail when a task fails (Airflow's SMTP settings apply); default none.",
    "FANOUT_LANGUAGE": "Language of workbooks and reports, en or zh; default en.",
    "FANOUT_CONTACT": "Whom readers of the exports may ask, named on the page About; default none.",
    "FANOUT_DESTINATIONS": "TOML file that says where exports are delivered; default none, they stay in FANOUT_HOME/exports.",
    "FANOUT_PLAYBOOK": "CSV file of next steps, or a folder of them whose last name counts; default the one of the program.",
    "FANOUT_PSEUDONYM_KEY": "Secret of at least 32 characters; if set, exports hold keyed pseudonyms in place of people's ids.",
    "FANOUT_BI_DSN": "Secret: URL of a PostgreSQL database for BI tools, which gets the newest published day; default none.",
    "FANOUT_BI_PARQUET": "Folder that gets each published version as Parquet files; default none.",
    "FANOUT_SUPERSET_URL": "Address of the Superset whose charts are warmed after a publication; default none.",
    "FANOUT_SUPERSET_USER": "Login there of an administrator; default admin.",
    "FANOUT_SUPERSET_PASSWORD": "Secret: its password; default the one that `make superset` generated.",
    "FANOUT_EXPORTS_URL": "Address under which FANOUT_HOME/exports is served; the dashboards link its maps; default none.",
    "FANOUT_RUN_ID": "Set by the DAGs: the DAG run that lake commits and run.json name.",
}
# Each may stand in a file instead, which the variable with `_FILE` behind its name leads to: who starts a container sees the
# environment that it was given, and so does everything that runs in it.
SECRET_FILES = {
    name: f"{name}_FILE"
    for name in ("FANOUT_ALERT_WEBHOOK", "FANOUT_BI_DSN", "FANOUT_PSEUDONYM_KEY", "FANOUT_SUPERSET_PASSWORD")
}

# ISO 4217 of 2024, without funds, metals and codes for tests.
_CURRENCIES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CURRENCIES.split())
# Each has a meaning to something that reads a path: SQL, templates (dbt, Great Expectations), URLs (delta-rs, DuckDB, SQLite),
# Spark's list of folders.
_NOT_IN_A_PATH = "'?#%${}[]|^\\,"
# A character of a URL's part as it stands, or percent-encoded. libpq puts a password with any other character, or with a wrong
# encoding, into its error messages.
_IN_URL = r"(?:[^\s:@/?#%,\[\]]|%(?!00)[0-9A-Fa-f]{2})"
_POSTGRESQL = re.compile(
    rf"postgres(?:ql)?://{_IN_URL}+(?::{_IN_URL}*)?@(?:{_IN_URL}*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?/{_IN_URL}+"
    rf"(?:\?(?:{_IN_URL}|[:@/,])*)?"
)
# Files of a time zone database that are not zones, or repeat the zones; pyarrow or DuckDB knows none of them.
_NO_ZONE = re.compile(r"(posix|right|SystemV)/.*|posixrules|localtime|Factory")
# Minute, hour, day of the month, month, day of the week.
_MONTHS, _WEEK = "jan feb mar apr may jun jul aug sep oct nov dec", "sun mon tue wed thu fri sat"
_CRON_FIELDS = ((0, 59, ""), (0, 23, ""), (1, 31, ""), (1, 12, _MONTHS), (0, 7, _WEEK))
_DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LANGUAGES = ("en", "zh")
_MAY_BE_OBJECTS = ("FANOUT_LANDING", "FANOUT_LAKE")


@dataclass(frozen=True)
class Settings:
    """The settings of one process."""

    home: Path
    landing: Path | ObjectPath
    lake: str
    published_uri: str | None
    currency: str
    timezone: str
    spark_master: str
    spark_memory: str
    executor_memory: str
    keep_versions: int
    keep_days: int
    keep_dead_hours: int
    rewrite_landing: bool
    wait_minutes: int
    marts_by: time | None
    exports_by: time | None
    lineage_url: str | None
    run_id: str
    schedule: str
    expected_sources: frozenset[str]
    executor_edges: int
    churn_capacity: int
    churn_threshold: float | None
    holdout_share: str
    holdout_key: str
    language: str
    contact: str
    destinations: Path | None
    playbook: Path | None
    bi_parquet: Path | None
    superset_url: str | None
    superset_user: str
    exports_url: str | None
    superset_password: str | None = field(repr=False)
    bi_dsn: str | None = field(repr=False)
    pseudonym_key: str | None = field(repr=False)

    @property
    def landing_folder(self) -> Path:
        """The landing, for what reads or writes it as files and folders of this machine.

        Raises:
            SettingError: it lies in an object store.
        """
        if not isinstance(self.landing, Path):
            raise SettingError(f"FANOUT_LANDING={self.landing} is no folder; name one")
        return self.landing

    @property
    def uses_object_store(self) -> bool:
        """Whether Spark reads or writes an object store; what is published there goes without it."""
        return str(self.landing).startswith(SCHEME) or self.lake.startswith(SCHEME)

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    @property
    def returns(self) -> Path:
        """Where the sheets lie that account managers send back."""
        return self.home / "returns"

    @property
    def site(self) -> Path:
        return self.home / "site"

    def work(self, as_of: date) -> Path:
        """The folder of the files that a day's run makes before they are published."""
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
        known = SETTINGS.keys() | {*SECRET_FILES.values()}
        unknown = sorted(name for name in environ if name.startswith("FANOUT_") and name not in known)
        if unknown:
            raise SettingError(f"unknown setting {', '.join(unknown)}; the settings are {', '.join(SETTINGS)}")
        texts = {name: read_secret(name, environ) if name in SECRET_FILES else environ.get(name) for name in SETTINGS}
        value = {name: text for name, text in texts.items() if text}
        for name in value:
            if not _is_text(value[name], may_have_lines=name in ("FANOUT_CONTACT", "FANOUT_PSEUDONYM_KEY")):
                raise SettingError(f"{name} holds a control character, or a byte that is no UTF-8; take it out")
        home = _folder("FANOUT_HOME", value.get("FANOUT_HOME", str(CHECKOUT / "data")))
        landing = _landing(value["FANOUT_LANDING"]) if "FANOUT_LANDING" in value else home / "landing"
        named = value.get("FANOUT_LAKE", str(home / "lake"))
        lake = _object_uri("FANOUT_LAKE", named) or str(_folder("FANOUT_LAKE", named))
        named = value.get("FANOUT_PUBLISHED_URI", "")
        published_uri = _object_uri("FANOUT_PUBLISHED_URI", named)
        if named and published_uri is None:
            raise SettingError(f"FANOUT_PUBLISHED_URI={named} is no place of an object store such as s3://bucket/published")
        if published_uri is not None and (at := _among(published_uri, {"FANOUT_LAKE": lake, "FANOUT_LANDING": str(landing)})):
            raise SettingError(f"FANOUT_PUBLISHED_URI={published_uri} and {at} lie in one another; choose another prefix")
        store = value.get("FANOUT_S3_CONNECTION", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", store):
            raise SettingError(f"FANOUT_S3_CONNECTION={store} is not the name of a connection such as object_store")
        currency = value.get("FANOUT_CURRENCY", "CNY")
        if currency not in CURRENCIES:
            raise SettingError(f"FANOUT_CURRENCY={currency} is not an ISO 4217 code of a currency in use, such as CNY")
        timezone = value.get("FANOUT_TIMEZONE", "Asia/Shanghai")
        try:
            if _NO_ZONE.fullmatch(timezone):
                raise ValueError(timezone)
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingError(f"FANOUT_TIMEZONE={timezone} is not an IANA time zone such as Asia/Shanghai") from None
        master = value.get("FANOUT_SPARK_MASTER", "local[*]")
        if not re.fullmatch(r"local(\[(\*|[1-9][0-9]{0,3})\])?|spark://[^\s/]+:[0-9]+|k8s://\S+|yarn", master):
            raise SettingError(f"FANOUT_SPARK_MASTER={master} is not a Spark master such as local[*] or spark://host:7077")
        memory = {
            "FANOUT_SPARK_MEMORY": value.get("FANOUT_SPARK_MEMORY") or f"{memory_mb() // 2}m",
            "FANOUT_EXECUTOR_MEMORY": value.get("FANOUT_EXECUTOR_MEMORY", "2g"),
        }
        for name, size in memory.items():
            if not re.fullmatch(r"[1-9][0-9]{0,2}g|[5-9][0-9]{2}m|[1-9][0-9]{3,6}m", size):
                raise SettingError(f"{name}={size} is not a size from 500m, which Spark needs, to 999g, such as 8g or 900m")
        schedule = value.get("FANOUT_SCHEDULE", "0 2 * * *")
        if schedule != "off" and not _is_cron(schedule):
            raise SettingError(f"FANOUT_SCHEDULE={schedule} is neither off nor a cron expression such as 0 2 * * *")
        named = value.get("FANOUT_EXPECTED_SOURCES", ",".join(SOURCES))
        expected_sources = frozenset(() if named == "none" else named.split(","))
        if not expected_sources <= {*SOURCES}:
            raise SettingError(f"FANOUT_EXPECTED_SOURCES={named} is neither none nor some of {','.join(SOURCES)}")
        keep = value.get("FANOUT_KEEP_VERSIONS", "3")
        if not re.fullmatch(r"[1-9][0-9]{0,6}", keep):
            raise SettingError(f"FANOUT_KEEP_VERSIONS={keep} is not a whole number of at least 1")
        keep_days = value.get("FANOUT_KEEP_DAYS", "90")
        if not re.fullmatch(r"[1-9][0-9]{0,4}", keep_days):
            raise SettingError(f"FANOUT_KEEP_DAYS={keep_days} is not a whole number of days from 1 to 99999")
        dead = value.get("FANOUT_KEEP_DEAD_HOURS", "24")
        if not re.fullmatch(r"[1-9][0-9]{0,3}", dead):
            raise SettingError(f"FANOUT_KEEP_DEAD_HOURS={dead} is not a whole number of hours from 1 to 9999")
        rewrite = value.get("FANOUT_REWRITE_LANDING", "no")
        if rewrite not in ("yes", "no"):
            raise SettingError(f"FANOUT_REWRITE_LANDING={rewrite} is neither yes nor no")
        wait = value.get("FANOUT_WAIT_MINUTES", "30")
        if not re.fullmatch(r"[1-9][0-9]{0,3}", wait):
            raise SettingError(f"FANOUT_WAIT_MINUTES={wait} is not a whole number of minutes from 1 to 9999")
        lineage_url = value.get("FANOUT_LINEAGE_URL")
        if lineage_url is not None and not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", lineage_url):
            raise SettingError(
                "FANOUT_LINEAGE_URL is not an address such as http://marquez:5000/api/v1/lineage, without a login"
            )
        edges = value.get("FANOUT_EXECUTOR_EDGES", "100000000")
        if not re.fullmatch(r"[0-9]{1,12}", edges):
            raise SettingError(f"FANOUT_EXECUTOR_EDGES={edges} is not a number of edges such as 100000000")
        capacity = value.get("FANOUT_CHURN_CAPACITY", "100")
        if not re.fullmatch(r"[1-9][0-9]{0,6}", capacity):
            raise SettingError(f"FANOUT_CHURN_CAPACITY={capacity} is not a whole number of at least 1")
        threshold = value.get("FANOUT_CHURN_THRESHOLD")
        if threshold is not None and not (re.fullmatch(r"0?\.[0-9]+", threshold) and 0 < float(threshold) < 1):
            raise SettingError(f"FANOUT_CHURN_THRESHOLD={threshold} is not a probability between 0 and 1 such as 0.4")
        holdout_share = value.get("FANOUT_HOLDOUT_SHARE", "0")
        if not (re.fullmatch(r"0?\.[0-9]{1,6}|0", holdout_share) and float(holdout_share) <= 0.5):
            raise SettingError(f"FANOUT_HOLDOUT_SHARE={holdout_share} is not a part of the merchants from 0 to 0.5 such as 0.1")
        holdout_key = value.get("FANOUT_HOLDOUT_KEY", "fanout")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", holdout_key):  # it stands in SQL
            raise SettingError(
                f"FANOUT_HOLDOUT_KEY={holdout_key} is not a word of letters, digits, -, _ and . such as 2026-spring"
            )
        language = value.get("FANOUT_LANGUAGE", "en")
        if language not in LANGUAGES:
            raise SettingError(f"FANOUT_LANGUAGE={language} is neither en nor zh")
        webhook = value.get("FANOUT_ALERT_WEBHOOK", "")
        if webhook and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", webhook):
            raise SettingError("FANOUT_ALERT_WEBHOOK is not a URL such as https://chat.example/hooks/1")  # it may be a secret
        email = value.get("FANOUT_ALERT_EMAIL", "")
        if email and not re.fullmatch(r"[^\s@,;]+@[^\s@,;]+", email):
            raise SettingError(f"FANOUT_ALERT_EMAIL={email} is not an address such as night@example.org")
        given = value.get("FANOUT_DESTINATIONS")
        destinations = None if given is None else _path("FANOUT_DESTINATIONS", given)
        if destinations is not None and not destinations.is_file():
            raise SettingError(f"FANOUT_DESTINATIONS={destinations} is not a file; docs/exports.md shows what stands in it")
        book = value.get("FANOUT_PLAYBOOK")
        playbook = None if book is None else _path("FANOUT_PLAYBOOK", book)
        if playbook is not None and not playbook.exists():
            raise SettingError(f"FANOUT_PLAYBOOK={playbook} is not there; docs/exports.md shows what stands in a playbook")
        pseudonym_key = value.get("FANOUT_PSEUDONYM_KEY")
        if pseudonym_key is not None and len(pseudonym_key) < 32:
            raise SettingError("FANOUT_PSEUDONYM_KEY has fewer than 32 characters; make one with: openssl rand -hex 32")
        dsn = value.get("FANOUT_BI_DSN")
        if dsn is not None and not _POSTGRESQL.fullmatch(dsn):
            raise SettingError(
                "FANOUT_BI_DSN is not a URL such as postgresql://loader:password@host:5432/database; "
                "percent-encode what is special in it: @ of a password is %40"
            )
        parquet = value.get("FANOUT_BI_PARQUET")
        bi_parquet = None if parquet is None else _folder("FANOUT_BI_PARQUET", parquet)
        others = (home / "published", home / "site", lake, str(landing))
        if bi_parquet is not None and any(bi_parquet.is_relative_to(other) for other in others):
            raise SettingError(
                f"FANOUT_BI_PARQUET={bi_parquet} lies among published versions, the site, the lake or the landing; "
                "choose another"
            )
        superset_url = value.get("FANOUT_SUPERSET_URL")
        if superset_url is not None and not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", superset_url):
            raise SettingError(
                "FANOUT_SUPERSET_URL is not an address such as http://127.0.0.1:8088; "
                "the login goes into FANOUT_SUPERSET_USER and FANOUT_SUPERSET_PASSWORD"
            )
        exports_url = value.get("FANOUT_EXPORTS_URL")
        if exports_url is not None and not re.fullmatch(r"https?://[^\s/@?#'\"<>]+(/[^\s@?#'\"<>]*)?", exports_url):
            raise SettingError("FANOUT_EXPORTS_URL is not an address such as https://files.example/exports, without a login")
        return cls(
            home=home,
            landing=landing,
            lake=lake,
            published_uri=published_uri,
            currency=currency,
            timezone=timezone,
            spark_master=master,
            spark_memory=memory["FANOUT_SPARK_MEMORY"],
            executor_memory=memory["FANOUT_EXECUTOR_MEMORY"],
            keep_versions=int(keep),
            keep_days=int(keep_days),
            keep_dead_hours=int(dead),
            rewrite_landing=rewrite == "yes",
            wait_minutes=int(wait),
            marts_by=_time("FANOUT_MARTS_BY", value.get("FANOUT_MARTS_BY", "06:00")),
            exports_by=_time("FANOUT_EXPORTS_BY", value.get("FANOUT_EXPORTS_BY", "08:00")),
            lineage_url=lineage_url,
            run_id=value.get("FANOUT_RUN_ID", "by hand"),
            schedule=schedule,
            expected_sources=expected_sources,
            executor_edges=int(edges),
            churn_capacity=int(capacity),
            churn_threshold=None if threshold is None else float(threshold),
            holdout_share=holdout_share,
            holdout_key=holdout_key,
            language=language,
            contact=value.get("FANOUT_CONTACT", ""),
            destinations=destinations,
            playbook=playbook,
            bi_parquet=bi_parquet,
            superset_url=superset_url,
            superset_user=value.get("FANOUT_SUPERSET_USER", "admin"),
            exports_url=None if exports_url is None else exports_url.rstrip("/"),
            superset_password=value.get("FANOUT_SUPERSET_PASSWORD"),
            bi_dsn=dsn,
            pseudonym_key=pseudonym_key,
        )


def read_secret(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """A secret among the settings, from the environment or from the file that it names; empty if it is not set.

    Raises:
        SettingError: it is given twice, or its file cannot be read.
    """
    given, file = environ.get(name, ""), environ.get(SECRET_FILES[name])
    if not file:
        return given
    if given:
        raise SettingError(f"{name} and {SECRET_FILES[name]} are both set; take one away")
    try:
        return Path(file).read_text().strip()
    except (OSError, ValueError) as error:
        raise SettingError(f"{SECRET_FILES[name]}={file} cannot be read: {error}") from None


def parse_as_of(text: str) -> date:
    """A business date written YYYY-MM-DD.

    Raises:
        SettingError: it is not one.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise SettingError(f"AS_OF={text} is not a date; write it YYYY-MM-DD")


def _is_text(text: str, may_have_lines: bool) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a byte of the environment that is not UTF-8
        return False
    return not re.search(r"\x00" if may_have_lines else r"[\x00-\x1f\x7f]", text)


def _landing(text: str) -> Path | ObjectPath:
    uri = _object_uri("FANOUT_LANDING", text)
    if uri is not None:
        return ObjectPath(uri)
    landing = _path("FANOUT_LANDING", text)
    if not landing.is_dir():
        raise SettingError(f"FANOUT_LANDING={landing} is not a folder; name the folder that holds shop/, group/, stream/")
    return landing


def _object_uri(name: str, text: str) -> str | None:
    """A place in an object store, without a slash at its end; None if the text names none."""
    if not text.startswith(SCHEME):
        return None
    uri = text.rstrip("/")
    if not can_be_read(uri):
        raise SettingError(
            f"{name}={text} is not s3://bucket/prefix: a bucket of 3 to 63 small letters, digits, hyphens and dots, "
            "a prefix of letters, digits and _=+@.~-"
        )
    return uri


def _among(uri: str, others: Mapping[str, str]) -> str | None:
    """The setting among others whose place lies in a URI, or holds it."""
    return next(
        (name for name, other in others.items() if f"{uri}/".startswith(f"{other}/") or other.startswith(f"{uri}/")), None
    )


def _path(name: str, text: str) -> Path:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", text):
        may = ", or s3://bucket/prefix" if name in _MAY_BE_OBJECTS else ""
        raise SettingError(f"{name}={text} is a URI, and nothing here reads or writes such a place; name a folder or file{may}")
    try:
        path = Path(text).expanduser().absolute()
        path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long, ~ of an unknown user
        raise SettingError(f"{name}={text} cannot be a path: {error}") from None
    return path


def _time(name: str, text: str) -> time | None:
    """A time of day; None for off."""
    if text == "off":
        return None
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise SettingError(f"{name}={text} is neither off nor a time of day such as 06:00")
    return time.fromisoformat(text)


def _folder(name: str, text: str) -> Path:
    """A folder that the platform writes, so Spark, Delta Lake and DuckDB must accept its path."""
    path = _path(name, text)
    if found := [character for character in _NOT_IN_A_PATH if character in str(path)]:
        raise SettingError(
            f"{name}={path} holds {' '.join(found)}, which has a meaning of its own to Spark, Delta Lake, DuckDB, dbt or GX; "
            "choose another folder"
        )
    if path.exists() and not path.is_dir():
        raise SettingError(f"{name}={path} is a file; name a folder")
    return path


def _is_cron(text: str) -> bool:
    """Whether Airflow accepts a cron expression and it ever comes due: in range, and not only on the 30th of February."""
    fields = [_cron_values(field, *limits) for field, limits in zip(text.split(" "), _CRON_FIELDS, strict=False)]
    if text.count(" ") != 4 or not all(fields):
        return False
    _, _, days, months, _ = fields
    return not text.endswith(" *") or any(day <= _DAYS_OF_MONTHS[month - 1] for day in days for month in months)


def _cron_values(field: str, lowest: int, highest: int, names: str) -> set[int]:
    """The values that a field of a cron expression names; none if it is wrong."""
    values: set[int] = set()
    for part in field.lower().split(","):
        for number, name in enumerate(names.split(), lowest):
            part = re.sub(rf"\b{name}\b", str(number), part)
        found = re.fullmatch(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?", part)
        if found is None:
            return set()
        first, last, step = (None if text is None else int(text) for text in found.groups())
        start = lowest if first is None else first
        end = last if last is not None else highest if step or first is None else first
        if step == 0 or not (lowest <= start <= highest and lowest <= end <= highest):
            return set()
        around = range(start, end + 1) if start <= end else [*range(start, highest + 1), *range(lowest, end + 1)]  # fri-mon
        values |= set(around[:: step or 1])
    return values
