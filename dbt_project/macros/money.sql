{# Money in whole cents, and back; by way of wider decimals, since an amount may have 16 digits before the point. #}
{% macro to_cents(amount) -%}
    cast(cast({{ amount }} as decimal(20, 2)) * 100 as bigint)
{%- endmacro %}

{% macro from_cents(cents) -%}
    cast(cast({{ cents }} as decimal(20, 0)) * 0.01 as decimal(18, 2))
{%- endmacro %}
