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
