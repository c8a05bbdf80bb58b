{# The band of a number of a chat group's people: those of the survival curves. #}
{% macro size_band(members) -%}
    case
        when {{ members }} >= 200 then '200+'
        when {{ members }} >= 100 then '100-199'
        when {{ members }} >= 50 then '50-99'
        when {{ members }} >= 15 then '15-49'
        when {{ members }} >= 1 then '1-14'
        else '0'
    end
{%- endmacro %}
