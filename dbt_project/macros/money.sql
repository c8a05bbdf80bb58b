{# Money in whole cents, and back; through wider decimals, since an amount may have 16 digits before the point. #}
{% macro to_cents(amount) -%}
    cast(cast({{ amount }} as decimal(20, 2)) * 100 as bigint)
{%- endmacro %}

{% macro from_cents(cents) -%}
    cast(cast({{ cents }} as decimal(20, 0)) * 0.01 as decimal(18, 2))
{%- endmacro %}

{#
    A sum of money as the marts publish it; null if it does not fit. Until then sums keep DuckDB's own type, decimal(38, 2),
    which no lake has enough lines to overflow.
#}
{% macro published_money(amount) -%}
    try_cast({{ amount }} as decimal(18, 2))
{%- endmacro %}

{# Whether all money moved, added up without sign, fits the marts; then every partial sum fits. #}
{% macro fits_the_marts(moved) -%}
    coalesce({{ moved }}, 0) < 1e16::decimal(38, 2)
{%- endmacro %}
