"""Archive the classes that jobs load, at set-up, so that later JVMs map them in instead of loading and verifying each.

    python -m spark_jobs.class_archive

Java's class-data sharing (JEP 350), recorded during one small load. It saves each job some seven seconds of processor time. A
JVM that the archive does not fit, for instance of another version, ignores it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pyspark import SparkContext

from contract.settings import Settings
from spark_jobs.engine.session import CLASS_ARCHIVE, SMALL_CONF, spark_session
from spark_jobs.ingest.job import ingest

_LONGEST = 300  # seconds for the JVM to write the archive


def archive_classes() -> None:
    """Load a few lines with a JVM that writes `CLASS_ARCHIVE` when it ends.

    Raises:
        subprocess.TimeoutExpired: the JVM does not end.
    """
    CLASS_ARCHIVE.unlink(missing_ok=True)
    options = SMALL_CONF["spark.driver.extraJavaOptions"].replace("-XX:SharedArchiveFile", "-XX:ArchiveClassesAtExit")
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        day = landing / "shop" / "dt=2026-01-02"
        day.mkdir(parents=True)
        (day / "orders.jsonl").write_text("".join(f"{line}\n" for line in _lines()))
        settings = Settings.from_environment({"FANOUT_HOME": folder, "FANOUT_LANDING": str(landing)})
        spark = spark_session("class_archive", settings, rows=0, spark_driver_extraJavaOptions=options)
        ingest(spark, settings, "shop")
        gateway = SparkContext._gateway
        assert gateway is not None
        spark.stop()
        jvm = gateway.proc
        gateway.shutdown()
        jvm.stdin.close()
        jvm.wait(_LONGEST)


def _lines() -> list[str]:
    """An order, its copy, a conflicting copy, and a line that is none."""
    orders = []
    for amount in ("1.00", "1.00", "2.00"):
        data = {"merchant_id": "m", "order_id": "o", "user_id": "u", "amount": amount, "currency": "CNY"}
        envelope = {
            "specversion": "1.0",
            "id": "o",
            "source": "s",
            "type": "shop.order_paid.v1",
            "time": "2026-01-01T00:00:00Z",
        }
        orders.append(json.dumps(envelope | {"data": data}))
    return [*orders, "{"]


if __name__ == "__main__":
    archive_classes()
    if not CLASS_ARCHIVE.exists():
        print("this JVM writes no class archive; jobs start as well without, some seconds slower", file=sys.stderr)
