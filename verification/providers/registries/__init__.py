"""Company registers behind two protocols: those that return records, and those that confirm
values.
"""
