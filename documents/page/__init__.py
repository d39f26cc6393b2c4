"""Turns lines of text on a page into columns, labels and values, whatever the paper."""
