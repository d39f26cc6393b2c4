"""Turns the lines of text on a page into columns, labels and values, for any kind of document."""
