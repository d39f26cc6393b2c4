"""Licences and other documents: quality and speed of reading, and forgeries found."""
