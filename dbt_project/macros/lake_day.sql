{#
    The rows of as_of in a derived table of the lake. A table that no Spark job has written yet is empty, with the columns and
    types that the source declares.
#}
{% macro lake_day(source_name, table_name) -%}
    {%- set node = graph.sources.values() | selectattr("source_name", "equalto", source_name)
        | selectattr("name", "equalto", table_name) | first if execute -%}
    {%- set log = var("lake") ~ "/" ~ table_name ~ "/_delta_log/*.json" -%}
    {%- if not execute or run_query("select 1 from glob('" ~ log ~ "') limit 1") -%}
    (select * from {{ source(source_name, table_name) }} where as_of = {{ as_of() }})
    {%- else -%}
        {%- do exceptions.warn("the lake has no table " ~ table_name ~ "; its marts are empty") -%}
    (
        select
        {%- for column in node.columns.values() %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
        where false
    )
    {%- endif -%}
{%- endmacro %}
