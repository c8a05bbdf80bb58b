"""
### The marts: built, checked, published

`dbt build` makes the marts of the partition key in a work file, and the gate checks keys, ranges and sums across them. What
passes becomes a new version under `FANOUT_HOME/published/`, and `current` moves to it in one step. If the gate refuses,
`current` stays where it was.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, MARTS, MODELS, Tag, after, command, page

with DAG("build_marts", schedule=after(MODELS), tags={Tag.TIER_1, Tag.MARTS}, doc_md=page(__doc__), **DEFAULTS):
    build = command("build", 'dbt_project.build --as-of "$AS_OF"')
    gate = command("gate", 'expectations.gate publication --as-of "$AS_OF"')
    publish = command("publish", 'publication --as-of "$AS_OF"', outlets=[MARTS])
    build >> gate >> publish
