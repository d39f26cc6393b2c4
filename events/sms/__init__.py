"""Text messages: the texts, the numbers they go to, and the providers that send them."""
