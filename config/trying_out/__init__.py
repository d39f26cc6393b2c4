"""Support for trying the product out on one's own machine."""
