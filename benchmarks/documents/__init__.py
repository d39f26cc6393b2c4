"""Licences and other documents: how well and how fast they are read, and which forgeries
are found.
"""
