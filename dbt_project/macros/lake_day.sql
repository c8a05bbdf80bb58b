{#
    The rows of as_of in a derived table of the lake. A table that no Spark job has written yet is empty, with the columns and
    types that the source declares.
#}
{% macro lake_day(source_name, table_name) -%}
    {{ _lake_rows(source_name, table_name, "=") }}
{%- endmacro %}

{# The rows of as_of and of all days before it that were run and are still there, with the column as_of. #}
{% macro lake_days(source_name, table_name) -%}
    {{ _lake_rows(source_name, table_name, "<=") }}
{%- endmacro %}

{% macro _lake_rows(source_name, table_name, comparison) -%}
    {%- set node = graph.sources.values() | selectattr("source_name", "equalto", source_name)
        | selectattr("name", "equalto", table_name) | first if execute -%}
    {%- set log = var("lake") ~ "/" ~ table_name ~ "/_delta_log/*.json" -%}
    {%- if not execute or run_query("select 1 from glob('" ~ log ~ "') limit 1") -%}
    (select * from {{ source(source_name, table_name) }} where as_of {{ comparison }} {{ as_of() }})
    {%- else -%}
        {%- do exceptions.warn("the lake has no table " ~ table_name ~ "; its marts are empty") -%}
    (
        select
        {%- for column in node.columns.values() %}
            cast(null as {{ column.data_type }}) as {{ column.name }},
        {%- endfor %}
            cast(null as date) as as_of
        where false
    )
    {%- endif -%}
{%- endmacro %}
