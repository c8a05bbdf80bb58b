{#
    Columns of fields that the contract declares and an event table of the lake has not yet, since no ingest has run after they were
    declared: null until then.
#}
{% macro late_fields(table) -%}
    {%- set late = var("late_fields", {}) -%}
    {%- if late is mapping -%}
        {%- for name, type in late.get(table, {}).items() %}, cast(null as {{ type }}) as {{ name }}{% endfor -%}
    {%- endif -%}
{%- endmacro %}
