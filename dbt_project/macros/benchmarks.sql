{# A quartile of a sorted list, one of its values and no mean, to two significant digits. #}
{% macro rounded_quartile(members, quartile) -%}
    {%- set value = members ~ "[cast(ceil(len(" ~ members ~ ") * " ~ quartile ~ ") as bigint)]" -%}
    if({{ value }} = 0, 0, round({{ value }}, cast(1 - floor(log10(abs({{ value }}))) as integer)))
{%- endmacro %}
