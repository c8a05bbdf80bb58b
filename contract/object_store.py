"""How an object store is reached, for everything that reads it: Spark, delta-rs, pyarrow and DuckDB.

The environment says it in the words that tools of AWS know (`VARIABLES`), or a connection of Airflow that FANOUT_S3_CONNECTION
names, which then counts alone: login and password are the keys; `endpoint_url`, `region_name`, `addressing_style` and
`session_token` stand in its extra. Where there are no keys, each library finds the machine's role by itself.

Keys stand in the memory of processes and in their environment: in no argument, no log, no file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from contract.connections import connection
from contract.machine import load_extension
from contract.setting_error import SettingError
from contract.sql import literal

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

SCHEME = "s3://"
VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_CA_BUNDLE",
)
_REGION = "us-east-1"
# A store that restarts is there again within a minute.
_ATTEMPTS = 10
_DELTA_RETRIES = {"max_retries": "10", "backoff_config.init_backoff": "1s", "backoff_config.max_backoff": "10s"}
_CONNECT_SECONDS = 10


class Places(Protocol):
    """Where a deployment reads and writes: its settings."""

    @property
    def landing(self) -> object: ...

    @property
    def lake(self) -> str: ...

    @property
    def published_uri(self) -> str | None: ...


class StoreGone(RuntimeError):
    """The object store does not answer; the message names it and says what to do."""


@dataclass(frozen=True)
class Access:
    """How the store is reached.

    Attributes:
        endpoint: URL of the store, empty for AWS itself.
        by_path: whether the bucket stands in the path of a URL, and not in the name of its host.
        ca_bundle: PEM file of the authorities whose certificates are trusted, empty for the system's.
    """

    endpoint: str = ""
    region: str = _REGION
    by_path: bool = False
    ca_bundle: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Access:
        """Read how the store is reached.

        Raises:
            SettingError: something is missing or impossible. The message holds no secret.
        """
        if name := environ.get("FANOUT_S3_CONNECTION"):
            found = connection(name, environ)
            key, secret, token = found.login or "", found.password or "", found.extra.get("session_token", "")
            endpoint, region = found.extra.get("endpoint_url", ""), found.extra.get("region_name")
            is_virtual = found.extra.get("addressing_style", "path" if endpoint else "virtual") == "virtual"
        else:
            key, secret, token, endpoint, region, virtual, _ = (environ.get(variable, "") for variable in VARIABLES)
            region = region or environ.get("AWS_DEFAULT_REGION")
            is_virtual = virtual.lower() == "true" if virtual else not endpoint
        if bool(key) != bool(secret):
            raise SettingError("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY one is set, the other is not; set both or none")
        parts = urlsplit(endpoint)
        if endpoint and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
            raise SettingError("AWS_ENDPOINT_URL is not the address of an object store such as https://store.example:9000")
        ca_bundle = environ.get("AWS_CA_BUNDLE", "")
        if ca_bundle and not os.path.isfile(ca_bundle):
            raise SettingError(f"AWS_CA_BUNDLE={ca_bundle} is not a file; name the certificate of the store's authority")
        return cls(endpoint.rstrip("/"), region or _REGION, not is_virtual, ca_bundle, key, secret, token)

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc

    @property
    def is_encrypted(self) -> bool:
        return not self.endpoint.startswith("http://")

    def environment(self) -> dict[str, str]:
        """The variables by which a process elsewhere, such as a Python worker of an executor, reads the same."""
        values = (
            *(self.key, self.secret, self.token, self.endpoint, self.region),
            *("false" if self.by_path else "true", self.ca_bundle),
        )
        return {name: text for name, text in zip(VARIABLES, values, strict=True) if text}

    def delta_options(self) -> dict[str, str]:
        """What delta-rs takes as `storage_options`: two writers of one version of a table exclude each other."""
        options = {
            "aws_access_key_id": self.key,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.token,
            "aws_endpoint_url": self.endpoint,
            "aws_region": self.region,
            "aws_virtual_hosted_style_request": "false" if self.by_path else "true",
            "aws_allow_http": "false" if self.is_encrypted else "true",
            "aws_conditional_put": "etag",
            **_DELTA_RETRIES,
        }
        return {name: text for name, text in options.items() if text}

    def spark_conf(self) -> dict[str, str]:
        """What Spark is started with; it stands in the list of processes, so `spark_secrets` come later."""
        conf = {
            "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "spark.hadoop.fs.s3a.endpoint": self.endpoint,
            "spark.hadoop.fs.s3a.endpoint.region": self.region,
            "spark.hadoop.fs.s3a.path.style.access": "true" if self.by_path else "false",
        }
        return {name: text for name, text in conf.items() if text}

    def spark_secrets(self) -> dict[str, str]:
        """Hadoop's configuration of the keys, which reaches the executors with each job."""
        if not self.key:
            return {}
        keys = {"fs.s3a.access.key": self.key, "fs.s3a.secret.key": self.secret}
        if not self.token:
            return keys
        temporary = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"
        return keys | {"fs.s3a.session.token": self.token, "fs.s3a.aws.credentials.provider": temporary}

    def duckdb_secret(self) -> str:
        """The statement that makes DuckDB's secret."""
        known = {
            "key_id": self.key,
            "secret": self.secret,
            "session_token": self.token,
            "endpoint": self.host,
            "region": self.region,
            "url_style": "path" if self.by_path else "vhost",
        }
        told = [f"{name} {literal(text)}" for name, text in known.items() if text]
        if not self.key:
            told.append("provider credential_chain")
        use_ssl = "true" if self.is_encrypted else "false"
        return f"create or replace secret fanout (type s3, {', '.join(told)}, use_ssl {use_ssl})"

    def filesystem(self, attempts: int) -> S3FileSystem:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

        return S3FileSystem(
            access_key=self.key or None,
            secret_key=self.secret or None,
            session_token=self.token or None,
            region=self.region,
            endpoint_override=self.host or None,
            scheme="https" if self.is_encrypted else "http",
            force_virtual_addressing=not self.by_path,
            tls_ca_file_path=self.ca_bundle or None,
            connect_timeout=_CONNECT_SECONDS,
            retry_strategy=AwsStandardS3RetryStrategy(max_attempts=attempts),
        )


