"""Adapters to outside services: banks, the electronic licence, and company registers."""
