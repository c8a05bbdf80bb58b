{#
    The logarithmic mean L(a, b) = (a − b) / ln(a / b) of two numbers ≥ 0: a if they are equal, 0 if one is 0. Where they are close,
    the first terms of its series, since the difference and the logarithm would lose the same digits.
#}
{% macro logarithmic_mean(a, b) -%}
    case
        when least({{ a }}, {{ b }}) = 0 then 0.0
        when abs({{ a }} - {{ b }}) < 1e-3 * ({{ a }} + {{ b }})
            then
                ({{ a }} + {{ b }}) / 2
                / (
                    1
                    + pow(({{ a }} - {{ b }}) / ({{ a }} + {{ b }}), 2) / 3
                    + pow(({{ a }} - {{ b }}) / ({{ a }} + {{ b }}), 4) / 5
                )
        else ({{ a }} - {{ b }}) / ln({{ a }} / {{ b }})
    end
{%- endmacro %}
