{# The first instant after as_of, in UTC: passed in, since libraries read a local midnight that comes twice differently. #}
{% macro end_of_as_of() -%}
    timestamp '{{ var("end_of_as_of") }}'
{%- endmacro %}

{% macro as_of() -%}
    date '{{ var("as_of") }}'
{%- endmacro %}

{# A month as people write it: 2026-03. #}
{% macro month_of(day) -%}
    strftime({{ day }}, '%Y-%m')
{%- endmacro %}

{% macro seconds_between(from_time, to_time) -%}
    date_diff('microsecond', {{ from_time }}, {{ to_time }}) / 1e6
{%- endmacro %}

{# Days of 24 hours from one instant to another, cut down. #}
{% macro whole_days(from_time, to_time) -%}
    date_diff('microsecond', {{ from_time }}, {{ to_time }}) // 86400000000
{%- endmacro %}

{# What the clocks of the business show at an instant in UTC. #}
{% macro local_time(instant) -%}
    timezone('{{ var("timezone") }}', timezone('UTC', {{ instant }}))
{%- endmacro %}

{# The business date of an instant in UTC. #}
{% macro business_date(instant) -%}
    cast({{ local_time(instant) }} as date)
{%- endmacro %}

{# The business date of the last moment before an instant: the day before, if the instant is midnight. #}
{% macro last_date_before(instant) -%}
    {{ business_date(instant ~ " - interval 1 microsecond") }}
{%- endmacro %}

{# Whether something lies before an end, which is null where it has not come. One comparison: with an `or` in a left join DuckDB
compares every row with every other. #}
{% macro is_before_end(at, end) -%}
    {{ at }} < coalesce({{ end }}, '9999-12-31')
{%- endmacro %}
