{# The windows around a push, in microseconds, and the minute between two moments that it is compared with. #}
{% macro window_microseconds() -%}
    300000000
{%- endmacro %}

{% macro minute_microseconds() -%}
    60000000
{%- endmacro %}

{# What came after a moment beyond the pace per viewer of the time before; null if nobody was there before. #}
{% macro beyond_pace(before, after, watched_before, watched_after) -%}
    cast({{ after }} as double) - {{ before }} * cast({{ watched_after }} as double) / nullif(cast({{ watched_before }} as double), 0)
{%- endmacro %}

{# How many of the minutes from 0 to this one lie in tens of even number: 0 to 9, 20 to 29, … #}
{% macro even_minutes_to(minute) -%}
    (({{ minute }} + 1) // 20 * 10 + least(({{ minute }} + 1) % 20, 10))
{%- endmacro %}

{#
    The interpolated quantile of values that each stand for several members, in an aggregate over a table that has beside them how
    many members there are up to each value, and in all.
#}
{% macro counted_quantile(value, up_to, members, quantile) -%}
    {%- set rank = "(" ~ members ~ " - 1) * " ~ quantile -%}
    {%- set low = "min(" ~ value ~ ") filter (where " ~ up_to ~ " > floor(" ~ rank ~ "))" -%}
    {%- set high = "min(" ~ value ~ ") filter (where " ~ up_to ~ " > ceil(" ~ rank ~ "))" -%}
    {%- set highest = "(max(" ~ members ~ ") - 1) * " ~ quantile -%}
    {{ low }} + ({{ high }} - {{ low }}) * ({{ highest }} - floor({{ highest }}))
{%- endmacro %}
