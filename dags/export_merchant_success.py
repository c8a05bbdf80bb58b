"""
### What each merchant gets

Reads the published marts of the partition key and writes the files of every merchant and account manager, with a manifest,
under `FANOUT_HOME/exports/<as_of>/`. No file holds a row of another merchant. Delivers them, and tells the account managers, as
the file of `FANOUT_DESTINATIONS` says.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, MARTS, MERCHANT_SUCCESS_EXPORTS, Tag, after, command, page

with DAG("export_merchant_success", schedule=after(MARTS), tags={Tag.TIER_2, Tag.EXPORTS}, doc_md=page(__doc__), **DEFAULTS):
    command("export", 'exports --as-of "$AS_OF"', outlets=[MERCHANT_SUCCESS_EXPORTS])
