{#
    The chance that a chi-square variable of one degree of freedom exceeds a value: erfc(√(x/2)), which DuckDB does not have. Small
    values by the power series of erf, the others by the trapezoid rule on (2/π)·∫ exp(−x(1+t²)/2)/(1+t²) dt over t from 0, whose
    error at these steps is below the last digit, so that tiny chances keep their digits.
#}
{% macro chi_square_tail(x) -%}
    case
        when {{ x }} < 4
            then 1 - sqrt(2 * {{ x }} / pi()) * list_sum(
                list_transform(range(30), lambda n: pow(-{{ x }} / 2, n) / (gamma(n + 1) * (2 * n + 1)))
            )
        else
            {%- set step = "least(0.1, 0.5 / sqrt(" ~ x ~ "))" %}
            2 / pi() * exp(-{{ x }} / 2) * {{ step }} * (
                0.5 + list_sum(
                    list_transform(
                        range(1, 60),
                        lambda n: exp(-{{ x }} * pow(n * {{ step }}, 2) / 2) / (1 + pow(n * {{ step }}, 2))
                    )
                )
            )
    end
{%- endmacro %}
