{#
    A build writes a new file, where nothing has to be moved out of the way and put back if a model fails. So a model is made under
    its own name: dbt-duckdb's own materializations make it under another, rename it, and look for what they would have to drop.
#}
{% materialization table, adapter="duckdb", supported_languages=["sql", "python"] %}
    {%- set relation = this.incorporate(type="table") -%}
    {% do drop_relation_if_exists(load_cached_relation(this)) %}
    {% call statement("main", language=model["language"]) -%}
        {{ create_table_as(False, relation, compiled_code, model["language"]) }}
    {%- endcall %}
    {% do persist_docs(relation, model) %}
    {% do adapter.commit() %}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb" %}
    {%- set relation = this.incorporate(type="view") -%}
    {% do drop_relation_if_exists(load_cached_relation(this)) %}
    {% call statement("main") -%}
        {{ get_create_view_as_sql(relation, compiled_code) }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}

{# What a mart and its columns are, in one statement. Its contract holds that these are its columns, so nobody asks which it has. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {% if config.persist_relation_docs() and config.persist_column_docs() -%}
        {% do run_query(
            alter_relation_comment(relation, model.description) ~ _column_comments(relation, model.columns.values())
        ) %}
    {%- endif %}
{%- endmacro %}

{% macro _column_comments(relation, columns) -%}
    {%- for column in columns %}
        comment on column {{ relation }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{%- endmacro %}
