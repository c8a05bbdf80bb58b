{# Money in whole cents, and back; by way of wider decimals, since an amount may have 16 digits before the point. #}
{% macro to_cents(amount) -%}
    cast(cast({{ amount }} as decimal(20, 2)) * 100 as bigint)
{%- endmacro %}

{% macro from_cents(cents) -%}
    cast(cast({{ cents }} as decimal(20, 0)) * 0.01 as decimal(18, 2))
{%- endmacro %}

{#
    A sum of money as the marts publish it; null where it has more digits. Sums are kept as DuckDB makes them, decimal(38, 2),
    until a mart publishes them: no lake has as many lines as it takes to leave that.
#}
{% macro published_money(amount) -%}
    try_cast({{ amount }} as decimal(18, 2))
{%- endmacro %}

{# Whether money that was moved in all, added up without sign, fits the marts: then every sum of some of it fits. #}
{% macro fits_the_marts(moved) -%}
    coalesce({{ moved }}, 0) < 1e16::decimal(38, 2)
{%- endmacro %}
