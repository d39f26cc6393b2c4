"""Sign-in security: throttles, lockouts, second factors, console sessions."""
