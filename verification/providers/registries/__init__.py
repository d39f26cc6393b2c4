"""What does the company register say?

Registers behind two protocols: the record, and what agrees with it.
"""
