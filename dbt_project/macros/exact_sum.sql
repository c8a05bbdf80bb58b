{# The sum of doubles as one of decimals: it is the same in every order of its terms, and takes no sorting, for which DuckDB holds
some 16 kB for each group of more than 32 terms that it cannot spill. For finite terms whose sums stay below 10²⁰, and of which
neither the last digit nor 10⁻¹⁸ matters. #}
{% macro exact_sum(term) -%}
    cast(sum(cast({{ term }} as decimal(38, 18))) as double)
{%- endmacro %}
