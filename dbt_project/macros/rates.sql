{# A quotient as a double, null where the denominator is zero. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# Bounds of the 95 % Wilson score interval (Wilson 1927) of a rate; null if the denominator is 0. #}
{% macro wilson_lo(numerator, denominator) -%}
    {{ _wilson(numerator, denominator, "-") }}
{%- endmacro %}

{% macro wilson_hi(numerator, denominator) -%}
    {{ _wilson(numerator, denominator, "+") }}
{%- endmacro %}

{% macro _wilson(numerator, denominator, sign) -%}
    {%- set z2 = "3.841458820694124" -%}
    {%- set p = ratio(numerator, denominator) -%}
    {%- set n = "nullif(cast(" ~ denominator ~ " as double), 0)" -%}
    {#- exactly 0 or 1 if the rate is, without rounding errors -#}
    case
        when {{ p }} = {{ 0 if sign == "-" else 1 }} then {{ 0 if sign == "-" else 1 }}.0
        else
            ({{ p }} + {{ z2 }} / (2 * {{ n }})
            {{ sign }} sqrt({{ z2 }} * ({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z2 }} / (4 * {{ n }} * {{ n }}))))
            / (1 + {{ z2 }} / {{ n }})
    end
{%- endmacro %}

{#
    Bounds of the 95 % interval of the difference of two independent rates, by Newcombe (1998), method 10: from the rates and
    their Wilson bounds.
#}
{% macro newcombe_lo(rate, rate_lo, other, other_hi) -%}
    {{ rate }} - {{ other }} - sqrt(pow({{ rate }} - {{ rate_lo }}, 2) + pow({{ other_hi }} - {{ other }}, 2))
{%- endmacro %}

{% macro newcombe_hi(rate, rate_hi, other, other_lo) -%}
    {{ rate }} - {{ other }} + sqrt(pow({{ rate_hi }} - {{ rate }}, 2) + pow({{ other }} - {{ other_lo }}, 2))
{%- endmacro %}
