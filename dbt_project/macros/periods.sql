{# The periods in which a date lies, by their first days. A week begins on Monday. #}
{% macro period_starts(date) -%}
    {{ date }} as day,
        cast(date_trunc('week', {{ date }}) as date) as week,
        cast(date_trunc('month', {{ date }}) as date) as month
{%- endmacro %}

{# Groups rows that have `period_starts` by merchant and each of these periods, and by each of the parts; '' is no part. sqlfluff's
   DuckDB knows no grouping sets. #}
{% macro by_period(parts=['']) -%}
    grouping sets (
        {%- for period in ['day', 'week', 'month'] %}
        {%- set outer = loop %}
        {%- for part in parts %}
            (merchant_id, {{ period }}{{ ", " ~ part if part }}){{ "," if not (outer.last and loop.last) }}
        {%- endfor %}
        {%- endfor %}
        )
{%- endmacro %}

{# Which period a row of these groups is of. #}
{% macro period_of_group() -%}
    case when grouping(day) = 0 then 'day' when grouping(week) = 0 then 'week' else 'month' end as period,
        coalesce(day, week, month) as period_start
{%- endmacro %}
