"""The services outside that are asked: banks, the electronic licence, company registers."""
