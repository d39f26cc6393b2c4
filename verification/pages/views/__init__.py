"""Views of the employer's pages, one module per noun. They only translate."""
