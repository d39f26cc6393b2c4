"""Reads the papers besides the licence: authorisation letters and human resources service
licences.
"""
