"""The check of agencies: their licence, and the letters of their clients."""
