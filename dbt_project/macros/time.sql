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

{# The business date of an instant in UTC. #}
{% macro business_date(instant) -%}
    cast(timezone('{{ var("timezone") }}', timezone('UTC', {{ instant }})) as date)
{%- endmacro %}
