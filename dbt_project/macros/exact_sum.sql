{# The sum of doubles as one of decimals: it is the same in every order of its terms, and takes no sorting, for which DuckDB holds
some 16 kB for each group of more than 32 terms that it cannot spill. For terms below 10²⁰ of which 10⁻¹⁸ does not matter. #}
{% macro exact_sum(term) -%}
    cast(sum(cast({{ term }} as decimal(38, 18))) as double)
{%- endmacro %}
