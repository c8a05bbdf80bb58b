{#
    The mean of the three or four values around a quartile of a sorted list, rounded to two significant digits. At least ten
    values are there, so neither the first nor the last one enters.
#}
{% macro middle_of(members, quartile) -%}
    {%- set place = "(1 + (len(" ~ members ~ ") - 1) * " ~ quartile ~ ")" -%}
    {%- set mean = "list_avg(" ~ members ~ "[cast(ceil(" ~ place ~ " - 1.5) as bigint):cast(floor(" ~ place ~ " + 1.5) as bigint)])" -%}
    if({{ mean }} = 0, 0, round({{ mean }}, cast(1 - floor(log10(abs({{ mean }}))) as integer)))
{%- endmacro %}
