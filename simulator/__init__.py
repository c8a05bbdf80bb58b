"""A coherent little platform of social commerce that writes landing files, with its planted truth beside them."""