def is_uri(place: object) -> bool:
    return str(place).startswith(SCHEME)


@cache
def access() -> Access:
    """How this process reaches the store."""
    found = Access.from_environment()
    if found.ca_bundle:
        os.environ["SSL_CERT_FILE"] = found.ca_bundle  # delta-rs, and DuckDB's extension made of it, read no other
    return found


@cache
def filesystem() -> S3FileSystem:
    """The store as pyarrow reads it."""
    return access().filesystem(_ATTEMPTS)


def delta_options(uri: str) -> dict[str, str] | None:
    """The `storage_options` of a Delta table."""
    return access().delta_options() if is_uri(uri) else None


def duckdb_statements(place: str) -> list[str]:
    """What a connection of DuckDB has to run before it reads a place; nothing for a folder."""
    if not is_uri(place):
        return []
    found = access()
    trust = [f"set global ca_cert_file = {literal(found.ca_bundle)}"] if found.ca_bundle else []
    patient = ["set global http_retries = 10", "set global enable_http_metadata_cache = true"]  # a data file never changes
    return [load_extension("httpfs"), load_extension("aws"), *trust, *patient, found.duckdb_secret()]


@contextmanager
def named(settings: Places) -> Iterator[None]:
    """Whatever fails inside while the object store does not answer, fails for this reason.

    Raises:
        StoreGone: in place of any other error.
    """
    try:
        yield
    except Exception as error:
        if reason := gone(settings):
            raise StoreGone(reason) from error
        raise


def gone(settings: Places) -> str | None:
    """Why the store cannot be used now, in a sentence; None if it answers, or nothing lies in one."""
    from pyarrow.fs import FileType

    places = (str(settings.landing), settings.lake, settings.published_uri or "")
    for uri in dict.fromkeys(filter(is_uri, places)):
        found, bucket = access(), uri.removeprefix(SCHEME).partition("/")[0]
        where = f"the object store {found.endpoint or f'of AWS in {found.region}'}"
        try:
            if found.filesystem(attempts=2).get_file_info(bucket).type is FileType.NotFound:
                return f"{where} has no bucket {bucket}; make it, or correct {uri}"
        except OSError as error:
            return (
                f"{where} does not answer for bucket {bucket} ({error}); nothing half-made counts: "
                "run again once it is there (docs/runbooks/object_store.md)"
            )
    return None
