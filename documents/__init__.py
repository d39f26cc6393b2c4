"""Reading pictures of documents: a picture in, the text and fields on it out.

Imports neither Django nor the database.
"""
