{#
    Ranks, from 1, of the order statistics that bound the median with 95 % confidence (normal approximation to the binomial;
    Conover 1999, 3.2).
#}
{% macro median_lo_rank(n) -%}
    greatest(cast(floor({{ n }} / 2 - 1.959963984540054 * sqrt({{ n }}) / 2) as bigint), 1)
{%- endmacro %}

{% macro median_hi_rank(n) -%}
    least(cast(ceil(1 + {{ n }} / 2 + 1.959963984540054 * sqrt({{ n }}) / 2) as bigint), {{ n }})
{%- endmacro %}
