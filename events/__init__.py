"""What happened?

The append-only record, the words for reasons and errors, and the rows that are queues.
"""
