"""What leaves for others: mail, the platforms' feed, webhooks, and the HTTP client that looks at
addresses first.
"""
